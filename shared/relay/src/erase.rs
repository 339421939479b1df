//! Forgetting people and shops, and listing what is held about them.
//!
//! Both are one walk over the ledger and the queues: [`list`] notes what [`forget`] deletes. The walk goes from place to
//! place, each step can be repeated, and where time runs out it says how far it came ([`Outcome::Later`]).
//!
//! What is deleted is gone for good, but the shop may send it again: a later change of an old order, or an import years
//! later. So the first thing that is written is a *tombstone*, in the row of the person's decision about marketing mail:
//! under the keyed digest of the address it says until when everything about the person is to be left alone
//! ([`tombstone`]). What is dated later is a new relationship and passes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    ledger::{Ledger, LedgerError},
    message::Whose,
    queue::{Queue, QueueError},
    random::Random,
    secret::InstallationKey,
    shop::ShopName,
};

mod content;
mod judge;
mod mention;
mod receipt;
mod rows;
mod target;
#[cfg(test)]
mod tests;
pub mod tombstone;
mod walk;

pub(crate) use judge::without;
pub(crate) use receipt::part as receipt_part;
pub use receipt::{ByHand, Found, Receipt, Unreached, receipt_of};

/// Where to forget: a worker's ports, or an operator's.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The ledger.
    pub ledger: &'a dyn Ledger,
    /// The queues.
    pub queue: &'a dyn Queue,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Chance, for the tokens of writes.
    pub random: &'a dyn Random,
    /// The key under which addresses become customer keys.
    pub key: &'a InstallationKey,
}

/// Who is to be forgotten, or whose data is to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// In which shop. A person is a customer of one shop; for several shops ask several times.
    pub shop: ShopName,
    /// One person, or the whole shop.
    pub whose: Whose,
    /// How far to look.
    pub reach: Reach,
}

/// How far to look for what belongs to a person. A shop is always looked for everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Only rows that the request names or an index leads to. Further order rows of the person stay until they expire;
    /// they hold the order's id and number, the customer key and digests.
    Named,
    /// All rows of the shop. Reads the whole ledger once.
    Everything,
}

/// How far a walk came; to be kept between calls. Begin with `Progress::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How many of the walk's places are done.
    stage: usize,
    /// Where the ledger is read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Names this walk among others that sweep the same queues.
    #[serde(default)]
    walk: String,
    /// Until when events are stopped: decided once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// What was found so far.
    #[serde(default)]
    found: Found,
}

impl Progress {
    /// Of a walk with a name of its own, such as the event's that asks for it: after a crash it takes up what it had in
    /// hand without waiting.
    pub fn named(walk: &str) -> Self {
        Self { walk: walk.to_owned(), ..Self::default() }
    }

    /// What was found so far, for whoever shows the progress.
    pub const fn found(&self) -> &Found {
        &self.found
    }
}

/// How a call ended.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Outcome {
    /// Everything is done.
    Done(Receipt),
    /// There is more to do: call again with this progress, not before `at`. Time ran out, or somebody else is at work on
    /// something of it.
    Later {
        /// How far it came.
        progress: Progress,
        /// When to go on.
        at: Timestamp,
    },
}

/// Why a walk stopped. Retryable, from the progress it was begun with: every step can be repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Deletes what is held about a person or a shop; ends at `until` at the latest, as far as single steps allow.
///
/// The counts of the receipt are of what the calls found that came to an end: after a crash they may be lower than what
/// was deleted in all.
///
/// # Errors
/// A port failed. Call again with the same progress.
pub async fn forget(
    surroundings: Surroundings<'_>,
    request: &Request,
    progress: Progress,
    until: Timestamp,
) -> Result<Outcome, EraseError> {
    walk::run(surroundings, request, walk::Mode::Forget, progress, until).await
}

/// Lists what [`forget`] would delete, and changes nothing.
///
/// # Errors
/// A port failed. Call again with the same progress.
pub async fn list(
    surroundings: Surroundings<'_>,
    request: &Request,
    progress: Progress,
    until: Timestamp,
) -> Result<Outcome, EraseError> {
    walk::run(surroundings, request, walk::Mode::List, progress, until).await
}
