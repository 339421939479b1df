//! The one way rows are changed: look, decide, write if nobody else wrote meanwhile, else look again.

use super::{Expected, Ledger, LedgerError, Put, Row};
use crate::{message::RowKey, random::Random};

/// What a decision about a row comes to.
#[derive(Debug)]
pub enum Change<T> {
    /// Leave the row as it is.
    Keep(T),
    /// Store this row.
    Write(Box<Row>, T),
}

/// What the caller believes to be stored. A wrong guess costs one failed condition, a right one saves a read.
#[derive(Clone, Debug)]
pub enum Guess {
    /// Nothing known: read first.
    Unknown,
    /// Probably no row: a subject seen for the first time.
    Absent,
    /// Probably this row: the caller wrote it a moment ago.
    Row(Box<Row>),
}

/// More writers than this on one subject at the same time is a fault.
const TRIES: usize = 10;

/// Changes one row. `decide` sees the row as stored and may be asked again when another writer was quicker; it sets
/// neither `version` nor `write`. Returns the row as it now is, and what was decided.
///
/// # Errors
/// The ledger is not available; nothing is known about the last write.
pub async fn update<T>(
    ledger: &dyn Ledger,
    random: &dyn Random,
    key: &RowKey,
    guess: Guess,
    mut decide: impl FnMut(Option<&Row>) -> Change<T>,
) -> Result<(Option<Row>, T), LedgerError> {
    let mut stored = match guess {
        Guess::Unknown => ledger.get(key).await?,
        Guess::Absent => None,
        Guess::Row(row) => Some(*row),
    };
    for _ in 0..TRIES {
        let (mut row, decided) = match decide(stored.as_ref()) {
            Change::Keep(decided) => return Ok((stored, decided)),
            Change::Write(row, decided) => (row, decided),
        };
        let expected = stored.as_ref().map_or(Expected::Absent, |row| Expected::Version(row.version));
        row.version = stored.as_ref().map_or(0, |row| row.version) + 1;
        row.write = format!("{:016x}", random.next());
        match ledger.put(&row, expected).await? {
            Put::Stored => return Ok((Some(*row), decided)),
            Put::Conflict(other) => stored = other.map(|row| *row),
        }
    }
    Err(LedgerError(format!("{key} is written by too many at once")))
}
