//! A circuit breaker: a party that fails again and again counts as [down](Outage). That rules here only as long as the
//! ledger, which has it known to all processes, could not be told.

use std::time::Duration;

use jiff::Timestamp;

use crate::ledger::{Outage, connection::Gate};

/// It opens after so many failures in a row, or …
const FAILURES: u32 = 5;
/// … once those in a row have kept deliveries for so long: silence costs the worker's time, which others may need.
const PATIENCE: Duration = Duration::from_secs(10);

/// Closed (calls are made), or open: none are, or one tries.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// What they took together.
    lost: Duration,
    outage: Option<Outage>,
}

/// How a delivery was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Usual,
    /// To try whether the party is back.
    Probe,
}

impl Breaker {
    /// Lets a delivery in, or says when to ask again.
    pub(super) fn enter(&mut self, now: Timestamp) -> Result<Entry, Timestamp> {
        let Some(outage) = &mut self.outage else { return Ok(Entry::Usual) };
        if let Gate::Shut(until) = outage.gate(now) {
            return Err(until);
        }
        outage.tried(now);
        Ok(Entry::Probe)
    }

    /// Who was let in made no call.
    pub(super) const fn leave(&mut self, entry: Entry, now: Timestamp) {
        if let (Entry::Probe, Some(outage)) = (entry, &mut self.outage) {
            outage.untried(now);
        }
    }

    /// The party answered.
    pub(super) fn well(&mut self) {
        *self = Self::default();
    }

    /// The party failed, after so long. Returns whether it is taken for down.
    pub(super) fn ill(&mut self, took: Duration, asked_for: Option<Timestamp>, now: Timestamp) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.lost = self.lost.saturating_add(took);
        let is_down = self.failures >= FAILURES || self.lost >= PATIENCE || self.outage.is_some();
        if is_down {
            self.crowded(asked_for, now);
        }
        is_down
    }

    /// The party is asked for too much.
    pub(super) fn crowded(&mut self, asked_for: Option<Timestamp>, now: Timestamp) {
        self.outage.get_or_insert(Outage::begins(now)).failed(asked_for, now);
    }

    /// Whether there is nothing to remember.
    pub(super) const fn is_idle(&self) -> bool {
        self.outage.is_none() && self.failures == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(100);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn enter(breaker: &mut Breaker, second: i64) -> Result<Entry, i64> {
        breaker.enter(at(second)).map_err(|until| until.duration_since(at(0)).as_secs())
    }

    fn broken() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(enter(&mut breaker, 0), Ok(Entry::Usual));
            breaker.ill(QUICK, None, at(0));
        }
        breaker
    }

    #[test]
    fn failures_in_between_successes_open_nothing() {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            breaker.ill(QUICK, None, at(0));
            breaker.ill(QUICK, None, at(0));
            breaker.well();
        }
        assert_eq!(enter(&mut breaker, 0), Ok(Entry::Usual));
        assert!(breaker.is_idle());
    }

    #[test]
    fn silence_weighs_more_than_a_quick_failure() {
        let mut breaker = Breaker::default();
        assert!(!breaker.ill(Duration::from_secs(6), None, at(6)));
        assert!(breaker.ill(Duration::from_secs(6), None, at(12)));
        assert_eq!(enter(&mut breaker, 12), Err(42));
    }

    #[test]
    fn one_at_a_time_tries_and_the_waits_grow_to_five_minutes() {
        let mut breaker = broken();
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let until = enter(&mut breaker, now).unwrap_err();
            waits.push(until - now);
            now = until;
            assert_eq!(enter(&mut breaker, now), Ok(Entry::Probe));
            assert!(enter(&mut breaker, now).is_err(), "one is trying");
            breaker.ill(QUICK, None, at(now));
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
        now = enter(&mut breaker, now).unwrap_err();
        assert_eq!(enter(&mut breaker, now), Ok(Entry::Probe));
        breaker.well();
        assert_eq!(enter(&mut breaker, now), Ok(Entry::Usual));
    }

    #[test]
    fn a_probe_that_is_lost_is_replaced() {
        let mut breaker = broken();
        assert_eq!(enter(&mut breaker, 30), Ok(Entry::Probe));
        assert_eq!(enter(&mut breaker, 89), Err(90));
        assert_eq!(enter(&mut breaker, 90), Ok(Entry::Probe));
        breaker.leave(Entry::Probe, at(90));
        assert_eq!(enter(&mut breaker, 90), Ok(Entry::Probe));
    }

    #[test]
    fn what_is_asked_too_much_is_left_alone_at_once() {
        let mut breaker = Breaker::default();
        breaker.crowded(None, at(0));
        assert_eq!(enter(&mut breaker, 0), Err(30));
        breaker.crowded(Some(at(50)), at(10));
        assert_eq!(enter(&mut breaker, 10), Err(50));
    }
}
