//! A token bucket: so many requests a second, and at most a second's worth at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::retry::PUT_BACK;

/// Credit for requests. Whoever finds none is told when to come back: one after the other, so that those who come back
/// find credit.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// In requests; negative if more were made than there was credit for. Nothing before the first use.
    credit: Option<(f64, Timestamp)>,
    /// When the last of those who were sent away may come back.
    booked_until: Option<Timestamp>,
}

impl Bucket {
    /// Takes credit for one request, or says when to come back.
    pub(super) fn take(&mut self, rate: f64, now: Timestamp) -> Result<(), Timestamp> {
        let most = rate.max(1.0);
        let credit = match self.credit {
            Some((credit, at)) => most.min(rate.mul_add(seconds_since(at, now), credit)),
            None => most,
        };
        // Those who come back at their time must not fail by a rounding.
        if credit >= 0.999_99 {
            self.credit = Some((credit - 1.0, now));
            return Ok(());
        }
        self.credit = Some((credit, now));
        let earliest = after(now, PUT_BACK);
        let slot = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(PUT_BACK);
        let booked = self.booked_until.map_or(earliest, |booked| after(booked, slot).max(earliest));
        self.booked_until = Some(booked);
        Err(booked)
    }

    /// One more request was made than credit was taken for.
    pub(super) fn owe(&mut self) {
        if let Some((credit, _)) = &mut self.credit {
            *credit -= 1.0;
        }
    }

    /// The request was not made.
    pub(super) fn give_back(&mut self) {
        if let Some((credit, _)) = &mut self.credit {
            *credit += 1.0;
        }
    }

    /// Whether it can be forgotten: nobody waits, and a minute is enough to fill it, unless requests are very rare.
    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        let is_filling = self.credit.is_some_and(|(_, at)| seconds_since(at, now) < 60.0);
        !is_filling && self.booked_until.is_none_or(|booked| booked <= now)
    }
}

fn seconds_since(at: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(at).as_secs_f64().max(0.0)
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_780_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_second_s_worth_goes_at_once_and_then_one_after_the_other() {
        let mut bucket = Bucket::default();
        let taken = (0..8).filter(|_| bucket.take(5.0, at(0)).is_ok()).count();
        assert_eq!(taken, 5);
        let back: Vec<_> = (0..3).map(|_| bucket.take(5.0, at(0)).unwrap_err()).collect();
        assert_eq!(
            back.iter().map(|at_| at_.duration_since(at(0)).as_millis()).collect::<Vec<_>>(),
            [
                // Three were sent away before.
                30_600, 30_800, 31_000
            ]
        );
    }

    #[test]
    fn rates_below_one_a_second_let_one_through_now_and_then() {
        let mut bucket = Bucket::default();
        assert!(bucket.take(0.1, at(0)).is_ok());
        assert!(bucket.take(0.1, at(9_999)).is_err());
        assert!(bucket.take(0.1, at(10_001)).is_ok());
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_a_second_s_worth(
            rate in 0.2f64..50.0,
            waits in prop::collection::vec(0i64..2_000, 1..200),
        ) {
            let (mut bucket, mut now, mut taken) = (Bucket::default(), 0, 0u32);
            for wait in waits {
                now += wait;
                taken += u32::from(bucket.take(rate, at(now)).is_ok());
                let seconds = f64::from(i32::try_from(now).unwrap()) / 1000.0;
                prop_assert!(f64::from(taken) <= rate.max(1.0) + rate * seconds + 1e-6);
            }
        }

        #[test]
        fn those_sent_away_find_credit_when_they_come_back(rate in 0.5f64..20.0, count in 1usize..100) {
            let mut bucket = Bucket::default();
            while bucket.take(rate, at(0)).is_ok() {}
            let back: Vec<_> = (0..count).map(|_| bucket.take(rate, at(0)).unwrap_err()).collect();
            for instant in back {
                prop_assert!(bucket.take(rate, after(instant, Duration::from_millis(1))).is_ok());
            }
        }
    }
}
