//! How much this process may ask of whom right now: a rate for each shop at each party, and a circuit breaker that finds
//! out that a party is down.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    http::CallError,
    retry::{Call, Outcome, Party, asked_for},
    shop::ShopName,
};

mod breaker;
mod bucket;
mod known;

use breaker::{Breaker, Entry};
use bucket::Bucket;
use known::Known;

/// What is remembered of idle lanes costs memory and is of no use; beyond this many they are looked through.
const MANY: usize = 1024;

/// One shop's calls to one party.
type LaneKey = (ShopName, Party);

/// Everything that is under way from this process.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    lanes: Mutex<HashMap<LaneKey, Lane>>,
    /// What is known of the connections.
    pub(super) known: Known,
}

#[derive(Debug, Default)]
struct Lane {
    bucket: Bucket,
    breaker: Breaker,
}

/// A delivery that was let in. Dropped without having made a call, it counts as if it had never been.
#[derive(Debug)]
pub(crate) struct Pass {
    traffic: Arc<Traffic>,
    lane: LaneKey,
    is_probe: bool,
    calls: u32,
    /// Since when it is at work on its next call.
    began: Timestamp,
}

/// How a call went, as far as the party's health is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered.
    Well,
    /// It did not, or not properly; it may have said when to come back.
    Ill(Option<Timestamp>),
    /// It is asked for too much; it may have said when to come back.
    Crowded(Option<Timestamp>),
}

/// What a call says of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How this call went.
    pub(crate) health: Health,
    /// Whether the party is taken for down because of it.
    pub(crate) is_down: bool,
}

impl Traffic {
    /// Lets a delivery in, or says when to ask again. `rate` is in requests per second.
    pub(crate) fn admit(
        self: &Arc<Self>,
        (shop, party): (&ShopName, Party),
        rate: Option<f64>,
        now: Timestamp,
    ) -> Result<Pass, Timestamp> {
        let key = (shop.clone(), party);
        let mut lanes = self.lanes();
        if lanes.len() >= MANY {
            lanes.retain(|_, lane| !lane.breaker.is_idle() || !lane.bucket.is_idle(now));
        }
        let lane = lanes.entry(key.clone()).or_default();
        let entry = lane.breaker.enter(now)?;
        if let Some(rate) = rate
            && let Err(at) = lane.bucket.take(rate, now)
        {
            lane.breaker.leave(entry, now);
            return Err(at);
        }
        Ok(Pass { traffic: Arc::clone(self), lane: key, is_probe: entry == Entry::Probe, calls: 0, began: now })
    }

    /// All processes know by now that the party is down: this one need not remember it.
    pub(crate) fn told(&self, (shop, party): (&ShopName, Party)) {
        if let Some(lane) = self.lanes().get_mut(&(shop.clone(), party)) {
            lane.breaker = Breaker::default();
        }
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<LaneKey, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// Whether it is for calls like this one.
    pub(crate) fn is_for(&self, call: Call) -> bool {
        self.lane.1 == call.party()
    }

    /// Whose calls it is for.
    pub(crate) const fn party(&self) -> Party {
        self.lane.1
    }

    /// Whether it made a call.
    pub(crate) const fn is_used(&self) -> bool {
        self.calls > 0
    }

    /// A call was made. The first one was paid for by being let in.
    pub(crate) fn called(&mut self, call: Call, outcome: &Outcome, now: Timestamp) -> Finding {
        let health = health(call, outcome, now);
        let took = Duration::try_from(now.duration_since(self.began)).unwrap_or_default();
        self.began = now;
        let mut lanes = self.traffic.lanes();
        let lane = lanes.entry(self.lane.clone()).or_default();
        if self.calls > 0 {
            lane.bucket.owe();
        }
        self.calls = self.calls.saturating_add(1);
        let is_down = match health {
            Health::Well => {
                lane.breaker.well();
                false
            }
            Health::Ill(asked_for) => lane.breaker.ill(took, asked_for, now),
            Health::Crowded(asked_for) => {
                lane.breaker.crowded(asked_for, now);
                true
            }
        };
        self.is_probe = false;
        Finding { health, is_down }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.calls == 0
            && let Some(lane) = self.traffic.lanes().get_mut(&self.lane)
        {
            lane.bucket.give_back();
            lane.breaker.leave(if self.is_probe { Entry::Probe } else { Entry::Usual }, self.began);
        }
    }
}

fn health(call: Call, outcome: &Outcome, now: Timestamp) -> Health {
    match outcome {
        Err(CallError::NotSent(_) | CallError::NoAnswer(_)) => Health::Ill(None),
        // What a shop's own API says about its limits, every answer tells, and is heeded for every call.
        Ok(response) if response.status == 429 && call.party() != Party::Shop => {
            Health::Crowded(asked_for(response, now))
        }
        Ok(response) if matches!(response.status, 408 | 500..) => Health::Ill(asked_for(response, now)),
        Ok(_) => Health::Well,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::RETRY_AFTER};

    use super::*;
    use crate::http::Response;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands where calls fail, too")]
    fn answer(status: u16, retry_after: Option<&str>) -> Outcome {
        let headers = retry_after.map(|value| (RETRY_AFTER, value.parse().unwrap()));
        Ok(Response { status, headers: HeaderMap::from_iter(headers), body: bytes::Bytes::new() })
    }

    fn admit(traffic: &Arc<Traffic>, shop: &str, second: i64) -> Result<Pass, i64> {
        let shop: ShopName = shop.parse().unwrap();
        let admitted = traffic.admit((&shop, Party::Websand), None, at(second));
        admitted.map_err(|until| until.duration_since(at(0)).as_secs())
    }

    const CALL: Call = Call::WebsandTransaction;

    #[test]
    fn a_party_that_fails_five_times_in_a_row_is_left_alone_and_others_are_not() {
        let traffic = Arc::<Traffic>::default();
        for _ in 0..5 {
            admit(&traffic, "acme", 0).unwrap().called(CALL, &answer(503, None), at(0));
        }
        assert_eq!(admit(&traffic, "acme", 1).unwrap_err(), 30);
        assert!(admit(&traffic, "flowers", 1).is_ok());
        let shop: ShopName = "acme".parse().unwrap();
        assert!(traffic.admit((&shop, Party::Websale), None, at(1)).is_ok());
    }

    #[test]
    fn what_refuses_the_message_is_well_and_silence_is_not() {
        for (outcome, opens) in [
            (answer(422, None), false),
            (answer(401, None), false),
            (answer(500, None), true),
            (Err(CallError::NotSent("refused".into())), true),
            (Err(CallError::NoAnswer("reset".into())), true),
        ] {
            let traffic = Arc::<Traffic>::default();
            for _ in 0..5 {
                admit(&traffic, "acme", 0).unwrap().called(CALL, &outcome, at(0));
            }
            assert_eq!(admit(&traffic, "acme", 1).is_err(), opens, "{outcome:?}");
        }
    }

    #[test]
    fn too_many_requests_are_heeded_at_once_and_by_all_messages() {
        let traffic = Arc::<Traffic>::default();
        admit(&traffic, "acme", 0).unwrap().called(CALL, &answer(429, Some("600")), at(0));
        assert_eq!(admit(&traffic, "acme", 1).unwrap_err(), 600);
    }

    #[test]
    fn who_made_no_call_leaves_the_probe_to_others() {
        let traffic = Arc::<Traffic>::default();
        admit(&traffic, "acme", 0).unwrap().called(CALL, &answer(429, Some("60")), at(0));
        let probe = admit(&traffic, "acme", 60).unwrap();
        assert!(admit(&traffic, "acme", 60).is_err(), "one at a time");
        drop(probe);
        admit(&traffic, "acme", 61).unwrap().called(CALL, &answer(200, None), at(61));
        assert!(admit(&traffic, "acme", 61).is_ok() && admit(&traffic, "acme", 61).is_ok());
    }

    #[test]
    fn every_call_counts_towards_the_rate_and_unused_passes_do_not() {
        let traffic = Arc::<Traffic>::default();
        let shop: ShopName = "acme".parse().unwrap();
        let admit = |second| traffic.admit((&shop, Party::Websale), Some(1.0), at(second));
        drop(admit(0).unwrap());
        let mut pass = admit(0).unwrap();
        for _ in 0..3 {
            pass.called(Call::WebsaleCreate, &answer(200, None), at(0));
        }
        assert!(admit(2).is_err(), "three calls at one a second");
        assert!(admit(3).is_ok());
    }
}
