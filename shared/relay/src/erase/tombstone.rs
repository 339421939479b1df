//! Which events a person's erasure stops: a pure rule over the row of the person's decision.
//!
//! An order is dated by when it was placed, whatever changes it later; everything else by its revision. A source's clock
//! may be wrong: what came in before the erasure is never dated after it. What is dated at the very instant is stopped.

use jiff::Timestamp;

use crate::{
    event::Order,
    ledger::{Row, State},
    revision::Revision,
};

/// Whether an order is older than its buyer's erasure. `decision` is the row of the buyer's decision (kind `consent`).
pub fn stops_order(decision: Option<&Row>, order: &Order, received_at: Timestamp) -> bool {
    stops(decision, order.placed_at.min(received_at))
}

/// Whether an event about the person, or a decision, is older than the person's erasure.
pub fn stops_event(decision: Option<&Row>, revision: &Revision) -> bool {
    stops(decision, dated(revision))
}

/// When an event is dated: by its source as far as that is believed, else by its receipt.
pub fn dated(revision: &Revision) -> Timestamp {
    revision.believed_time().unwrap_or(revision.received_at).min(revision.received_at)
}

fn stops(decision: Option<&Row>, dated: Timestamp) -> bool {
    decision.and_then(|row| row.erased_at).is_some_and(|erased_at| dated <= erased_at)
}

/// The row of a person's decision once everything dated until `erased_at` is to be left alone. A decision made later
/// stays. An erasure never moves back.
pub fn of(stored: Row, erased_at: Timestamp, now: Timestamp) -> Row {
    let erased_at = stored.erased_at.map_or(erased_at, |known| known.max(erased_at));
    let is_newer = stored.revision.is_some_and(|revision| dated(&revision) > erased_at);
    let mut row = Row { erased_at: Some(erased_at), expires_at: None, last_at: now, ..stored };
    if !is_newer {
        row.state = State::Suppressed;
        row.consent = None;
        row.revision = None;
        row.content_hash = None;
        row.last_error = None;
        row.attention = None;
        row.not_before = None;
        // A worker that is just telling it to Websand finds that there is nothing to note any more.
        row.lease = None;
        row.attempts.clear();
        row.first_at = erased_at;
    }
    row
}
