//! One sweep of a dead-letter queue at a time, where a sweep hides from others what it has looked at: a second one would
//! take a queue for empty of which the first has everything in hand.

use jiff::{SignedDuration, Timestamp};

use super::SWEEP_HIDES;
use crate::{
    ledger::{Change, Guess, Lease, Ledger, LedgerError, Row, update},
    message::{Kind, RowKey},
    random::Random,
    shop::Destination,
};

/// The lock of one dead-letter queue, and who wants it.
#[derive(Clone, Copy)]
pub struct SweepLock<'a> {
    /// Where it is kept.
    pub ledger: &'a dyn Ledger,
    /// Chance, for the tokens of writes.
    pub random: &'a dyn Random,
    /// Whose dead letters.
    pub destination: Destination,
    /// Who wants it: the same holder gets it again.
    pub holder: &'a str,
}

impl SweepLock<'_> {
    /// Takes the lock for a sweep that ends at `until`, and for as long after that as what it hid is not to be seen. If
    /// somebody else has it: when to ask again.
    ///
    /// # Errors
    /// The ledger is not available.
    pub async fn take(&self, now: Timestamp, until: Timestamp) -> Result<Option<Timestamp>, LedgerError> {
        let key = self.key();
        let hidden = SignedDuration::try_from(SWEEP_HIDES).unwrap_or(SignedDuration::MAX);
        let until = until.max(now).saturating_add(hidden).unwrap_or(Timestamp::MAX);
        let decide = |stored: Option<&Row>| {
            let lease = stored.and_then(|row| row.lease.as_ref());
            if let Some(other) = lease.filter(|lease| lease.until > now && lease.token != self.holder) {
                return Change::Keep(Some(other.until.min(retry(now))));
            }
            let mut row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
            row.lease = Some(Lease { token: self.holder.to_owned(), until });
            row.last_at = now;
            row.expires_at = Some(until);
            Change::Write(Box::new(row), None)
        };
        Ok(update(self.ledger, self.random, &key, Guess::Unknown, decide).await?.1)
    }

    /// Gives the lock back.
    ///
    /// # Errors
    /// The ledger is not available; the lock lapses by itself.
    pub async fn release(&self) -> Result<(), LedgerError> {
        let key = self.key();
        let is_ours = |row: &Row| row.lease.as_ref().is_some_and(|lease| lease.token == self.holder);
        if let Some(row) = self.ledger.get(&key).await?.filter(is_ours) {
            self.ledger.delete(&key, row.version).await?;
        }
        Ok(())
    }

    fn key(&self) -> RowKey {
        RowKey { shop: None, destination: self.destination, kind: Kind::Privacy, subject: "sweep".into() }
    }
}

/// How long to wait for another sweep at most before asking again.
fn retry(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(30)).unwrap_or(Timestamp::MAX)
}
