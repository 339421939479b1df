//! The rows that letters belong to. A letter's message names one; what a decision about consent or a fetched order ended
//! in may stand in others.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Letter, Surroundings};
use crate::{
    ledger::{self, Change, Guess, Ledger, LedgerError, Purpose, Row, dead},
    message::RowKey,
};

/// The most rows that need a person that are looked at.
const MOST: usize = 100_000;

/// Rows that call a person because of a letter, by the letter's event.
#[derive(Default)]
pub(super) struct Rows(HashMap<String, Vec<RowKey>>);

impl Rows {
    pub(super) async fn load(ledger: &dyn Ledger) -> Result<Self, LedgerError> {
        let mut rows: HashMap<String, Vec<RowKey>> = HashMap::new();
        for row in ledger.due(Purpose::Attention, Timestamp::MAX, MOST).await? {
            if let Some(event_id) = row.letter {
                rows.entry(event_id).or_default().push(row.key);
            }
        }
        Ok(Self(rows))
    }

    /// The letter's rows as they are now, those that it has anything to do with.
    pub(super) async fn of(&self, ledger: &dyn Ledger, letter: &Letter) -> Result<Vec<Row>, LedgerError> {
        let Some(about) = &letter.about else { return Ok(Vec::new()) };
        let is_ours = |key: &&RowKey| key.shop == letter.shop && Some(*key) != about.row.as_ref();
        let others = self.0.get(&about.event_id).into_iter().flatten().filter(is_ours);
        let mut rows = Vec::new();
        for key in about.row.iter().chain(others) {
            rows.extend(ledger.get(key).await?.filter(|row| row.has_letter(&about.event_id)));
        }
        Ok(rows)
    }

    /// Whether there were rows that called a person because of this event's letter. They need nobody any more.
    pub(super) async fn settle(&self, at: &Surroundings<'_>, event_id: &str) -> Result<bool, LedgerError> {
        let Some(keys) = self.0.get(event_id) else { return Ok(false) };
        for key in keys {
            if let Some(row) = at.ledger.get(key).await? {
                note(at, row, |row| dead::dropped(row, event_id)).await?;
            }
        }
        Ok(true)
    }
}

/// Changes a row, if it is still as it was when it was looked at.
pub(super) async fn note(
    at: &Surroundings<'_>,
    seen: Row,
    next: impl Fn(Row) -> Option<Row>,
) -> Result<(), LedgerError> {
    let (key, version) = (seen.key.clone(), seen.version);
    let decide = |stored: Option<&Row>| {
        let row = stored.filter(|row| row.version == version).and_then(|row| next(row.clone()));
        row.map_or(Change::Keep(()), |row| Change::Write(Box::new(row), ()))
    };
    ledger::update(at.ledger, at.random, &key, Guess::Row(Box::new(seen)), decide).await.map(drop)
}
