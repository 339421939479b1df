//! The ledger: one row a subject, holding what was delivered last and what is going on now.
//!
//! Every rule about rows is a pure function over [`Row`] (see [`transition`]); the port only stores rows, and stores a
//! row only if nobody else changed it meanwhile. So both hosts follow the same rules by construction.

use jiff::Timestamp;

use crate::{Async, message::RowKey};

pub mod callback;
pub mod chunk;
pub mod connection;
pub mod dead;
mod departure;
mod meddled;
mod memory;
mod redo;
mod resolve;
mod row;
pub mod transition;
mod write;

pub use departure::Departure;
pub use meddled::{Meddled, Meddler};
pub use memory::MemoryLedger;
pub use redo::{Redo, forget_delivered};
pub use resolve::{Finding, Resolution, Unfit, resolve};
pub use row::{
    Attempts, Attention, CallbackStatus, Callbacks, Connection, Consent, Due, Fault, LastError, Lease, Matter, Outage,
    Owed, PendingPromotion, Plan, Poll, Purpose, Row, State, Steps,
};
pub use write::{Change, Guess, update};

/// Storage for rows and for the content of waiting promotions.
pub trait Ledger: Send + Sync {
    /// The row as it is now (consistent read).
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>>;

    /// Stores the row if the stored one is still `expected`. The row's `version` and `write` are set by the caller.
    /// A store that finds the row's own `write` token already there answers [`Put::Stored`]: an earlier try got through.
    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>>;

    /// Rows due for this purpose not later than `until`, oldest first. May lag behind; claims re-read.
    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>>;

    /// Removes the row if it still has this version; a row that is gone already is fine. Returns the row that stands
    /// there instead, if somebody else wrote it meanwhile: then nothing was removed.
    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>>;

    /// Some of the rows whose key starts with this text, in no certain order, and where the next ones follow. A page may
    /// be empty although others follow. Slow: for operators and for what has to see everything.
    fn scan_page<'a>(&'a self, key_prefix: &'a str, after: Option<&'a str>)
    -> Async<'a, Result<ScanPage, LedgerError>>;

    /// All rows whose key starts with this text, in no certain order, at most `limit`. Slow: for operators.
    fn scan<'a>(&'a self, key_prefix: &'a str, limit: usize) -> Async<'a, Result<Vec<Row>, LedgerError>> {
        Box::pin(async move {
            let mut rows = Vec::new();
            let mut after = None;
            while rows.len() < limit {
                let page = self.scan_page(key_prefix, after.as_deref()).await?;
                rows.extend(page.rows);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            rows.truncate(limit);
            Ok(rows)
        })
    }

    /// Stores one part (at most [`PART_BYTES`]) of a waiting promotion's content. At `expires_at` it is forgotten,
    /// whatever became of the promotion: it is personal data.
    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>>;

    /// One part of a waiting promotion's content.
    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>>;

    /// Removes one part; a part that is not there is fine.
    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>>;
}

/// The most bytes in one part: an item of DynamoDB holds 400 KB in all.
pub const PART_BYTES: usize = 300 * 1024;

/// Names one part of a promotion's stored content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartId {
    /// The promotion's row.
    pub row: RowKey,
    /// Which content: a revision's own, so that writing a newer one never touches an older one.
    pub content: String,
    /// The part's number, from 0.
    pub number: u32,
}

impl std::fmt::Display for PartId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}|{}|{}", self.row, self.content, self.number)
    }
}

/// What [`Ledger::scan_page`] found.
#[derive(Clone, Debug, Default)]
pub struct ScanPage {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins (its `after`); nothing if this was the last one.
    pub next: Option<String>,
}

/// What must be stored for a [`Ledger::put`] to succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No row.
    Absent,
    /// The row with this version.
    Version(u64),
}

/// What became of a [`Ledger::put`].
#[derive(Clone, Debug)]
pub enum Put {
    /// The row is stored.
    Stored,
    /// Something else is stored: this row (or none any more). Nothing was changed.
    Conflict(Option<Box<Row>>),
}

/// The ledger did not do it, or did not say so. Retryable: every write is guarded by version and token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is not available: {0}")]
pub struct LedgerError(pub String);
