//! Dead letters: what an operator can do with what was given up.
//!
//! A letter is listed, put back or dropped while a sweep has it before its judge, so on both hosts in the same way. To put
//! one back means: send its message, then delete the letter, then note it in the row. A crash in between leaves one too
//! many, never none, and what was delivered already is not delivered again. A rejected webhook is mapped anew by the code
//! that received it ([`Ingest::remap`]).

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::{
    clock::Clock,
    ingest::Ingest,
    ledger::{Ledger, LedgerError},
    queue::{Place, QueueError, SWEEP_HIDES, Sweep, SweepEnd, SweepLock, Swept},
    random::Random,
    shop::Destination,
};

mod judge;
mod letter;
mod report;
mod rows;
#[cfg(test)]
mod tests;
mod wanted;

pub use letter::{About, Letter};
pub use report::{Fate, Item, Report};
pub use wanted::Wanted;

use judge::{At, State};
use rows::Rows;

/// Where dead letters are worked on.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The queues, and what a rejected webhook is mapped with.
    pub ingest: &'a Ingest,
    /// The rows.
    pub ledger: &'a dyn Ledger,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Chance, for the tokens of writes.
    pub random: &'a dyn Random,
}

/// What is done with the letters that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// They are only looked at.
    Look,
    /// They are opened: the report holds their bodies.
    Open,
    /// They are put back on their queues.
    Redrive,
    /// They are deleted.
    Drop,
}

/// Why dead letters could not be worked on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Somebody else looks through the same letters, which hides them.
    #[error("another command or a privacy request is looking through the dead letters; try again at {until}")]
    Busy {
        /// When to try again.
        until: Timestamp,
    },
}

/// Going through the dead letters once.
pub struct Job<'a> {
    at: Surroundings<'a>,
    action: Action,
    wanted: &'a Wanted,
    /// The most letters that the action is done with.
    limit: usize,
    rows: Rows,
    state: Mutex<State>,
    holder: String,
}

impl<'a> Job<'a> {
    /// Prepares to do this with the letters that are wanted, with `limit` of them at most.
    ///
    /// # Errors
    /// The ledger is not available.
    pub async fn new(
        at: Surroundings<'a>,
        action: Action,
        wanted: &'a Wanted,
        limit: usize,
    ) -> Result<Self, LedgerError> {
        let rows = match action {
            Action::Look | Action::Open => Rows::default(),
            Action::Redrive | Action::Drop => Rows::load(at.ledger).await?,
        };
        let holder = format!("{:016x}", at.random.next());
        Ok(Self { at, action, wanted, limit, rows, state: Mutex::default(), holder })
    }

    /// Goes through the dead letters of one destination, until that is done or the time is over. What a sweep has no time
    /// for it leaves to the next one; to go on, call it again.
    ///
    /// # Errors
    /// Queue or ledger failed, or somebody else is at it; what was done until then is in the report.
    pub async fn destination(&self, destination: Destination, until: Timestamp) -> Result<SweepEnd, DeadError> {
        let lock = SweepLock { ledger: self.at.ledger, random: self.at.random, destination, holder: &self.holder };
        let locks = self.at.ingest.queue.hides_what_it_sweeps();
        // Whoever is ended from outside leaves the lock behind: not for longer than the letters are hidden.
        let until = if locks { until.min(self.hidden_until()) } else { until };
        if locks && let Some(until) = lock.take(self.at.clock.now(), until).await? {
            return Err(DeadError::Busy { until });
        }
        let sweep = Sweep { destination, place: Place::Dead, judge: &At(self, destination), until };
        let swept = self.at.ingest.queue.sweep(sweep).await;
        // Whatever is hidden after an early end, this job still goes on with the rest, or it is seen again before the lock
        // lapses.
        if locks && !matches!(swept, Ok(Swept { end: SweepEnd::OutOfTime, .. })) {
            lock.release().await?;
        }
        Ok(swept?.end)
    }

    fn hidden_until(&self) -> Timestamp {
        let hidden = SignedDuration::try_from(SWEEP_HIDES).unwrap_or(SignedDuration::MAX);
        self.at.clock.now().saturating_add(hidden).unwrap_or(Timestamp::MAX)
    }

    /// Rows that call a person because of letters that are asked for and are not there, any more: they need nobody then.
    /// To be called after all destinations were gone through to their end.
    ///
    /// # Errors
    /// The ledger is not available.
    pub async fn settle_missing(&self) -> Result<(), LedgerError> {
        let missing = self.report().not_found(self.wanted);
        for event_id in missing {
            if self.rows.settle(&self.at, &event_id).await? {
                self.state().report.settled.insert(event_id);
            }
        }
        Ok(())
    }

    /// What was found and done so far.
    pub fn report(&self) -> Report {
        self.state().report()
    }
}
