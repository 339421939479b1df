//! The rules about rows, as pure functions: what a row becomes, given what it is and what happened.

use jiff::{SignedDuration, Timestamp};

use super::{Attempts, Attention, CallbackStatus, Change, LastError, Lease, Row, State, callback, dead};
use crate::{
    message::{Kind, RowKey},
    retry::Failure,
    revision::Revision,
};

#[cfg(test)]
mod tests;

/// An event started this often without an orderly end is poison.
pub const MAX_UNFINISHED: u8 = 5;
/// Rows in a final state are kept this long; so long are repeated and late webhooks recognised.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest detail kept of a failure, in bytes.
pub const MAX_DETAIL: usize = 300;

/// Who wants to work on a row, and until when.
#[derive(Clone, Debug)]
pub struct Claimant<'a> {
    /// The row.
    pub key: &'a RowKey,
    /// The event that is to be delivered.
    pub event_id: &'a str,
    /// The lease it would hold.
    pub lease: Lease,
    /// No call may be made before then, whatever the row says: the connection is paused, or the destination is down.
    pub held_until: Option<Timestamp>,
    /// When its message was put on the queue.
    pub sent_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What became of a wish to work on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The row is ours until the lease ends.
    Granted,
    /// There is nothing to do: the row has this revision or a newer one.
    Superseded,
    /// There was nothing to send: the row has recorded the revision.
    Recorded,
    /// Somebody else holds it until then.
    Leased(Timestamp),
    /// No call is to be made before then.
    NotBefore(Timestamp),
    /// The event is poison: it was started too often without an end.
    Crashed,
    /// A call that cannot be repeated was under way when its worker vanished.
    OutcomeUnknown,
}

/// Whether an event still has something to do at a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relevance {
    /// Yes.
    Open,
    /// No, the row is as new or newer.
    Superseded,
    /// No, but the row is to take over the event's revision.
    Record(Revision),
}

/// Claims a row for one event, or says why not.
pub fn claim(stored: Option<&Row>, by: &Claimant<'_>, relevance: impl Fn(&Row) -> Relevance) -> Change<Claim> {
    let mut row = stored.cloned().unwrap_or_else(|| Row::new(by.key.clone(), by.now));
    if let Some(lease) = &row.lease {
        if lease.until > by.now && lease.token != by.lease.token {
            return Change::Keep(Claim::Leased(lease.until));
        }
        if row.state == State::Intended {
            return Change::Write(Box::new(lapsed(row, by.now)), Claim::OutcomeUnknown);
        }
    }
    match relevance(&row) {
        Relevance::Open => {}
        Relevance::Superseded => {
            let was_given_up = dead::overtaken(&mut row, by.event_id);
            if row.attempts.remove(by.event_id).is_none() && !was_given_up {
                return Change::Keep(Claim::Superseded);
            }
            return Change::Write(Box::new(overtaken(row, by.now)), Claim::Superseded);
        }
        Relevance::Record(revision) => {
            row.hear_of(revision);
            row.lease = None;
            row.attempts.remove(by.event_id);
            row.last_at = by.now;
            return Change::Write(Box::new(row), Claim::Recorded);
        }
    }
    if let Some(instant) = row.not_before.max(by.held_until).filter(|instant| *instant > by.now) {
        return Change::Keep(Claim::NotBefore(instant));
    }
    let attempts = row.attempts.entry(by.event_id.to_owned()).or_default();
    if by.sent_at > row.last_at {
        // They were those of an earlier message with this event, which was parked and put back, or sent again.
        *attempts = Attempts::default();
    }
    if attempts.blame() >= MAX_UNFINISHED {
        return Change::Keep(Claim::Crashed);
    }
    attempts.unfinished += 1;
    row.lease = Some(by.lease.clone());
    row.not_before = None;
    row.expires_at = None;
    row.last_at = by.now;
    Change::Write(Box::new(row), Claim::Granted)
}

/// The same for an event that has something to note in the row whatever is done about it. Where no call may be made yet,
/// only the note is written.
pub fn claim_noting(
    stored: Option<&Row>,
    by: &Claimant<'_>,
    relevance: impl Fn(&Row) -> Relevance,
    note: impl Fn(&mut Row),
) -> Change<Claim> {
    match claim(stored, by, relevance) {
        Change::Write(mut row, claim @ (Claim::Granted | Claim::OutcomeUnknown)) => {
            note(&mut row);
            Change::Write(row, claim)
        }
        Change::Keep(claim @ Claim::NotBefore(_)) => {
            let before = stored.cloned().unwrap_or_else(|| Row::new(by.key.clone(), by.now));
            let mut row = before.clone();
            note(&mut row);
            if row == before { Change::Keep(claim) } else { Change::Write(Box::new(row), claim) }
        }
        other => other,
    }
}

/// An event that had begun here was overtaken meanwhile. If it was the last one, nothing of its troubles is left.
fn overtaken(mut row: Row, now: Timestamp) -> Row {
    let is_waiting = matches!(row.attention, Some(Attention::ConfigurationFault | Attention::CredentialsRefused));
    let is_done = matches!(row.state, State::Delivered | State::Suppressed);
    if row.attempts.is_empty() && is_done && row.due.is_none() {
        if is_waiting {
            row.attention = None;
            row.last_error = None;
        }
        row.lease = None;
        row.not_before = None;
        row.expires_at = end(&row, now);
    }
    row
}

/// When a row in a final state may be forgotten.
pub(super) fn end(row: &Row, now: Timestamp) -> Option<Timestamp> {
    // What a person decided never is, for it would be told anew; nor what stops a forgotten person's old events, nor yet
    // what the shop is still to be told.
    if row.key.kind == Kind::Consent || row.callbacks.is_some() { None } else { now.checked_add(RETENTION).ok() }
}

/// A row that had kept only for what the shop was to be told may be forgotten now.
pub(super) fn rested(mut row: Row, now: Timestamp) -> Row {
    let is_held = row.due.is_some() || row.lease.is_some() || !row.attempts.is_empty();
    if row.state.is_final() && row.state != State::OutcomeUnknown && !is_held {
        row.expires_at = end(&row, now);
    }
    row
}

/// Applies `next` if the row is still leased under `token`; a worker whose lease was taken over changes nothing.
pub fn finish(stored: Option<&Row>, token: &str, next: impl FnOnce(Row) -> Row) -> Change<bool> {
    match stored {
        Some(row) if row.lease.as_ref().is_some_and(|lease| lease.token == token) => {
            Change::Write(Box::new(next(row.clone())), true)
        }
        _ => Change::Keep(false),
    }
}

/// The event is settled: nothing of it is left but the final state.
pub fn settled(mut row: Row, event_id: &str, state: State, now: Timestamp) -> Row {
    row.attempts.remove(event_id);
    row.state = state;
    row.lease = None;
    row.due = None;
    row.attention = None;
    row.letter = None;
    row.last_error = None;
    row.last_at = now;
    row.expires_at = end(&row, now);
    row
}

/// An attempt failed and another follows, not before `at`. `attention` tells a person what to mend meanwhile.
pub fn failed(
    mut row: Row,
    event_id: &str,
    failure: &Failure,
    at: Timestamp,
    attention: Option<Attention>,
    now: Timestamp,
) -> Row {
    let attempts = row.attempts.entry(event_id.to_owned()).or_default();
    *attempts = Attempts { failed: attempts.failed.saturating_add(1), ..Attempts::default() };
    row.lease = None;
    row.not_before = Some(at);
    row.attention = attention_after(&row, attention);
    row.last_error = Some(last_error(failure, now));
    row.last_at = now;
    row
}

/// What a person is called for once an event has failed at this row. A parked one still needs them, whatever becomes of
/// others; and nobody else can do anything about a withdrawal that cannot be told.
fn attention_after(row: &Row, failed: Option<Attention>) -> Option<Attention> {
    match row.attention {
        _ if row.state != State::Parked => failed,
        Some(Attention::WithdrawalNotExpressible) => row.attention,
        parked => failed.or(parked),
    }
}

/// The claim is given back without an attempt having been made; the event is still to be settled.
pub fn released(mut row: Row, event_id: &str) -> Row {
    if let Some(attempts) = row.attempts.get_mut(event_id) {
        attempts.unfinished = attempts.unfinished.saturating_sub(1);
    }
    row.lease = None;
    row
}

/// The event is given up; its message is in the dead-letter queue.
pub fn parked(row: Row, event_id: &str, failure: &Failure, attention: Attention, now: Timestamp) -> Row {
    let mut row = settled(row, event_id, State::Parked, now);
    row.attention = Some(attention);
    row.letter = Some(event_id.to_owned());
    row.last_error = Some(last_error(failure, now));
    if attention == Attention::WithdrawalNotExpressible {
        // Still unsettled: by its id it is told from others that say the same.
        row.attempts.insert(event_id.to_owned(), Attempts::default());
    }
    row
}

/// Nobody can say whether the call was processed.
pub fn outcome_unknown(row: Row, event_id: &str, failure: &Failure, now: Timestamp) -> Row {
    let mut row = settled(row, event_id, State::OutcomeUnknown, now);
    // Kept until a person has decided.
    row.expires_at = None;
    row.attention = Some(Attention::OutcomeUnknown);
    row.last_error = Some(last_error(failure, now));
    callback::owe_of_plan(row, CallbackStatus::OutcomeUnknown, Some(&failure.code), now)
}

/// What a process that has just started makes of a row it finds leased: there is no other process (the data directory
/// is locked), so the lease is void; a call that was under way may have been made. `in_company` tells that other rows
/// were leased too: then whoever killed the process, a person or one of the events, each event is suspected only by half.
pub fn restart(mut row: Row, in_company: bool, now: Timestamp) -> Row {
    if row.state == State::Intended {
        return lapsed(row, now);
    }
    if in_company {
        for attempts in row.attempts.values_mut().filter(|attempts| attempts.in_company < attempts.unfinished) {
            attempts.in_company += 1;
        }
    }
    row.lease = None;
    row
}

/// A worker vanished between announcing an irrevocable call and noting its answer. The lease's token stays, so that a
/// late worker can still say how it ended.
fn lapsed(mut row: Row, now: Timestamp) -> Row {
    let lease = row.lease.take();
    row.attempts.clear();
    let failure = Failure {
        code: "worker_vanished".into(),
        status: None,
        detail: "the process ended while the call was under way".into(),
    };
    let mut row = outcome_unknown(row, "", &failure, now);
    row.lease = lease.map(|lease| Lease { until: now, ..lease });
    row
}

/// A failure as the row keeps it.
pub fn last_error(failure: &Failure, now: Timestamp) -> LastError {
    LastError {
        code: failure.code.clone(),
        status: failure.status,
        detail: crate::text::safe(&failure.detail, MAX_DETAIL),
        at: now,
    }
}
