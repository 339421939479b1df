//! From the outcome of a call to what follows. The table is in `docs/retries.md`; a test compares the two.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    BACKOFF_FIRST, BACKOFF_MAX, Call, Circumstances, Decision, Failure, MEND_FOR, MEND_WAIT, Outcome, RETRY_FOR,
    asked_for,
};
use crate::{http::CallError, text};

/// How much of a destination's words is kept.
const DETAIL: usize = 300;

/// What an outcome means, without regard to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Gone,
    Refresh,
    Retry,
    Mend,
    Park,
    Unknown,
}

/// What the outcome of this call means under these circumstances.
pub fn decide(call: Call, outcome: &Outcome, circumstances: &Circumstances) -> Decision {
    let failure = |code: Option<&str>| describe(call, outcome, code);
    match verdict(call, outcome, circumstances) {
        Verdict::Delivered => Decision::Delivered,
        Verdict::Gone => Decision::Gone,
        Verdict::Refresh => Decision::Refresh,
        Verdict::Unknown => Decision::Unknown { failure: failure(None) },
        Verdict::Park => Decision::Park { failure: failure(Some("permanent")) },
        Verdict::Retry => match next(outcome, circumstances, backoff(circumstances), RETRY_FOR) {
            Next::At(at) => Decision::Retry { at, failure: failure(None) },
            Next::Exhausted => Decision::Park { failure: failure(Some("retries_exhausted")) },
            Next::BeyondLimit => Decision::Park { failure: failure(Some("retry_after_beyond_limit")) },
        },
        Verdict::Mend => match next(outcome, circumstances, MEND_WAIT, MEND_FOR) {
            Next::At(at) => Decision::Mend { at, failure: with_settings(call, failure(None)) },
            Next::Exhausted => Decision::Park { failure: failure(Some("never_mended")) },
            Next::BeyondLimit => Decision::Park { failure: failure(Some("retry_after_beyond_limit")) },
        },
    }
}

fn verdict(call: Call, outcome: &Outcome, circumstances: &Circumstances) -> Verdict {
    // Whether the answer leaves open that the call was processed decides what follows for the one that must not be
    // made twice.
    let perhaps_done = if call.is_irrevocable() { Verdict::Unknown } else { Verdict::Retry };
    let status = match outcome {
        Ok(response) => response.status,
        Err(CallError::NotSent(_)) => return Verdict::Retry,
        Err(CallError::NoAnswer(_)) => return perhaps_done,
    };
    match status {
        200..=299 => Verdict::Delivered,
        401 if !circumstances.refreshed => Verdict::Refresh,
        // Of a shop's own endpoint no answer says anything about the report: it may be broken in any way, and be mended.
        300..=499 if call == Call::ShopCallback => Verdict::Retry,
        425 | 429 => Verdict::Retry,
        408 => perhaps_done,
        409 if call.is_irrevocable() => Verdict::Unknown,
        404 | 410 if call == Call::ShopRead => Verdict::Gone,
        // The id is gone, unless the path has never been right.
        404 | 410 if call.names_remote_id() && circumstances.proven => Verdict::Park,
        // Refused credentials, a wrong path, an address that moved: no fault of the message, so it must not be lost for it.
        300..=399 | 401 | 403 | 404 | 405 | 410 => Verdict::Mend,
        // A wrong account or path may be answered so, too. Once the call has worked, it is the message's fault.
        400 if !circumstances.proven => Verdict::Mend,
        // A log-in says nothing about the message that needs it. OAuth servers refuse credentials with 400, too (RFC 6749,
        // section 5.2).
        400..=499 if call.is_login() => Verdict::Mend,
        400..=499 => Verdict::Park,
        // 5xx, and what is not a status.
        _ => perhaps_done,
    }
}

enum Next {
    At(Timestamp),
    Exhausted,
    BeyondLimit,
}

/// The next attempt: after `wait`, and never before the instant the destination asked for.
fn next(outcome: &Outcome, circumstances: &Circumstances, wait: Duration, limit: SignedDuration) -> Next {
    let Circumstances { sent_at, now, .. } = *circumstances;
    let end = after(sent_at, limit);
    if now >= end {
        return Next::Exhausted;
    }
    let asked_for = outcome.as_ref().ok().and_then(|response| asked_for(response, now));
    if asked_for.is_some_and(|instant| instant > end) {
        return Next::BeyondLimit;
    }
    let ours = after(now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX));
    Next::At(asked_for.map_or(ours, |instant| instant.max(ours)))
}

/// Exponential with full jitter: anything between now and a limit that doubles with each attempt, so that deliveries
/// that failed together do not come back together.
fn backoff(circumstances: &Circumstances) -> Duration {
    let doubled = 1u32.checked_shl(circumstances.attempt).and_then(|factor| BACKOFF_FIRST.checked_mul(factor));
    let limit = doubled.map_or(BACKOFF_MAX, |doubled| doubled.min(BACKOFF_MAX));
    let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(circumstances.random % millis.saturating_add(1))
}

fn after(instant: Timestamp, wait: SignedDuration) -> Timestamp {
    instant.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// A person has to mend something: the failure says what. Refused credentials speak for themselves.
fn with_settings(call: Call, failure: Failure) -> Failure {
    if matches!(failure.status, Some(401 | 403)) || call.is_login() {
        return failure;
    }
    let answered = if failure.detail.is_empty() { String::new() } else { format!("; answered: {}", failure.detail) };
    Failure { detail: text::safe(&format!("look at {}{answered}", call.settings()), DETAIL), ..failure }
}

/// What happened, safe to store. `reason` is why there is no further attempt.
fn describe(call: Call, outcome: &Outcome, reason: Option<&str>) -> Failure {
    let (code, status, words) = match outcome {
        // It might repeat the user name and the password.
        Ok(response) if call.is_login() => (None, Some(response.status), String::new()),
        Ok(response) => (None, Some(response.status), String::from_utf8_lossy(&response.body).into_owned()),
        Err(CallError::NotSent(words)) => (Some("not_sent"), None, words.clone()),
        Err(CallError::NoAnswer(words)) => (Some("no_answer"), None, words.clone()),
    };
    let code = reason.or(code).map_or_else(|| format!("http_{}", status.unwrap_or_default()), str::to_owned);
    Failure { code, status, detail: text::safe(&words, DETAIL) }
}

#[cfg(test)]
mod tests;
