//! A circuit breaker: a party that fails again and again is left alone for a while, and then tried by one delivery. It
//! rules only as long as the ledger, which has it known to all processes, could not be told.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::retry::{BACKOFF_MAX, PUT_BACK};

/// It opens after so many failures in a row, or …
const FAILURES: u32 = 5;
/// … once those in a row have kept deliveries for so long: silence costs the worker's time, which others may need …
const PATIENCE: Duration = Duration::from_secs(10);
/// … for so long, twice as long after each try that failed …
const FIRST: Duration = PUT_BACK;
/// … up to this. A party that asks for more gets it, up to the longest back-off.
const LONGEST: Duration = Duration::from_mins(5);

/// Closed (calls are made), open (none are), or half open (one tries).
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// What they took together.
    lost: Duration,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Timestamp,
    wait: Duration,
    /// Who tries is believed to be lost after this.
    probe_until: Option<Timestamp>,
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
    pub(super) fn enter(&mut self, now: Timestamp, until: Timestamp) -> Result<Entry, Timestamp> {
        let Some(open) = &mut self.open else { return Ok(Entry::Usual) };
        if open.until > now {
            return Err(open.until);
        }
        if open.probe_until.is_some_and(|lost| lost > now) {
            return Err(after(now, PUT_BACK));
        }
        open.probe_until = Some(until);
        Ok(Entry::Probe)
    }

    /// Who was let in made no call.
    pub(super) fn leave(&mut self, entry: Entry) {
        if let (Entry::Probe, Some(open)) = (entry, &mut self.open) {
            open.probe_until = None;
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
        let is_down = self.failures >= FAILURES || self.lost >= PATIENCE || self.open.is_some();
        if is_down {
            self.shut(asked_for, now);
        }
        is_down
    }

    /// The party is asked for too much.
    pub(super) fn crowded(&mut self, asked_for: Option<Timestamp>, now: Timestamp) {
        self.shut(asked_for, now);
    }

    /// Failures of calls that were under way already when it opened only make it last if the party asks for more.
    fn shut(&mut self, asked_for: Option<Timestamp>, now: Timestamp) {
        let asked_for = asked_for.map_or(now, |instant| instant.min(after(now, BACKOFF_MAX)));
        let open = match self.open.take() {
            Some(open) if open.until > now => Open { until: open.until.max(asked_for), ..open },
            earlier => {
                let wait = earlier.map_or(FIRST, |open| (open.wait * 2).min(LONGEST));
                Open { until: after(now, wait).max(asked_for), wait, probe_until: None }
            }
        };
        self.open = Some(open);
    }

    /// Whether there is nothing to remember.
    pub(super) const fn is_idle(&self) -> bool {
        self.open.is_none() && self.failures == 0
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(100);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn enter(breaker: &mut Breaker, second: i64) -> Result<Entry, i64> {
        breaker.enter(at(second), at(second + 60)).map_err(|until| until.duration_since(at(0)).as_secs())
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
            assert_eq!(enter(&mut breaker, now), Err(now + 30), "one is trying");
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
        assert_eq!(enter(&mut breaker, 89), Err(119));
        assert_eq!(enter(&mut breaker, 90), Ok(Entry::Probe));
        breaker.leave(Entry::Probe);
        assert_eq!(enter(&mut breaker, 90), Ok(Entry::Probe));
    }

    #[test]
    fn calls_that_were_under_way_do_not_prolong_it_unless_asked() {
        let mut breaker = broken();
        breaker.ill(QUICK, None, at(10));
        assert_eq!(enter(&mut breaker, 10), Err(30));
        breaker.ill(QUICK, Some(at(50)), at(10));
        assert_eq!(enter(&mut breaker, 10), Err(50));
    }

    #[test]
    fn what_the_party_asks_for_is_heeded_up_to_an_hour() {
        let mut breaker = Breaker::default();
        breaker.crowded(Some(at(46_800)), at(0));
        assert_eq!(enter(&mut breaker, 0), Err(3600));
        let mut breaker = Breaker::default();
        breaker.crowded(None, at(0));
        assert_eq!(enter(&mut breaker, 0), Err(30));
    }
}
