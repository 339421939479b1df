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

/// The row of a person's decision once an event from before their erasure has come back. If the decision that the row holds
/// is as old and was given up, its letter or that of its event was put back: nothing is told of it any more. Nothing if the
/// row goes on, or still calls a person.
pub fn rested(row: &Row, now: Timestamp) -> Option<Row> {
    let is_given_up = row.state == State::Parked && row.attention.is_none() && row.lease.is_none();
    let is_stopped = row.revision.is_some_and(|revision| stops_event(Some(row), &revision));
    let erased_at = row.erased_at.filter(|_| is_given_up && is_stopped)?;
    Some(of(row.clone(), erased_at, now))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::ledger::{Attention, Consent, Lease};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn told(second: i64) -> Revision {
        Revision { time: Some(at(second)), received_at: at(second), rank: 0, sequence: None }
    }

    fn row(decided: i64) -> Row {
        let mut row = Row::new("acme#websand#consent#k".parse().unwrap(), at(0));
        (row.consent, row.revision) = (Some(Consent::Granted), Some(told(decided)));
        row.lease = Some(Lease { token: "t".into(), until: at(1000) });
        row
    }

    #[test]
    fn a_worker_that_is_just_telling_the_decision_has_nothing_to_note() {
        let tomb = of(row(100), at(100), at(200));
        assert_eq!((tomb.lease, tomb.consent, tomb.revision, tomb.state), (None, None, None, State::Suppressed));
        let later = of(row(101), at(100), at(200));
        assert!(later.lease.is_some() && later.consent.is_some() && later.erased_at == Some(at(100)));
    }

    #[test]
    fn a_decision_from_before_rests_once_it_is_put_back_and_calls_nobody() {
        let put_back = Row { state: State::Parked, lease: None, erased_at: Some(at(100)), ..row(100) };
        let rested_row = rested(&put_back, at(200)).unwrap();
        assert_eq!((rested_row.state, rested_row.consent, rested_row.revision), (State::Suppressed, None, None));
        let goes_on = [
            Row { attention: Some(Attention::WithdrawalNotExpressible), ..put_back.clone() },
            Row { lease: row(100).lease, ..put_back.clone() },
            Row { state: State::Open, ..put_back.clone() },
            Row { erased_at: Some(at(99)), ..put_back.clone() },
            Row { erased_at: None, ..put_back },
        ];
        assert_eq!(goes_on.map(|row| rested(&row, at(200))), [const { None }; 5]);
    }

    #[test]
    fn a_clock_that_is_ahead_dates_nothing_after_its_receipt() {
        let ahead = Revision { time: at(100).checked_add(SignedDuration::from_mins(4)).ok(), ..told(100) };
        assert_eq!(dated(&ahead), at(100));
        assert!(stops_event(Some(&of(row(0), at(100), at(200))), &ahead));
        assert!(!stops_event(Some(&of(row(0), at(99), at(200))), &ahead));
    }
}
