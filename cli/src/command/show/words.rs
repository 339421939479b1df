//! Ledger rows in plain words.

use jiff::{SignedDuration, Timestamp};
use relay::{
    ledger::{Attempts, Attention, Callbacks, Consent, LastError, PendingPromotion, Poll, Purpose, Row, State},
    message::Kind,
    shop::ShopName,
};
use serde_json::json;

use super::connection;
use crate::{installation::QueueCount, output, table::visible};

/// Everything about one row, a line each.
pub(crate) fn describe(row: &Row, now: Timestamp) -> String {
    let mut lines = match &row.connection {
        Some(known) => connection::lines(known, now),
        None => vec![("State", standing(row))],
    };
    lines.extend(row.attention.map(|why| ("Attention", format!("{}; {}", attention(why), advice(why, row)))));
    lines.extend(row.due.map(|due| ("Next", format!("{} {}", purpose(due.purpose, row), when(due.at, now)))));
    lines.extend(row.not_before.filter(|at| *at > now).map(|at| ("Not before", when(at, now))));
    lines.extend(row.lease.as_ref().filter(|lease| lease.until > now).map(|lease| {
        ("In hand", format!("a worker has it, {} at the latest it is free again", when(lease.until, now)))
    }));
    lines.extend(row.revision.map(|revision| {
        let source = revision.time.map_or_else(|| "none of the shop's".to_owned(), output::time);
        ("Revision", format!("{source}, received {}", output::time(revision.received_at)))
    }));
    lines.extend(row.order_number.as_ref().map(|number| ("Number", visible(number))));
    lines.extend(row.order_status.map(|status| ("Status sent", status.name().to_owned())));
    lines.extend(row.consent.map(|consent| ("Consent", consent_words(consent).to_owned())));
    lines.extend(row.promotion.as_ref().map(|plan| ("Plan", promotion(plan, now))));
    lines.extend(steps(row).map(|steps| ("Done", steps)));
    lines.extend(row.remote_id.as_ref().map(|id| ("Their id", visible(id))));
    lines.extend(row.poll.as_ref().map(|poll| ("Sending out", dispatch(poll))));
    lines.extend(row.callbacks.as_ref().map(|owed| ("To tell", callbacks(owed, now))));
    lines.extend(tries(row).map(|tries| ("Tries", format!("{tries} failed"))));
    lines.extend(row.last_error.as_ref().map(|_| ("Last error", last_error(row, now))));
    lines.push(("First", when(row.first_at, now)));
    lines.push(("Last", when(row.last_at, now)));
    lines.extend(row.expires_at.map(|at| ("Forgotten", when(at, now))));
    let body: Vec<String> = lines.into_iter().map(|(label, text)| format!("  {label:<11}  {text}\n")).collect();
    format!("{}\n{}", title(row), body.concat())
}

fn title(row: &Row) -> String {
    let kind = match row.key.kind {
        Kind::Login => "log-in",
        kind => kind.name(),
    };
    let owner = row.key.shop.as_ref().map_or_else(|| "the installation".to_owned(), ToString::to_string);
    format!("{kind} {} of {owner} -> {}", visible(&row.key.subject), row.key.destination)
}

fn when(at: Timestamp, now: Timestamp) -> String {
    format!("{} ({})", output::time(at), output::distance(at, now))
}

/// Where the row stands, in one line.
pub(crate) fn standing(row: &Row) -> String {
    let parked = match (row.attention, &row.letter, row.attempts.is_empty()) {
        (Some(_), ..) => state(State::Parked),
        (None, Some(_), _) | (None, None, false) => "was given up, and is to be delivered again",
        (None, None, true) => "given up; nobody has to look",
    };
    let words = if row.state == State::Parked { parked } else { state(row.state) };
    format!("{}: {words}", row.state.name())
}

const fn state(state: State) -> &'static str {
    match state {
        State::Open => "being delivered, or waiting for another try",
        State::Scheduled => "waits for its time",
        State::Intended => "a call that cannot be undone is being made",
        State::Sent => "WEBSALE is sending it out",
        State::Delivered => "done",
        State::Suppressed => "withheld by a rule",
        State::Cancelled => "cancelled before anything was sent",
        State::TooLate => "changed or cancelled after it was sent",
        State::Parked => "given up; the message is in the dead-letter queue",
        State::OutcomeUnknown => "nobody can say whether it was sent",
    }
}

const fn attention(why: Attention) -> &'static str {
    match why {
        Attention::OutcomeUnknown => "the call's outcome is unknown",
        Attention::Parked => "given up",
        Attention::ConfigurationFault => "the shop's settings are wrong; deliveries wait",
        Attention::CredentialsRefused => "the destination refuses our credentials; deliveries wait",
        Attention::WithdrawalNotExpressible => "a withdrawal of consent that the settings cannot express",
        Attention::PollDeadline => "its end was not seen in time",
        Attention::ErasureByHand => "forgotten here; the rest is to be done by hand",
        Attention::Paused => "paused; deliveries wait",
        Attention::CallbackFailed => "the shop could not be told what became of it",
        Attention::DataRequest => "a person wants to know what is held about them",
    }
}

fn advice(why: Attention, row: &Row) -> String {
    let text = match why {
        Attention::OutcomeUnknown => {
            let name = name(row);
            return format!(
                "look at the destination whether it was sent, then `shoprelay resolve {name} --as sent`, or not-sent"
            );
        }
        Attention::Parked => {
            let Some(event_id) = &row.letter else {
                return "mend the cause of the last error, then `shoprelay dead list` and `dead redrive`".to_owned();
            };
            return format!(
                "mend the cause of the last error, then `shoprelay dead redrive {event_id}`; or `dead drop` gives it up"
            );
        }
        Attention::ConfigurationFault => {
            "mend the secret that the last error names; the next probe is within 15 minutes"
        }
        Attention::CredentialsRefused => {
            let shop = row.key.shop.as_ref().map_or("SHOP", ShopName::as_str);
            return format!(
                "mend the credentials (`shoprelay shop add {shop} --replace`), then `shoprelay shop check {shop}`"
            );
        }
        Attention::WithdrawalNotExpressible => {
            let redrive = row.letter.as_ref().map(|event_id| format!(", then `shoprelay dead redrive {event_id}`"));
            return format!(
                "unsubscribe the person at Websand by hand, then `shoprelay resolve {} --as done`; or set \
                 consent.withdrawn in the websand secret{}",
                name(row),
                redrive.unwrap_or_default()
            );
        }
        Attention::Paused => {
            let shop = row.key.shop.as_ref().map_or("SHOP", ShopName::as_str);
            return format!("`shoprelay resume {shop} {}` lets them go on", row.key.destination);
        }
        Attention::CallbackFailed => {
            return by_hand("tell the shop, and mend what the last error names of its `status_callback`", row);
        }
        Attention::PollDeadline => return by_hand("look at WEBSALE how the push ended", row),
        Attention::ErasureByHand => return by_hand("do what the receipt lists under \"to be done by hand\"", row),
        Attention::DataRequest => return by_hand("answer the person; the receipt lists what is held here", row),
    };
    text.to_owned()
}

/// What is to be done by hand, and how to say that it is.
fn by_hand(what: &str, row: &Row) -> String {
    format!("{what}, then `shoprelay resolve {} --as done`", name(row))
}

/// The row as `show` and `resolve` call it.
pub(crate) fn name(row: &Row) -> String {
    let shop = row.key.shop.as_ref().map_or("SHOP", ShopName::as_str);
    format!("{shop}/{}/{}", row.key.kind.name(), row.key.subject)
}

const fn consent_words(consent: Consent) -> &'static str {
    match consent {
        Consent::Granted => "granted",
        Consent::Withdrawn => "withdrawn",
    }
}

fn purpose(purpose: Purpose, row: &Row) -> &'static str {
    match purpose {
        Purpose::Send if is_quiet_before(row) => "goes out after the quiet hours,",
        // It was put on the queue, or its hour was moved.
        Purpose::Send if row.promotion.as_ref().and_then(|plan| plan.send_at) < row.due.map(|due| due.at) => {
            "is looked at again"
        }
        Purpose::Send => "goes out",
        Purpose::Poll => "is asked about",
        Purpose::Attention => "needs a person since",
        Purpose::Erased => "was forgotten",
    }
}

/// Whether the push waits for the end of the shop's quiet hours.
fn is_quiet_before(row: &Row) -> bool {
    let Some((plan, due)) = row.promotion.as_ref().zip(row.due) else { return false };
    let Some(quiet) = plan.quiet_hours.as_ref().filter(|_| plan.send_at < Some(due.at)) else { return false };
    due.at.checked_sub(SignedDuration::from_secs(1)).is_ok_and(|before| quiet.end(before) == Some(due.at))
}

fn promotion(plan: &PendingPromotion, now: Timestamp) -> String {
    let channel = channel(plan);
    let send = plan.send_at.map(|at| format!(", to be sent {}", when(at, now))).unwrap_or_default();
    let before = plan.send_before.map(|at| format!(", not after {}", output::time(at))).unwrap_or_default();
    let draft = if plan.draft { ", a draft" } else { "" };
    format!("{channel}{send}{before}{draft}")
}

/// The channel as events write it.
fn channel(plan: &PendingPromotion) -> String {
    json!(plan.channel).as_str().unwrap_or_default().replace('_', " ")
}

fn steps(row: &Row) -> Option<String> {
    let steps = [("created", row.steps.created), ("activated", row.steps.activated), ("sent", row.steps.sent)];
    let done: Vec<&str> = steps.into_iter().filter(|(_, done)| *done).map(|(step, _)| step).collect();
    (!done.is_empty()).then(|| done.join(", "))
}

fn dispatch(poll: &Poll) -> String {
    let count = |name: &str, value: Option<u64>| value.map(|value| format!("{value} {name}"));
    let parts = [
        poll.status.as_deref().map(visible),
        count("receivers", poll.receivers),
        count("sent", poll.sent),
        count("failed", poll.errors),
        poll.error.as_deref().map(|error| format!("error: {}", visible(error))),
    ];
    let told = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("{} (asked {} times)", if told.is_empty() { "no status yet" } else { &told }, poll.asked)
}

/// What the shop has yet to be told.
fn callbacks(callbacks: &Callbacks, now: Timestamp) -> String {
    let statuses: Vec<&str> = callbacks.owed.iter().map(|owed| owed.status.name()).collect();
    format!("{} {}, failed {} times", statuses.join(", "), when(callbacks.at, now), callbacks.failed)
}

/// Attempts that failed, orderly or not, over all events of the subject that are not settled.
pub(crate) fn tries(row: &Row) -> Option<u32> {
    let of_event = |tries: &Attempts| u32::from(tries.unfinished) + u32::from(tries.failed);
    (!row.attempts.is_empty()).then(|| row.attempts.values().map(of_event).sum())
}

fn last_error(row: &Row, now: Timestamp) -> String {
    row.last_error.as_ref().map_or_else(String::new, |error| {
        let detail = if error.detail.is_empty() { String::new() } else { format!(": {}", visible(&error.detail)) };
        format!("{}{detail}, {}", code(error), when(error.at, now))
    })
}

/// The code with the status, unless the code says it: `permanent (HTTP 422)`, `http_503`.
fn code(error: &LastError) -> String {
    let code = visible(&error.code);
    match error.status {
        Some(status) if !code.starts_with("http_") => format!("{code} (HTTP {status})"),
        _ => code,
    }
}

/// The row's state in one word.
pub(crate) fn state_name(row: &Row) -> &'static str {
    row.connection.as_ref().map_or_else(|| row.state.name(), connection::state_name)
}

/// Why the row is listed: what a person has to look at, and the last error.
pub(crate) fn why(row: &Row) -> String {
    let is_told = row.attention != Some(Attention::CallbackFailed);
    let is_over = row.state == State::Delivered && row.connection.is_none() && is_told;
    let error = row.last_error.as_ref().filter(|_| !is_over);
    // Which secret or setting is wrong says more than that one is.
    let is_wrong = row.attention == Some(Attention::ConfigurationFault);
    let named = |error: &LastError| {
        let tells = (is_wrong || error.code.starts_with("secret_")) && !error.detail.is_empty();
        if tells { visible(&error.detail) } else { code(error) }
    };
    let parts = [row.attention.map(attention).map(str::to_owned), error.map(named)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// One destination's queues in one line.
pub(crate) fn queue(count: &QueueCount, now: Timestamp) -> String {
    let oldest = count.oldest.map(|at| format!(" (the oldest came {})", output::distance(at, now))).unwrap_or_default();
    let in_hand = count.in_hand.map(|number| format!(", {number} in hand or put back")).unwrap_or_default();
    format!("Queue {}: {} waiting{oldest}{in_hand}, {} dead letters", count.destination, count.waiting, count.dead)
}
