//! Tells of a shop that was not heard of for longer than it should be silent.

use jiff::Timestamp;

use super::WakeError;
use crate::{
    alarm::Alarm,
    ledger::{self, Change, Guess, Row, connection},
    ports::Ports,
};

/// Calls somebody, once for each silence; dying in between, twice. The index may not know yet that the shop was heard of, so
/// the row is read.
pub(super) async fn tell(ports: &Ports, found: &Row, now: Timestamp) -> Result<(), WakeError> {
    let Some(row) = ports.ledger.get(&found.key).await?.filter(|row| connection::silent(row, now)) else {
        return Ok(());
    };
    let shop = row.key.shop.as_ref().map(ToString::to_string);
    tracing::error!(alarm = %Alarm::ShopSilent, shop, "no webhook came for as long as silent_after_hours says");
    let decide = |stored: Option<&Row>| match stored {
        Some(stored) if connection::silent(stored, now) => {
            Change::Write(Box::new(connection::told_silent(stored.clone(), now)), ())
        }
        _ => Change::Keep(()),
    };
    let guess = Guess::Row(Box::new(row.clone()));
    ledger::update(&*ports.ledger, &*ports.random, &row.key, guess, decide).await?;
    Ok(())
}
