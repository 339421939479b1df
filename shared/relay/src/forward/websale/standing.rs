//! Where a promotion stands, and which events still have something to say about it. Pure functions over the row.

use std::cmp::Ordering;

use crate::{
    event::Channel,
    forward::attempt::Attempt,
    ledger::{PendingPromotion, Plan, Row, State, transition::Relevance},
    revision::Revision,
};

/// The newest revision the row knows: of what was delivered or cancelled, or of what is under way.
pub(crate) fn newest(row: &Row) -> Option<Revision> {
    let pending = row.promotion.as_ref().map(|promotion| promotion.revision);
    match (row.revision, pending) {
        (Some(known), Some(pending)) if pending.is_newer_than(&known) => Some(pending),
        (Some(known), _) => Some(known),
        (None, pending) => pending,
    }
}

/// The row has heard of this revision; nothing else follows from it.
pub(super) fn record(row: &mut Row, revision: Revision) {
    if newest(row).is_none_or(|known| revision.is_newer_than(&known)) {
        row.revision = Some(revision);
    }
}

/// Whether the promotion went out to devices, or may have. From then on it is never sent again.
pub(super) fn is_out(row: &Row) -> bool {
    row.steps.sent || plan(row).is_some() || matches!(row.state, State::Intended | State::Sent | State::OutcomeUnknown)
}

/// Whether the promotion goes out in chunks and has not begun all of them. It cannot be changed any more, only called off.
pub(super) fn is_going_out(row: &Row) -> bool {
    matches!(row.state, State::Scheduled | State::Parked) && plan(row).is_some()
}

/// Whether the row has heard of something newer than what went out.
pub(super) fn is_overtaken(row: &Row) -> bool {
    let pending = row.promotion.as_ref().map(|promotion| promotion.revision);
    matches!((row.revision, pending), (Some(known), Some(pending)) if known.is_newer_than(&pending))
}

fn plan(row: &Row) -> Option<&Plan> {
    row.promotion.as_ref().and_then(|promotion| promotion.plan.as_ref())
}

/// Whether the row's promotion is of another channel than this.
pub(super) fn has_other_channel(row: &Row, channel: Channel) -> bool {
    row.promotion.as_ref().is_some_and(|promotion| promotion.channel != channel)
}

/// Whether a schedule or a cancellation still has something to do. Revisions decide, whatever order webhooks arrive in;
/// a newer one that asks for nothing new is recorded.
pub(super) fn of_event(row: &Row, attempt: &Attempt<'_>, asks_nothing_new: impl Fn(&Row) -> bool) -> Relevance {
    let Some(known) = newest(row) else { return Relevance::Open };
    match attempt.revision.compare(&known) {
        Ordering::Equal if is_unsettled(row, attempt) => Relevance::Open,
        // Chunks are on their way, and what is newer did not change that.
        Ordering::Less if is_going_out(row) && is_pending(row, attempt) && is_unsettled(row, attempt) => {
            Relevance::Open
        }
        // The same event, received once more while it was at work: whichever message is left has to end it.
        Ordering::Less if attempt.revision.is_received_again(&known) && is_unsettled(row, attempt) => Relevance::Open,
        Ordering::Less | Ordering::Equal => Relevance::Superseded,
        // A person decides first; the revision tells that it is not what the shop wants any more.
        Ordering::Greater if row.state == State::OutcomeUnknown => Relevance::Record(attempt.revision),
        // Whatever is at work on the row would find itself overtaken: the newest goes on with it.
        Ordering::Greater if row.attempts.is_empty() && asks_nothing_new(row) => Relevance::Record(attempt.revision),
        Ordering::Greater => Relevance::Open,
    }
}

/// The same for a schedule of a promotion whose chunks are on their way: what is newer comes too late, which is remembered
/// unless it says what is going out.
pub(super) fn of_change(row: &Row, attempt: &Attempt<'_>, of_event: Relevance, is_same: bool) -> Relevance {
    let pending = row.promotion.as_ref().map(|promotion| promotion.revision);
    let is_change = is_going_out(row) && pending.is_some_and(|pending| attempt.revision.is_newer_than(&pending));
    match of_event {
        Relevance::Open | Relevance::Record(_) if is_change && is_same => Relevance::Superseded,
        Relevance::Open if is_change => Relevance::Record(attempt.revision),
        other => other,
    }
}

/// Whether the event is the one the row is working towards.
fn is_pending(row: &Row, attempt: &Attempt<'_>) -> bool {
    row.promotion.as_ref().is_some_and(|promotion| attempt.revision.compare(&promotion.revision) == Ordering::Equal)
}

/// Whether a promotion that was found due still is.
pub(super) fn of_due(row: &Row, revision: Revision, attempt: &Attempt<'_>) -> Relevance {
    let waits = row.state == State::Scheduled || is_redriven(row, attempt);
    match &row.promotion {
        Some(promotion) if promotion.revision == revision && waits => Relevance::Open,
        _ => Relevance::Superseded,
    }
}

/// Whether this event began and did not end, or was parked and is back.
fn is_unsettled(row: &Row, attempt: &Attempt<'_>) -> bool {
    row.attempts.contains_key(attempt.event_id) || is_redriven(row, attempt)
}

/// Whether an operator put a parked message back: then the row says so, or it was queued after it was parked.
fn is_redriven(row: &Row, attempt: &Attempt<'_>) -> bool {
    row.state == State::Parked && (attempt.received.sent_at > row.last_at || row.is_put_back(attempt.event_id))
}

/// A promotion that an operator put back waits again, until it ends anew.
pub(super) fn note_redrive(row: &mut Row) {
    if row.state == State::Parked {
        row.state = State::Scheduled;
        row.expires_at = None;
    }
}

/// Notes a cancellation before anything is done about it: from now on nothing goes out.
pub(super) fn note_cancellation(row: &mut Row, attempt: &Attempt<'_>) {
    if row.state == State::OutcomeUnknown {
        record(row, attempt.revision);
    }
    if is_out(row) {
        return;
    }
    row.revision = Some(attempt.revision);
    begin(row, State::Cancelled, attempt.event_id);
}

/// Stops the chunks that are not begun yet. Noted although somebody sends them right now: they look before each one.
pub(super) fn note_stop(row: &mut Row, attempt: &Attempt<'_>) {
    if let Some(plan) = row.promotion.as_mut().and_then(|promotion| promotion.plan.as_mut()) {
        plan.cancelled = true;
        record(row, attempt.revision);
        // Whoever comes back with the message has yet to settle it.
        row.attempts.entry(attempt.event_id.to_owned()).or_default();
    }
}

/// The row is at work for this event now; nothing is due.
pub(super) fn begin(row: &mut Row, state: State, event_id: &str) {
    row.state = state;
    row.due = None;
    row.expires_at = None;
    row.attempts.entry(event_id.to_owned()).or_default();
}

/// What is stored under which name, if anything is.
pub(super) fn stored_content(promotion: &PendingPromotion) -> Option<(&str, u32)> {
    promotion.content.as_deref().filter(|_| promotion.parts > 0).map(|name| (name, promotion.parts))
}
