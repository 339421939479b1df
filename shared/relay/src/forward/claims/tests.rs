//! A ledger that fails is no reason to suspect an event; a worker that goes down is.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::json;

use super::Claims;
use crate::{
    Async,
    forward::{WebsandForwarder, testing::World},
    http::{Http, Request},
    ledger::{Attempts, Expected, Lease, Ledger, LedgerError, Meddled, Meddler, Put, Row, State},
    message::{Message, RowKey},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    retry::{Outcome, PUT_BACK},
};

const ORDER: &str = "acme#websand#order#1001";

/// What becomes of a call to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    NotDone,
    AnswerLost,
}

/// What becomes of the calls to the ledger, one after the other; from then on they are answered.
struct Fates(Vec<Fate>, AtomicUsize);

impl Fates {
    fn next(&self) -> Fate {
        self.0.get(self.1.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(Fate::Answered)
    }
}

fn lost() -> LedgerError {
    LedgerError("throttled".into())
}

impl Meddler for Fates {
    fn get<'a>(&'a self, ledger: &'a dyn Ledger, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        let fate = self.next();
        Box::pin(async move { if fate == Fate::Answered { ledger.get(key).await } else { Err(lost()) } })
    }

    fn put<'a>(
        &'a self,
        ledger: &'a dyn Ledger,
        row: &'a Row,
        expected: Expected,
    ) -> Async<'a, Result<Put, LedgerError>> {
        let fate = self.next();
        Box::pin(async move {
            if fate == Fate::NotDone {
                return Err(lost());
            }
            let put = ledger.put(row, expected).await?;
            if fate == Fate::Answered { Ok(put) } else { Err(lost()) }
        })
    }
}

fn world() -> World {
    let world = World::new();
    let consent =
        json!({"granted": {"field": "optin", "value": "yes"}, "withdrawn": {"field": "optin", "value": "no"}});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": consent}));
    world
}

/// An order with which its buyer signs up, or not.
fn order(signs_up: bool) -> Message {
    let time = "2026-06-01T08:00:00Z";
    let event = json!({
        "specversion": "1.0", "id": "e-1", "source": "/shops/acme/canonical", "type": "shoprelay.order.placed",
        "subject": "1001", "time": time, "receivedat": time, "datacontenttype": "application/json",
        "data": {
            "id": "1001", "placed_at": time, "customer": {"email": "bob@example.com", "marketing_consent": signs_up},
            "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
        },
    });
    Message::from_json(&event.to_string()).unwrap()
}

/// A worker to whose calls the ledger does this.
fn worker(world: &World, fates: &[Fate]) -> WebsandForwarder {
    let by = Fates(fates.to_vec(), AtomicUsize::default());
    let ports = Ports { ledger: Arc::new(Meddled { ledger: world.ledger.clone(), by }), ..world.ports.clone() };
    WebsandForwarder::new(ports, world.config.clone())
}

fn row(world: &World) -> Row {
    world.ledger.rows().remove(ORDER).unwrap()
}

fn reasons(world: &World) -> Vec<String> {
    world.queue.parked.lock().unwrap().iter().map(|letter| letter.reason.clone()).collect()
}

/// The connection and the person are read; then the order's row is claimed.
const CLAIM_IS_LOST: [Fate; 3] = [Fate::Answered, Fate::Answered, Fate::AnswerLost];

#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_given_back() {
    let world = world();
    let back = Settlement::Back { after: PUT_BACK };
    for trouble in [&[][..], &[Fate::NotDone], &[Fate::Answered, Fate::NotDone, Fate::NotDone]].repeat(4) {
        let worker = worker(&world, &[&CLAIM_IS_LOST, trouble].concat());
        assert_eq!(worker.handle(world.received(&order(false))).await, back);
        assert_eq!((row(&world).lease, row(&world).attempts["e-1"]), (None, Attempts::default()));
    }
    assert_eq!(worker(&world, &[]).handle(world.received(&order(false))).await, Settlement::Done);
    assert_eq!((row(&world).state, world.http.seen().len()), (State::Delivered, 1));
}

#[tokio::test]
async fn an_announced_call_is_not_given_back_nor_anything_when_time_is_up() {
    let world = world();
    let now = world.ports.clock.now();
    let (mut key, lease): (RowKey, _) =
        (ORDER.parse().unwrap(), Lease { token: "t".into(), until: now + Duration::from_secs(20) });
    for (state, seconds, is_held) in [(State::Open, 5, false), (State::Open, 4, true), (State::Intended, 5, true)] {
        let row = Row { version: 1, state, lease: Some(lease.clone()), ..Row::new(key, now) };
        world.ledger.put(&row, Expected::Absent).await.unwrap();
        let claims = Claims::default();
        claims.took(&row.key, "t", "e-1");
        claims.give_back(&world.ports, now + Duration::from_secs(seconds)).await;
        let stored = self::row(&world);
        assert_eq!(stored.lease.is_some(), is_held, "{state:?}, {seconds} s");
        world.ledger.delete(&row.key, stored.version).await.unwrap();
        key = row.key;
    }
}

/// Brings whoever calls it down.
#[derive(Default)]
struct Deadly(AtomicUsize);

impl Http for Deadly {
    fn call(&self, _: Request) -> Async<'_, Outcome> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

/// While there is trouble, hardly more than half of the calls are answered.
fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![5 => Just(Fate::Answered), 1 => Just(Fate::NotDone), 3 => Just(Fate::AnswerLost)];
    proptest::collection::vec(fate, 0..200)
}

/// Delivers an order as a queue does, until it is settled. Nothing has to wait here; a worker that does is gone.
fn deliver(world: &World, order: &Message, fates: &[Fate]) {
    let worker = worker(world, fates);
    let queued = world.received(order);
    for _ in 0..200 {
        let received = Received { deadline: world.received(order).deadline, ..queued.clone() };
        let mut context = Context::from_waker(Waker::noop());
        if pin!(worker.handle(received)).poll(&mut context) == Poll::Ready(Settlement::Done) {
            return;
        }
        world.advance(140);
    }
    panic!("never settled");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_the_ledger_does_a_good_event_is_delivered(fates in fates()) {
        let world = world();
        deliver(&world, &order(true), &fates);
        prop_assert_eq!(reasons(&world), Vec::<String>::new());
        prop_assert_eq!(row(&world).state, State::Delivered);
    }

    #[test]
    fn and_what_brings_its_workers_down_is_parked(fates in fates()) {
        let mut world = world();
        let deadly = Arc::new(Deadly::default());
        world.ports.http = deadly.clone();
        deliver(&world, &order(false), &fates);
        let reasons = reasons(&world);
        prop_assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason == "crashed"), "{:?}", reasons);
        prop_assert_eq!(row(&world).state, State::Parked);
        // Where the note of it was lost it comes back, and is given up once more.
        prop_assert!((1..=5 * reasons.len()).contains(&deadly.0.load(Ordering::SeqCst)), "{:?}", deadly.0);
    }
}
