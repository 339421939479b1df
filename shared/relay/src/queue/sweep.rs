//! Looking through a queue: every message is shown to a judge, who says what becomes of it.

use std::time::Duration;

use jiff::Timestamp;

use super::DeadLetter;
use crate::{Async, shop::Destination};

/// The longest time that a sweep keeps a message hidden from others.
pub const SWEEP_HIDES: Duration = Duration::from_mins(10);

/// Which messages to look at, and who says what to do with them.
#[derive(Clone, Copy)]
pub struct Sweep<'a> {
    /// Whose queue.
    pub destination: Destination,
    /// Which of the two.
    pub place: Place,
    /// Decides.
    pub judge: &'a dyn Judge,
    /// When to end at the latest.
    pub until: Timestamp,
}

/// Where messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the queue.
    Waiting,
    /// In the dead-letter queue.
    Dead,
}

/// One message as a sweep finds it. What is told of a dead letter is absent if it is not known, and for messages that
/// wait.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The host's own name of it.
    pub id: &'a str,
    /// Its text.
    pub body: &'a str,
    /// When it was put there.
    pub since: Timestamp,
    /// Whose it is.
    pub shop: Option<&'a str>,
    /// Why it was parked, as a short code.
    pub reason: Option<&'a str>,
    /// The destination's HTTP status.
    pub status: Option<u16>,
    /// The destination's words: capped, with addresses masked.
    pub detail: Option<&'a str>,
}

/// Decides what becomes of each message of a sweep. Several may be before it at the same time. A plain function of an
/// [`Entry`] is one.
pub trait Judge: Send + Sync {
    /// What becomes of this message.
    fn judge<'a>(&'a self, entry: Entry<'a>) -> Async<'a, Verdict>;

    /// The message with this id was to be deleted, and is. Not called if the sweep ends early.
    fn deleted<'a>(&'a self, id: &'a str) -> Async<'a, ()> {
        let _ = id;
        Box::pin(std::future::ready(()))
    }
}

impl<F: Fn(Entry<'_>) -> Verdict + Send + Sync> Judge for F {
    fn judge<'a>(&'a self, entry: Entry<'a>) -> Async<'a, Verdict> {
        Box::pin(std::future::ready(self(entry)))
    }
}

/// What a judge says about a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is.
    Keep,
    /// It is deleted.
    Delete,
    /// Its text is replaced by this one.
    Rewrite(String),
    /// It is replaced by this letter of the same destination: of dead letters only.
    Replace(Box<DeadLetter>),
}

/// How a sweep went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// How many messages were looked at.
    pub examined: u64,
    /// Whether those were all.
    pub end: SweepEnd,
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepEnd {
    /// All messages were looked at.
    Complete,
    /// There was no time for the rest; another sweep goes on with it.
    OutOfTime,
    /// This host cannot look at messages in this place: they are handed to workers only.
    Unreachable,
}
