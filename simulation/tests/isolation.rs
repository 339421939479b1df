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

#[test]
fn that_nobody_remembers_a_dead_account_is_found_out() {
    let fates = ORDERS.run(Kind::Lambda, Some(Trouble::Hangs), Flaw::Forgetful);
    let ratio = ratio(ORDERS, Kind::Lambda, &fates);
    assert!(ratio > 2.0, "{ratio:.2}");
}

/// A table for the documentation, of more webhooks than the other tests need.
#[test]
#[ignore = "prints figures; minutes without --release"]
fn figures() {
    for load in [ORDERS, PROMOTIONS].map(|load| Load { lasts: SignedDuration::from_mins(10), ..load }) {
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
