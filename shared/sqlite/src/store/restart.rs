//! Puts right what the last process left in hand when it ended.
//!
//! Which messages are in flight is kept in memory only, so a new process sees all of them; leases are in the rows.

use jiff::Timestamp;
use relay::{
    alarm::Alarm,
    ledger::{Row, State, transition},
};
use rusqlite::{Connection, Transaction};

use super::OpenError;
use crate::ledger::store_row;

pub(crate) const IN_HAND: &str = "SELECT row FROM ledger WHERE in_hand = 1";

/// Frees every row that is leased or announced an irrevocable call. The directory is locked: nobody is working.
pub(super) fn void_leases(connection: &mut Connection, now: Timestamp) -> Result<(), OpenError> {
    let transaction = connection.transaction()?;
    let in_hand = in_hand(&transaction)?;
    let in_company = in_hand.len() > 1;
    for text in in_hand {
        let row: Row = serde_json::from_str(&text)
            .map_err(|error| OpenError::Database(format!("a row of the ledger cannot be read: {error}")))?;
        let version = row.version + 1;
        let freed = Row { version, write: format!("restart-{version}"), ..transition::restart(row, in_company, now) };
        store_row(&transaction, &freed)?;
        if freed.state == State::OutcomeUnknown {
            let detail = "its worker vanished during the call";
            tracing::error!(alarm = %Alarm::OutcomeUnknown, row = %freed.key, detail, "a person is needed");
        }
    }
    Ok(transaction.commit()?)
}

fn in_hand(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    transaction.prepare(IN_HAND)?.query_map((), |row| row.get(0))?.collect()
}
