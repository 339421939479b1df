//! What a row becomes after a question. Pure functions.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::ask::Trouble;
use crate::{
    destination::websale::answer::DispatchStatus,
    ledger::{
        Attention, CallbackStatus, Due, Poll, Purpose, Row, State,
        callback::owe_of_plan,
        transition::{last_error, settled},
    },
    retry::{Failure, MEND_FOR},
    secret::WebsaleSecret,
};

/// The wait between two questions doubles up to this, unless the shop's interval is longer.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// The wait after a question that could not be put, for want of the shop's settings or of a token. It says nothing about
/// how the push is going, so it does not grow with the questions that were answered.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// The code of a push whose end was not seen in time.
pub(crate) const POLL_DEADLINE: &str = "poll_deadline";

/// WEBSALE answered.
pub(super) fn answered(mut row: Row, status: &DispatchStatus, secret: &WebsaleSecret, now: Timestamp) -> Row {
    let before = row.poll.take().unwrap_or_default();
    let wait = wait(secret.poll_interval, before.asked);
    row.poll = Some(Poll {
        status: status.status.clone().or(before.status),
        receivers: status.receivers.or(before.receivers),
        sent: status.sent.or(before.sent),
        errors: status.errors.or(before.errors),
        error: status.error.clone().or(before.error),
        asked: before.asked.saturating_add(1),
        since: before.since.or(Some(now)),
    });
    row.attention = None;
    row.last_error = None;
    row.last_at = now;
    if status.is_final(secret) {
        return owe_of_plan(ended(row, now), CallbackStatus::Finished, None, now);
    }
    again(row, after(now, wait), deadline(secret), now)
}

/// WEBSALE did not answer, or not with a status.
pub(super) fn failed(mut row: Row, trouble: &Trouble, now: Timestamp) -> Row {
    let mut poll = row.poll.take().unwrap_or_default();
    let wait = trouble.secret.as_ref().map_or(DEFAULT_WAIT, |secret| wait(secret.poll_interval, poll.asked));
    let at = after(now, wait).max(trouble.not_before);
    poll.asked = poll.asked.saturating_add(1);
    poll.since = poll.since.or(Some(now));
    row.poll = Some(poll);
    row.attention = trouble.attention;
    row.last_error = Some(last_error(&trouble.failure, now));
    row.last_at = now;
    let deadline = trouble.secret.as_ref().map_or(MEND_FOR, |secret| deadline(secret));
    again(row, at, deadline, now)
}

/// Asks again at this time, unless the whole time for asking is over: then nobody knows how the push ended.
fn again(mut row: Row, at: Timestamp, deadline: SignedDuration, now: Timestamp) -> Row {
    let since = row.poll.as_ref().and_then(|poll| poll.since).unwrap_or(now);
    if now.duration_since(since) < deadline {
        row.due = Some(Due { purpose: Purpose::Poll, at });
        return row;
    }
    let unseen = Failure { code: POLL_DEADLINE.into(), status: None, detail: "its end was not seen in time".into() };
    let error = row.last_error.take().unwrap_or_else(|| last_error(&unseen, now));
    row = ended(row, now);
    row.attention = Some(Attention::PollDeadline);
    row.last_error = Some(error);
    owe_of_plan(row, CallbackStatus::OutcomeUnknown, Some(POLL_DEADLINE), now)
}

/// Whether it went out in chunks: they are asked about, and the promotion adds up their answers.
pub(super) fn is_split(row: &Row) -> bool {
    row.promotion.as_ref().is_some_and(|promotion| promotion.plan.is_some())
}

/// When a promotion's chunks are added up again, if none of them has ended before.
pub(super) fn next_total(row: &Row, now: Timestamp) -> Timestamp {
    after(now, wait(DEFAULT_WAIT, row.poll.as_ref().map_or(0, |poll| poll.asked)))
}

/// No more questions. A push that was changed or called off too late stays marked so.
fn ended(row: Row, now: Timestamp) -> Row {
    let state = if row.state == State::TooLate { State::TooLate } else { State::Delivered };
    settled(row, "", state, now)
}

fn deadline(secret: &WebsaleSecret) -> SignedDuration {
    SignedDuration::try_from(secret.poll_deadline).unwrap_or(SignedDuration::MAX)
}

fn wait(interval: Duration, asked: u32) -> Duration {
    let doubled = 1u32.checked_shl(asked).and_then(|factor| interval.checked_mul(factor)).unwrap_or(LONGEST_WAIT);
    doubled.min(LONGEST_WAIT.max(interval))
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
