//! What an operator does with a dead letter, as far as its row is concerned. Pure.
//!
//! A row names the event whose letter made it `parked`. Once the letter is put back the row needs nobody, and whoever
//! delivers the message finds it as it was parked: neither its state nor its times are touched, for by them is told that
//! the message is newer than its parking.

use jiff::Timestamp;

use super::{Attention, Row, State, transition::end};
use crate::message::Kind;

impl Row {
    /// Whether this event's message is in the dead-letter queue, and nothing else has become of the row since.
    pub fn has_letter(&self, event_id: &str) -> bool {
        // Rows of earlier versions do not name the event.
        let is_named = self.letter.as_deref().map_or(self.attention.is_some(), |letter| letter == event_id);
        self.state == State::Parked && is_named
    }

    /// Whether this event's message was put back from the dead-letter queue and has not come to an end again.
    pub fn is_put_back(&self, event_id: &str) -> bool {
        self.state == State::Parked && self.attention.is_none() && self.letter.as_deref() == Some(event_id)
    }
}

/// The letter was put back on the queue. Nothing if the row has nothing to do with it.
pub fn put_back(mut row: Row, event_id: &str, now: Timestamp) -> Option<Row> {
    if !row.has_letter(event_id) {
        return None;
    }
    row.letter = Some(event_id.to_owned());
    row.attention = None;
    // It is retried for days, and is not to be forgotten before.
    row.expires_at = end(&row, now);
    Some(row)
}

/// The letter was deleted: the event is given up for good, and nobody has to look. Nothing if the row has nothing to do
/// with it.
pub fn dropped(mut row: Row, event_id: &str) -> Option<Row> {
    if !row.has_letter(event_id) {
        return None;
    }
    row.letter = None;
    row.attempts.remove(event_id);
    // What is to be done by hand stays to be done.
    row.attention = row.attention.filter(|why| *why == Attention::WithdrawalNotExpressible);
    Some(row)
}

/// The event of the row's letter came back, and the row knows of something newer: nobody has to look for its sake, even if
/// the row has not heard that the letter was put back. Tells whether it was the row's.
pub(super) fn overtaken(row: &mut Row, event_id: &str) -> bool {
    let is_by_hand = row.attention == Some(Attention::WithdrawalNotExpressible);
    if row.state != State::Parked || row.letter.as_deref() != Some(event_id) || is_by_hand {
        return false;
    }
    row.letter = None;
    row.attention = row.attention.filter(|why| *why != Attention::Parked);
    if matches!(row.key.kind, Kind::Order | Kind::Customer) {
        // Of data, what is newer was delivered, or says what was delivered before.
        row.state = State::Delivered;
        row.last_error = None;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{
            Change, Lease,
            transition::{Claim, Claimant, RETENTION, Relevance, claim, parked},
        },
        retry::Failure,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn given_up(attention: Attention) -> Row {
        let row = Row::new("acme#websand#order#1".parse().unwrap(), at(0));
        let failure = Failure { code: "permanent".into(), status: Some(422), detail: String::new() };
        parked(row, "e", &failure, attention, at(10))
    }

    #[test]
    fn what_is_put_back_needs_nobody_and_keeps_the_time_of_its_parking() {
        let parked = given_up(Attention::Parked);
        assert!(parked.has_letter("e") && !parked.is_put_back("e"));
        let back = put_back(parked.clone(), "e", at(500)).unwrap();
        assert!(back.is_put_back("e") && back.index().is_none());
        let expires_at = at(500).checked_add(RETENTION).ok();
        assert_eq!(back, Row { attention: None, expires_at, ..parked });
        assert_eq!(put_back(back.clone(), "e", at(500)), Some(back), "twice is as good as once");
    }

    #[test]
    fn what_is_dropped_needs_nobody_unless_something_is_to_be_done_by_hand() {
        let gone = dropped(given_up(Attention::Parked), "e").unwrap();
        assert_eq!((gone.state, gone.attention, gone.letter.as_deref()), (State::Parked, None, None));
        assert!(!gone.has_letter("e") && !gone.is_put_back("e"));
        let by_hand = dropped(given_up(Attention::WithdrawalNotExpressible), "e").unwrap();
        assert_eq!(by_hand.attention, Some(Attention::WithdrawalNotExpressible));
        assert!(by_hand.attempts.is_empty());
    }

    #[test]
    fn what_comes_back_and_is_overtaken_leaves_nothing_to_look_at() {
        let parked = given_up(Attention::Parked);
        for before in [put_back(parked.clone(), "e", at(500)).unwrap(), parked.clone()] {
            let claimed = |event_id: &'static str| {
                let lease = Lease { token: "t".into(), until: at(600) };
                let key = &before.key;
                let by = Claimant { key, event_id, lease, held_until: None, sent_at: at(501), now: at(502) };
                claim(Some(&before), &by, |_| Relevance::Superseded)
            };
            let Change::Write(row, Claim::Superseded) = claimed("e") else { panic!("it stays parked") };
            assert_eq!((row.state, row.attention, row.letter, row.last_error), (State::Delivered, None, None, None));
            assert!(matches!(claimed("other"), Change::Keep(Claim::Superseded)));
        }
        let mut mended = Row { attention: Some(Attention::CredentialsRefused), ..parked };
        assert!(
            overtaken(&mut mended, "e") && mended.attention == Some(Attention::CredentialsRefused),
            "of another event"
        );
        assert!(!overtaken(&mut given_up(Attention::WithdrawalNotExpressible), "e"), "it is to be done by hand");
    }

    #[test]
    fn the_letter_of_another_event_or_of_a_row_that_went_on_changes_nothing() {
        let parked = given_up(Attention::Parked);
        let delivered = Row { state: State::Delivered, ..parked.clone() };
        for (row, event_id) in [(parked.clone(), "other"), (delivered, "e")] {
            assert_eq!((put_back(row.clone(), event_id, at(500)), dropped(row, event_id)), (None, None));
        }
        let of_before = Row { letter: None, ..parked };
        assert!(of_before.has_letter("e"), "it does not say which event");
        assert!(put_back(of_before, "e", at(500)).unwrap().is_put_back("e"));
    }
}
