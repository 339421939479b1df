//! One sweep of a dead-letter queue at a time, where a sweep hides from others what it has looked at: a second one would
//! take a queue for empty of which the first has everything in hand.

use jiff::{SignedDuration, Timestamp};

use super::walk::{Step, Walk, soon};
use crate::{
    ledger::{Change, Guess, Lease, LedgerError, Row, update},
    message::{Kind, RowKey},
    queue::SWEEP_HIDES,
    shop::Destination,
};

fn key(destination: Destination) -> RowKey {
    RowKey { shop: None, destination, kind: Kind::Privacy, subject: "sweep".into() }
}

/// Takes the lock, or says when to ask again. The same walk gets it again, until everything it hid is to be seen.
pub(super) async fn take(walk: &Walk<'_>, destination: Destination) -> Step {
    let (key, now) = (key(destination), walk.at.clock.now());
    let hidden = SignedDuration::try_from(SWEEP_HIDES).unwrap_or(SignedDuration::MAX);
    let until = walk.until.max(now).saturating_add(hidden).unwrap_or(Timestamp::MAX);
    let decide = |stored: Option<&Row>| {
        let lease = stored.and_then(|row| row.lease.as_ref());
        if let Some(other) = lease.filter(|lease| lease.until > now && lease.token != walk.progress.walk) {
            return Change::Keep(Some(soon(now, other.until.min(retry(now)))));
        }
        let mut row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
        row.lease = Some(Lease { token: walk.progress.walk.clone(), until });
        row.last_at = now;
        row.expires_at = Some(until);
        Change::Write(Box::new(row), None)
    };
    Ok(update(walk.at.ledger, walk.at.random, &key, Guess::Unknown, decide).await?.1)
}

/// How long to wait for another walk at most before asking again.
fn retry(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(30)).unwrap_or(Timestamp::MAX)
}

/// Gives the lock back.
pub(super) async fn release(walk: &Walk<'_>, destination: Destination) -> Result<(), LedgerError> {
    let key = key(destination);
    let is_ours = |row: &Row| row.lease.as_ref().is_some_and(|lease| lease.token == walk.progress.walk);
    if let Some(row) = walk.at.ledger.get(&key).await?.filter(is_ours) {
        walk.at.ledger.delete(&key, row.version).await?;
    }
    Ok(())
}
