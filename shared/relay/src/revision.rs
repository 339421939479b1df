//! Which of two events about one subject is the newer one.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far a source's clock may run ahead of ours before we stop believing it.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The age of an event among the events of its subject.
///
/// Two revisions compare by the source's `time` if both have one, else by the time we received them. A `time` more than
/// five minutes ahead of its receipt counts as the receipt. Ties are broken by rank, the platform's sequence and the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The source's own revision (`updated_at`), if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// When we received the webhook.
    pub received_at: Timestamp,
    /// What wins at equal `time`: event type first, then status (see [`crate::message::Message::revision`]).
    #[serde(default)]
    pub rank: u8,
    /// The platform's sequence number, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

impl Revision {
    /// The source's time as far as it is believed.
    pub fn believed_time(&self) -> Option<Timestamp> {
        let limit = self.received_at.saturating_add(MAX_AHEAD).unwrap_or(Timestamp::MAX);
        self.time.map(|time| if time > limit { self.received_at } else { time })
    }

    /// Whether `self` is older than, as old as, or newer than `other`.
    pub fn compare(&self, other: &Self) -> Ordering {
        let by_time = match (self.believed_time(), other.believed_time()) {
            (Some(mine), Some(theirs)) => mine.cmp(&theirs),
            _ => self.received_at.cmp(&other.received_at),
        };
        by_time
            .then(self.rank.cmp(&other.rank))
            .then_with(|| match (self.sequence, other.sequence) {
                (Some(mine), Some(theirs)) => mine.cmp(&theirs),
                _ => Ordering::Equal,
            })
            .then(self.received_at.cmp(&other.received_at))
    }

    /// Whether the two differ in nothing but when they were received, as a webhook and its repetition do.
    pub fn is_received_again(&self, other: &Self) -> bool {
        self.time.is_some() && Self { received_at: other.received_at, ..*self } == *other
    }

    /// Whether `self` is newer than `other`.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Greater
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn revision(time: Option<i64>, received: i64, rank: u8) -> Revision {
        Revision { time: time.map(at), received_at: at(received), rank, sequence: None }
    }

    #[test]
    fn the_source_time_decides_whatever_order_webhooks_arrive_in() {
        let old = revision(Some(10), 50, 9);
        let new = revision(Some(20), 40, 0);
        assert!(new.is_newer_than(&old));
        assert!(!old.is_newer_than(&new));
    }

    #[test]
    fn without_a_source_time_on_both_sides_the_receipt_decides() {
        assert!(revision(None, 50, 0).is_newer_than(&revision(Some(900), 40, 0)));
    }

    #[test]
    fn a_time_from_the_far_future_counts_as_its_receipt() {
        let liar = revision(Some(301), 0, 0);
        assert!(revision(Some(1), 2, 0).is_newer_than(&liar));
        let honest = revision(Some(300), 0, 0);
        assert!(honest.is_newer_than(&revision(Some(299), 299, 0)));
    }

    #[test]
    fn ties_go_by_rank_then_sequence_then_receipt() {
        let base = revision(Some(1), 5, 1);
        assert!(Revision { rank: 2, received_at: at(1), ..base }.is_newer_than(&base));
        let first = Revision { sequence: Some(1), ..base };
        let second = Revision { sequence: Some(2), received_at: at(4), ..base };
        assert!(second.is_newer_than(&first));
        assert!(Revision { received_at: at(6), ..base }.is_newer_than(&base));
        assert_eq!(base.compare(&base), Ordering::Equal);
    }
}
