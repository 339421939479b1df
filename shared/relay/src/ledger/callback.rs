//! The rules about status callbacks, as pure functions: when a shop is owed one, who tells it, and when that is over.
//!
//! Whoever ends a promotion notes in the same write what the shop is owed. Whether the shop wants to be told is not
//! known then (a cancellation is noted while the secret cannot be read); the poller finds out, and drops what nobody wants.

use jiff::Timestamp;

use super::{
    Attention, CallbackStatus, Callbacks, Change, Lease, Owed, Row,
    transition::{last_error, rested},
};
use crate::{message::Kind, retry::Failure, revision::Revision};

#[cfg(test)]
mod tests;

/// More than this is not owed at once; of a promotion that changes faster than its shop listens, the oldest is left out.
pub const MOST_OWED: usize = 4;

/// The shop is owed a callback. Of two in a row that say the same, the later one counts.
#[must_use]
pub fn owe(mut row: Row, status: CallbackStatus, about: Revision, reason: Option<&str>, now: Timestamp) -> Row {
    if row.key.kind != Kind::Promotion {
        return row;
    }
    let updated_at = about.time.unwrap_or(about.received_at);
    let owed = Owed { status, updated_at, at: now, reason: reason.map(str::to_owned) };
    // What is owed must not be forgotten.
    row.expires_at = None;
    let Some(callbacks) = &mut row.callbacks else {
        row.callbacks = Some(Callbacks { owed: vec![owed], at: now, since: now, failed: 0, lease: None });
        return row;
    };
    if callbacks.owed.last().is_some_and(|last| last.status == status) {
        callbacks.owed.pop();
    }
    callbacks.owed.push(owed);
    if callbacks.owed.len() > MOST_OWED {
        callbacks.owed.remove(0);
    }
    row
}

/// The shop is owed a callback about the promotion that is under way.
#[must_use]
pub fn owe_of_plan(row: Row, status: CallbackStatus, reason: Option<&str>, now: Timestamp) -> Row {
    match row.promotion.as_ref().map(|promotion| promotion.revision) {
        Some(about) => owe(row, status, about, reason, now),
        None => row,
    }
}

/// What is due to be told, if nobody else is at it.
fn untold(stored: Option<&Row>, now: Timestamp) -> Option<(&Row, &Callbacks)> {
    let is_free = |callbacks: &&Callbacks| callbacks.lease.as_ref().is_none_or(|lease| lease.until <= now);
    let row = stored?;
    let due = row.callbacks.as_ref().filter(|callbacks| callbacks.at <= now).filter(is_free)?;
    Some((row, due))
}

/// Takes the right to tell what is owed, if it is due and nobody else is at it.
pub fn claim(stored: Option<&Row>, lease: Lease, now: Timestamp) -> Change<Option<Owed>> {
    let Some((row, callbacks)) = untold(stored, now) else { return Change::Keep(None) };
    let Some(first) = callbacks.owed.first().cloned() else { return Change::Keep(None) };
    // If this worker vanishes, others find the row again when its lease is over, and not before.
    let callbacks = Callbacks { at: lease.until, lease: Some(lease), ..callbacks.clone() };
    Change::Write(Box::new(Row { callbacks: Some(callbacks), ..row.clone() }), Some(first))
}

/// Applies `next` if the callbacks are still leased under `token`; and gives them back.
pub fn finish(stored: Option<&Row>, token: &str, next: impl FnOnce(Row) -> Row) -> Change<bool> {
    let holds =
        |row: &&Row| row.callbacks.as_ref().and_then(|known| known.lease.as_ref()).is_some_and(|l| l.token == token);
    let Some(mut row) = stored.filter(holds).cloned() else { return Change::Keep(false) };
    if let Some(callbacks) = &mut row.callbacks {
        callbacks.lease = None;
    }
    Change::Write(Box::new(next(row)), true)
}

/// The shop was told this.
#[must_use]
pub fn told(row: Row, told: &Owed, now: Timestamp) -> Row {
    without(row, told, now)
}

/// The same for a shop that wants to be told nothing: there is nothing to take first.
pub fn drop_unwanted(stored: Option<&Row>, now: Timestamp) -> Change<()> {
    match untold(stored, now) {
        Some((row, _)) => Change::Write(Box::new(unwanted(row.clone(), now)), ()),
        None => Change::Keep(()),
    }
}

/// The shop wants to be told nothing.
#[must_use]
pub fn unwanted(mut row: Row, now: Timestamp) -> Row {
    row.callbacks = None;
    rested(row, now)
}

/// The shop could not be told; it is tried again not before `at`.
#[must_use]
pub fn put_off(mut row: Row, at: Timestamp) -> Row {
    if let Some(callbacks) = &mut row.callbacks {
        callbacks.failed = callbacks.failed.saturating_add(1);
        callbacks.at = at;
    }
    row
}

/// Nothing was tried; it is due as before.
#[must_use]
pub fn released(mut row: Row, now: Timestamp) -> Row {
    if let Some(callbacks) = &mut row.callbacks {
        callbacks.at = now;
    }
    row
}

/// The shop could not be told in all the time there is.
#[must_use]
pub fn given_up(row: Row, owed: &Owed, failure: &Failure, now: Timestamp) -> Row {
    failed(without(row, owed, now), failure, now)
}

/// There is no such shop any more: nothing else can be told either.
#[must_use]
pub fn all_given_up(row: Row, failure: &Failure, now: Timestamp) -> Row {
    failed(unwanted(row, now), failure, now)
}

/// A person may tell the shop, unless there is something worse to look at.
fn failed(mut row: Row, failure: &Failure, now: Timestamp) -> Row {
    if row.attention.is_none() {
        row.attention = Some(Attention::CallbackFailed);
        row.last_error = Some(last_error(failure, now));
        row.last_at = now;
    }
    row
}

/// This one is owed no longer; the next one is, at once.
fn without(mut row: Row, owed: &Owed, now: Timestamp) -> Row {
    let Some(mut callbacks) = row.callbacks.take() else { return row };
    // What it was replaced by meanwhile is still to be told.
    callbacks.owed.retain(|other| other != owed);
    if !callbacks.owed.is_empty() {
        row.callbacks = Some(Callbacks { at: now, since: now, failed: 0, ..callbacks });
        return row;
    }
    rested(row, now)
}
