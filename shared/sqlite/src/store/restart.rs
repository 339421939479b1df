//! Puts right what the last process left in hand when it ended.
//!
//! Which messages are in flight is kept in memory only, so a new process sees all of them; leases are in the rows.

use jiff::Timestamp;
use relay::{
    alarm::Alarm,
    ledger::{Row, State, transition},
    message::Kind,
};
use rusqlite::{Connection, Transaction};

use super::OpenError;
use crate::ledger::store_row;

pub(crate) const IN_HAND: &str = "SELECT row FROM ledger WHERE in_hand = 1";

/// Frees every row that is leased or announced an irrevocable call. The directory is locked: nobody is working.
pub(super) fn void_leases(connection: &mut Connection, now: Timestamp) -> Result<(), OpenError> {
    let transaction = connection.transaction()?;
    let in_hand = in_hand(&transaction)?;
    let read = |text: &String| serde_json::from_str(text);
    let rows: Vec<Row> = in_hand
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|error| OpenError::Database(format!("a row of the ledger cannot be read: {error}")))?;
    // A chunk is in hand beside its promotion, for the same event.
    let in_company = rows.iter().filter(|row| row.key.kind != Kind::Chunk).count() > 1;
    for row in rows {
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
