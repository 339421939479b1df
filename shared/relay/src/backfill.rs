//! Feeds old orders and customers in: what the webhooks of a gap would have brought.
//!
//! An entry goes the way of a webhook: the same mapping, the same filters, a message on the queue. What was delivered
//! already is left out before it is queued, by what the ledger knows of it; that saves work, and the ledger's rules hold
//! at the delivery all the same. Only what is told to deliver again makes the ledger forget, once a run.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    clock::Clock,
    ingest::drop_item_details,
    ledger::{Change, Guess, Ledger, LedgerError, Redo, Row, forget_delivered, update},
    message::{Message, RowKey},
    queue::{Queue, QueueError},
    random::Random,
    secret::{WebhookSecret, WebsandSecret},
};

mod decide;
mod entry;
mod newest;
mod shape;
#[cfg(test)]
mod tests;

use decide::{Known, Rules, Verdict};
pub use entry::{Deliverable, Entries, Entry};
pub use newest::Newest;

/// Where entries go, and what the shop wants.
pub struct Backfill {
    /// One row a subject.
    pub ledger: Arc<dyn Ledger>,
    /// Where messages go.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for write tokens.
    pub random: Arc<dyn Random>,
    /// The shop's choices about webhooks.
    pub webhook: Arc<WebhookSecret>,
    /// The shop's choices about Websand.
    pub websand: Arc<WebsandSecret>,
    /// What was delivered is delivered again, in the name of this run; its second start does not do so again.
    pub force: Option<String>,
}

/// What is to be done with an entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It is to be queued.
    Queue(Box<Due>),
    /// It was delivered, or something newer.
    Delivered,
    /// It, or something else about the same, is being delivered.
    UnderWay,
    /// It is not wanted.
    Ignored(&'static str),
}

/// A message that is to be queued.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    message: Message,
    /// The row that has to forget what was delivered, first.
    again: Option<RowKey>,
}

impl Due {
    /// Whether it was delivered before.
    pub const fn is_again(&self) -> bool {
        self.again.is_some()
    }
}

/// What became of an entry that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It is on the queue.
    Queued,
    /// It is on the queue, to be delivered again.
    Again,
    /// Somebody is at work on it; nothing was changed.
    UnderWay,
    /// No queue takes so large a message.
    TooLarge,
}

/// Ledger or queue did not do it. What was done before stays done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BackfillError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Backfill {
    /// Looks what is to be done with an entry. Changes nothing.
    pub async fn look(&self, entry: Deliverable) -> Result<Step, BackfillError> {
        let rows = entry.rows();
        let known = Known {
            subject: self.row(rows.subject.as_ref()).await?,
            reading: self.row(rows.reading.as_ref()).await?,
            person: self.row(rows.person.as_ref()).await?,
        };
        let rules = Rules { websand: &self.websand, webhook: &self.webhook };
        Ok(match entry.decide(&known, &rules, self.clock.now()) {
            Verdict::Queue(message) => Step::Queue(Box::new(Due { message: *message, again: None })),
            Verdict::Delivered => self.again(entry.anew(&rules), known.subject.as_ref()),
            Verdict::UnderWay => Step::UnderWay,
            Verdict::Ignored(reason) => Step::Ignored(reason),
        })
    }

    /// Does what was found to be done. The ledger forgets first: a message that came before would find nothing to do.
    pub async fn queue(&self, due: Due) -> Result<Queued, BackfillError> {
        let Some(row) = &due.again else { return self.send(due.message, Queued::Queued).await };
        match self.forget(row).await? {
            Redo::Held => Ok(Queued::UnderWay),
            _ => self.send(due.message, Queued::Again).await,
        }
    }

    async fn row(&self, key: Option<&RowKey>) -> Result<Option<Row>, LedgerError> {
        match key {
            Some(key) => self.ledger.get(key).await,
            None => Ok(None),
        }
    }

    /// Of what was delivered: whether this run is to deliver it again.
    fn again(&self, message: Message, row: Option<&Row>) -> Step {
        let (Some(run), Some(row)) = (&self.force, row) else { return Step::Delivered };
        match forget_delivered(row, run, self.clock.now()) {
            Redo::Forget(row) => Step::Queue(Box::new(Due { message, again: Some(row.key) })),
            Redo::Held => Step::UnderWay,
            Redo::Forgotten | Redo::Never => Step::Delivered,
        }
    }

    async fn forget(&self, key: &RowKey) -> Result<Redo, LedgerError> {
        let (run, now): (&str, Timestamp) = (self.force.as_deref().unwrap_or_default(), self.clock.now());
        let decide = |row: Option<&Row>| match row.map(|row| forget_delivered(row, run, now)) {
            Some(Redo::Forget(row)) => Change::Write(row.clone(), Redo::Forget(row)),
            Some(other) => Change::Keep(other),
            None => Change::Keep(Redo::Forgotten),
        };
        Ok(update(&*self.ledger, &*self.random, key, Guess::Unknown, decide).await?.1)
    }

    async fn send(&self, mut message: Message, queued: Queued) -> Result<Queued, BackfillError> {
        let mut sent = self.queue.send(&message).await;
        if matches!(sent, Err(QueueError::TooLarge { .. })) && drop_item_details(&mut message) {
            sent = self.queue.send(&message).await;
        }
        match sent {
            Ok(()) => Ok(queued),
            Err(QueueError::TooLarge { .. }) => Ok(Queued::TooLarge),
            Err(error) => Err(error.into()),
        }
    }
}
