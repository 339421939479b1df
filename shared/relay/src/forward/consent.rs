//! Consent is a subject of its own: what a person decided last is one row, whatever told of it, and Websand is told
//! every decision once. A person who withdrew is never signed up again by anything older.
//!
//! The row holds the newest decision, when it was made, and whether Websand knows of it: `delivered` means told. Rows of
//! decisions have no end, for what is forgotten would be told again: the next change of a customer's data says once more
//! that they once subscribed, and would sign up those who have unsubscribed at Websand since.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::{
    erase::tombstone,
    event::{Customer, Order},
    ledger::{Attention, Consent, Row, State, transition::Relevance},
    message::{Kind, RowKey},
    revision::Revision,
    shop::{Destination, ShopName},
};

/// The row of a person's decision.
pub(super) fn row_key(shop: &ShopName, customer_key: String) -> RowKey {
    RowKey { shop: Some(shop.clone()), destination: Destination::Websand, kind: Kind::Consent, subject: customer_key }
}

/// What an event says that a person decided, and when.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub(super) consent: Consent,
    revision: Revision,
    /// It tells of the person doing something, rather than of how things stand.
    is_act: bool,
    of_order: bool,
}

impl Decision {
    /// A customer event's. Without a time of its own the decision is as old as the event.
    pub(super) fn of_customer(customer: &Customer, event: Revision) -> Option<Self> {
        let consent = if customer.marketing_consent? { Consent::Granted } else { Consent::Withdrawn };
        let revision = of_decision(customer.consent_at.or(event.time), event);
        Some(Self { consent, revision, is_act: customer.consent_at.is_some(), of_order: false })
    }

    /// A placed order's, which can only be a grant. Without a time of its own it was made with the order: the order's
    /// revision may be later, and a withdrawal may lie between.
    ///
    /// It is written down as any other, so that a withdrawal told once more, as every change of a customer's data may do,
    /// does not undo a newer sign-up. That still errs on the side of not mailing: at the same time a withdrawal wins.
    pub(super) fn of_order(order: &Order, event: Revision) -> Option<Self> {
        if order.customer.marketing_consent != Some(true) {
            return None;
        }
        let time = order.customer.consent_at.unwrap_or(order.placed_at);
        Some(Self { consent: Consent::Granted, revision: of_decision(Some(time), event), is_act: true, of_order: true })
    }

    /// Older, the same, or newer than what the row knows. Decisions compare by when they were made, and by their receipt
    /// only where a time is missing; at the same time a withdrawal wins.
    fn compare(&self, row: &Row) -> Ordering {
        let (Some(consent), Some(known)) = (row.consent, row.revision) else { return Ordering::Greater };
        let by_time = match (self.revision.believed_time(), known.believed_time()) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            _ => self.revision.received_at.cmp(&known.received_at),
        };
        let weight = |consent| u8::from(consent == Consent::Withdrawn);
        by_time.then(weight(self.consent).cmp(&weight(consent)))
    }

    /// Whether Websand is to be told. `expressible` is whether the shop's settings have words for it.
    pub(super) fn relevance(&self, row: &Row, event_id: &str, expressible: bool) -> Relevance {
        // A new event about a person who was forgotten may carry a grant from before.
        if self.consent == Consent::Granted && tombstone::stops_event(Some(row), &self.revision) {
            return Relevance::Superseded;
        }
        let order = self.compare(row);
        let same = row.consent == Some(self.consent);
        let news = order == Ordering::Greater && (self.is_act || !same);
        if row.state == State::Parked && same && !news {
            // Told of again, it gets another try, unless the settings are as they were. The parked event itself is kept
            // with the row, so that a person who redrives it too early does not lose it.
            let is_vain = row.attention == Some(Attention::WithdrawalNotExpressible)
                && !expressible
                && !row.attempts.contains_key(event_id);
            return match (is_vain, order) {
                (false, _) => Relevance::Open,
                (true, Ordering::Greater) => Relevance::Record(self.revision),
                (true, _) => Relevance::Superseded,
            };
        }
        match order {
            Ordering::Less => Relevance::Superseded,
            _ if news || row.state != State::Delivered => Relevance::Open,
            Ordering::Equal => Relevance::Superseded,
            Ordering::Greater => Relevance::Record(self.revision),
        }
    }

    /// Writes the decision down, if it is the newest.
    pub(super) fn note(&self, row: &mut Row) {
        if self.compare(row) == Ordering::Greater {
            (row.consent, row.revision, row.state) = (Some(self.consent), Some(self.revision), State::Open);
        }
    }

    /// Whether the row holds this decision, whoever brought it.
    pub(super) fn is_that_of(&self, row: &Row) -> bool {
        row.consent == Some(self.consent) && self.compare(row) == Ordering::Equal
    }

    /// Whether an order can leave it to another event that is just being delivered: the same sign-up commonly comes with
    /// the order, with the customer and on its own, all at once.
    ///
    /// Never if this event may be the one that holds the row: its worker vanished, or never heard that it has it. Nobody
    /// else would tell then.
    pub(super) fn is_left_to(&self, row: &Row, event_id: &str, now: Timestamp) -> bool {
        let is_leased = row.lease.as_ref().is_some_and(|lease| lease.until > now);
        self.of_order && is_leased && !row.attempts.contains_key(event_id) && self.compare(row) != Ordering::Greater
    }
}

/// Neither rank nor sequence of an event say anything about a decision's age.
fn of_decision(time: Option<Timestamp>, event: Revision) -> Revision {
    Revision { time, received_at: event.received_at, rank: 0, sequence: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Attempts, Lease};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn decision(consent: Consent, time: i64, received: i64) -> Decision {
        let event = Revision { time: None, received_at: at(received), rank: 3, sequence: Some(1) };
        Decision { consent, revision: of_decision(Some(at(time)), event), is_act: true, of_order: false }
    }

    /// The row after this decision, told or not.
    fn row(told: bool, decision: &Decision) -> Row {
        let mut row = Row::new(row_key(&"acme".parse().unwrap(), "k".into()), at(0));
        decision.note(&mut row);
        row.state = if told { State::Delivered } else { State::Open };
        row
    }

    #[test]
    fn an_older_or_simultaneous_grant_never_undoes_a_withdrawal() {
        for told in [false, true] {
            let withdrawn = row(told, &decision(Consent::Withdrawn, 100, 101));
            let relevance = |time| decision(Consent::Granted, time, 500).relevance(&withdrawn, "e", true);
            assert_eq!([99, 100, 101].map(relevance), [Relevance::Superseded, Relevance::Superseded, Relevance::Open]);
        }
    }

    #[test]
    fn a_withdrawal_undoes_an_older_or_simultaneous_grant() {
        let granted = row(true, &decision(Consent::Granted, 100, 101));
        let relevance = |time| decision(Consent::Withdrawn, time, 102).relevance(&granted, "e", true);
        assert_eq!([99, 100, 101].map(relevance), [Relevance::Superseded, Relevance::Open, Relevance::Open]);
    }

    #[test]
    fn what_was_told_is_not_told_again_and_what_was_not_is() {
        let first = decision(Consent::Granted, 100, 101);
        let again = decision(Consent::Granted, 100, 500);
        assert_eq!(again.relevance(&row(true, &first), "e", true), Relevance::Superseded);
        assert_eq!(again.relevance(&row(false, &first), "e", true), Relevance::Open);
    }

    #[test]
    fn decisions_without_a_time_are_as_old_as_their_receipt() {
        let untimed = |consent, received| {
            let event = Revision { time: None, received_at: at(received), rank: 0, sequence: None };
            Decision { revision: of_decision(None, event), ..decision(consent, 0, received) }
        };
        for withdrawn in [untimed(Consent::Withdrawn, 200), decision(Consent::Withdrawn, 150, 200)] {
            let row = row(true, &withdrawn);
            let relevance = |received| untimed(Consent::Granted, received).relevance(&row, "e", true);
            assert_eq!([199, 200, 201].map(relevance), [Relevance::Superseded, Relevance::Superseded, Relevance::Open]);
        }
    }

    #[test]
    fn an_order_leaves_its_sign_up_to_another_event_and_never_to_itself() {
        let sign_up = |time| Decision { of_order: true, ..decision(Consent::Granted, time, 101) };
        let mut row = row(false, &sign_up(100));
        assert!(!sign_up(100).is_left_to(&row, "e", at(110)), "nobody is at it");
        row.lease = Some(Lease { token: "t".into(), until: at(175) });
        row.attempts.insert("other".into(), Attempts::default());
        assert!(sign_up(100).is_left_to(&row, "e", at(110)));
        assert!(!sign_up(101).is_left_to(&row, "e", at(110)), "it is another one");
        assert!(!decision(Consent::Granted, 100, 101).is_left_to(&row, "e", at(110)), "it is no order's");
        assert!(!sign_up(100).is_left_to(&row, "other", at(110)), "its worker vanished with the row in hand");
        assert!(!sign_up(100).is_left_to(&row, "e", at(176)), "the lease is over");
    }

    #[test]
    fn that_things_still_stand_so_is_recorded_and_not_told() {
        let known = row(true, &decision(Consent::Granted, 100, 101));
        let still = Decision { is_act: false, ..decision(Consent::Granted, 200, 201) };
        assert_eq!(still.relevance(&known, "e", true), Relevance::Record(still.revision));
        let anew = decision(Consent::Granted, 200, 201);
        assert_eq!(anew.relevance(&known, "e", true), Relevance::Open);
    }
}
