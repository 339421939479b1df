//! One shop in trouble leaves the others alone, and what a destination asks for is heeded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jiff::SignedDuration;
use relay::shop::Destination;
use relay_simulation::{
    Kind,
    isolation::{Fate, Fates, Flaw, Shop, Trial, Trouble, nine_and, percentile, run, steady},
};

/// How much longer the other shops' webhooks may take, of a hundred the slowest but one.
const BOUND: f64 = 1.2;

/// What shops do: webhooks a minute of each, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Load {
    destination: Destination,
    a_minute: u64,
    lasts: SignedDuration,
}

const ORDERS: Load = Load { destination: Destination::Websand, a_minute: 60, lasts: SignedDuration::from_mins(3) };
const PROMOTIONS: Load = Load { destination: Destination::Websale, a_minute: 20, lasts: SignedDuration::from_mins(3) };

const fn answers(status: u16, retry_after: Option<u64>) -> Trouble {
    Trouble::Answers { status, retry_after }
}

const TROUBLES: [Trouble; 6] = [
    Trouble::Hangs,
    Trouble::Refuses,
    answers(503, None),
    answers(401, None),
    answers(404, None),
    answers(429, Some(60)),
];

impl Load {
    /// Nine shops beside one whose account is in trouble as long as webhooks come, or nine shops alone.
    fn run(self, kind: Kind, trouble: Option<Trouble>, flaw: Flaw) -> Fates {
        let dead = |trouble| Shop { trouble: Some((trouble, self.lasts)), ..steady("dead", self.a_minute, self.lasts) };
        let shops = nine_and(trouble.map(dead), self.a_minute, self.lasts);
        run(&Trial { kind, destination: self.destination, shops, flaw })
    }

    /// The latencies of nine shops alone; found out once.
    fn alone(self, kind: Kind) -> Vec<SignedDuration> {
        type Known = Mutex<BTreeMap<(Load, bool), Arc<OnceLock<Vec<SignedDuration>>>>>;
        static KNOWN: Known = Mutex::new(BTreeMap::new());
        let known = Arc::clone(
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner).entry((self, kind == Kind::Lambda)).or_default(),
        );
        known.get_or_init(|| others(&self.run(kind, None, Flaw::None))).clone()
    }
}

fn others(fates: &Fates) -> Vec<SignedDuration> {
    fates.iter().filter(|(name, _)| *name != "dead").flat_map(|(_, fate)| fate.latencies.clone()).collect()
}

/// How much longer the others' webhooks take beside the dead shop.
fn ratio(load: Load, kind: Kind, fates: &Fates) -> f64 {
    percentile(&others(fates), 99).as_secs_f64() / percentile(&load.alone(kind), 99).as_secs_f64()
}

fn leaves_the_others_alone(load: Load, kind: Kind) {
    for trouble in TROUBLES {
        let fates = load.run(kind, Some(trouble), Flaw::None);
        let ratio = ratio(load, kind, &fates);
        assert!(ratio <= BOUND, "{trouble:?}: {ratio:.2}");
        for (name, Fate { taken, latencies, parked, .. }) in &fates {
            assert!(*taken > 50 && latencies.len() == *taken && *parked == 0, "{trouble:?} {name}: something is lost");
        }
    }
}

#[test]
fn a_dead_account_at_websand_leaves_nine_shops_alone_on_functions() {
    leaves_the_others_alone(ORDERS, Kind::Lambda);
}

#[test]
fn a_dead_account_at_websand_leaves_nine_shops_alone_in_one_process() {
    leaves_the_others_alone(ORDERS, Kind::Embedded);
}

#[test]
fn a_dead_account_at_websale_leaves_nine_shops_alone_on_functions() {
    leaves_the_others_alone(PROMOTIONS, Kind::Lambda);
}

#[test]
fn a_dead_account_at_websale_leaves_nine_shops_alone_in_one_process() {
    leaves_the_others_alone(PROMOTIONS, Kind::Embedded);
}

/// An account that never comes back: nothing is given up before its time, and nothing is lost.
#[test]
fn what_a_dead_account_never_takes_is_parked_at_the_end_of_its_time() {
    for (kind, trouble) in [(Kind::Lambda, Trouble::Hangs), (Kind::Embedded, answers(401, None))] {
        let dead = Shop {
            sends: (0..10).map(SignedDuration::from_secs).collect(),
            trouble: Some((trouble, SignedDuration::from_hours(24 * 30))),
            ..steady("dead", 0, SignedDuration::ZERO)
        };
        let fates = run(&Trial { kind, destination: Destination::Websand, shops: vec![dead], flaw: Flaw::None });
        let Fate { taken, latencies, parked, .. } = &fates["dead"];
        assert_eq!((*taken, latencies.len(), *parked), (10, 0, 10), "{trouble:?}");
    }
}

#[test]
fn that_nobody_remembers_a_dead_account_is_found_out() {
    let fates = ORDERS.run(Kind::Lambda, Some(Trouble::Hangs), Flaw::Forgetful);
    let ratio = ratio(ORDERS, Kind::Lambda, &fates);
    assert!(ratio > 2.0, "{ratio:.2}");
}

/// Waits asked for are kept in full: an hour, and one that is longer than SQS can hide a message.
#[test]
fn a_retry_after_is_kept_in_full() {
    for (kind, load) in [Kind::Lambda, Kind::Embedded].into_iter().flat_map(|kind| [(kind, ORDERS), (kind, PROMOTIONS)])
    {
        for (status, hours) in [(429, 1), (429, 13), (503, 13)] {
            let waited = waits(kind, load.destination, (status, hours), Flaw::None);
            let (asked, longest) = (SignedDuration::from_hours(hours), SignedDuration::from_mins(hours * 60 + 2));
            assert!(waited >= asked && waited <= longest, "{kind:?} {load:?}: {waited} of {hours} h");
        }
    }
}

#[test]
fn that_a_row_forgets_how_long_it_was_to_wait_is_found_out() {
    let waited = waits(Kind::Lambda, Destination::Websand, (429, 13), Flaw::Impatient);
    assert!(waited < SignedDuration::from_hours(13), "{waited}");
}

/// How long a webhook whose first call is answered so waits for the second one.
fn waits(kind: Kind, destination: Destination, (status, hours): (u16, i64), flaw: Flaw) -> SignedDuration {
    let trouble = answers(status, u64::try_from(hours * 3600).ok());
    let shop = Shop {
        sends: vec![SignedDuration::ZERO],
        trouble: Some((trouble, SignedDuration::from_secs(5))),
        ..steady("asked-to-wait", 0, SignedDuration::ZERO)
    };
    let fates = run(&Trial { kind, destination, shops: vec![shop], flaw });
    let Fate { calls, latencies, .. } = &fates["asked-to-wait"];
    assert_eq!(latencies.len(), 1);
    calls[1].duration_since(calls[0])
}

/// A shop pours in a hundred orders at once and takes two a second; the other nine notice nothing.
#[test]
fn a_burst_goes_out_at_the_shop_s_rate_and_keeps_nobody_waiting() {
    for (kind, workers) in [(Kind::Lambda, 10), (Kind::Embedded, 1)] {
        let sends = (0..100).map(SignedDuration::from_millis).collect();
        let burst = Shop { sends, requests_per_second: Some(2.0), ..steady("dead", 0, SignedDuration::ZERO) };
        let shops = nine_and(Some(burst), ORDERS.a_minute, ORDERS.lasts);
        let fates = run(&Trial { kind, destination: ORDERS.destination, shops, flaw: Flaw::None });
        let calls = &fates["dead"].calls;
        assert_eq!((calls.len(), fates["dead"].latencies.len()), (100, 100));
        for (number, from) in calls.iter().enumerate() {
            for (further, until) in calls[number..].iter().enumerate() {
                // A second's worth goes out at once, and at least one of each worker.
                let most = 2.0 * until.duration_since(*from).as_secs_f64() + f64::from(workers.max(2)) + 1.0;
                let made = f64::from(u32::try_from(further + 1).unwrap());
                assert!(made <= most, "{kind:?}: {made} calls from {from} to {until}");
            }
        }
        let ratio = ratio(ORDERS, kind, &fates);
        assert!(ratio <= BOUND, "{kind:?}: {ratio:.2}");
    }
}

/// A shop pours in a thousand orders at once: that the queue does not look at whose they are is found out.
#[test]
fn a_burst_of_one_shop_keeps_the_others_waiting_only_if_nobody_sees_whose_it_is() {
    for kind in [Kind::Lambda, Kind::Embedded] {
        let [fair, unfair] = [Flaw::None, Flaw::Unfair].map(|flaw| {
            let hang = (Trouble::Hangs, SignedDuration::from_secs(30));
            let trouble = (kind == Kind::Embedded).then_some(hang);
            let sends = (0..1000).map(|number| SignedDuration::from_millis(1000 + number / 10)).collect();
            let burst = Shop { sends, trouble, ..steady("dead", 0, SignedDuration::ZERO) };
            let load = Load { lasts: SignedDuration::from_mins(1), ..ORDERS };
            let shops = nine_and(Some(burst), load.a_minute, load.lasts);
            percentile(&others(&run(&Trial { kind, destination: load.destination, shops, flaw })), 99)
        });
        assert!(unfair > fair * 2, "{kind:?}: {fair} and {unfair}");
    }
}

/// A table for the documentation, of more webhooks than the other tests need.
#[test]
#[ignore = "prints figures; minutes without --release"]
fn figures() {
    for load in [ORDERS, PROMOTIONS].map(|load| Load { lasts: SignedDuration::from_mins(5), ..load }) {
        for kind in [Kind::Lambda, Kind::Embedded] {
            let alone = load.alone(kind);
            let show = |what: &str, latencies: &[SignedDuration], ratio: f64| {
                let [p50, p99, longest] = [50, 99, 100].map(|part| percentile(latencies, part).as_millis());
                let (destination, count) = (load.destination, latencies.len());
                println!("| {destination} | {kind:?} | {what} | {count} | {p50} | {p99} | {longest} | {ratio:.2} |");
            };
            show("nine alone", &alone, 1.0);
            for trouble in TROUBLES {
                let fates = load.run(kind, Some(trouble), Flaw::None);
                show(&format!("{trouble:?}"), &others(&fates), ratio(load, kind, &fates));
            }
        }
    }
}
