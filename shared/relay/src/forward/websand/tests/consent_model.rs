//! Whatever comes in whatever order, however often, and whenever workers vanish: Websand's last word is the newest
//! decision.

use std::{
    collections::BTreeSet,
    future::{Future, pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use proptest::prelude::*;
use serde_json::json;

use super::{
    consent::{decision, told, world_with_withdrawals},
    *,
};
use crate::ledger::{Consent, Expected, Ledger, LedgerError, Meddled, Meddler, Put};

/// Something that tells of one person.
#[derive(Clone, Debug)]
struct Told {
    how: How,
    /// When it was decided, or when that is how things stood.
    minute: u8,
    /// How many minutes later it was told.
    later: u8,
    /// Whether the customer events among them say when it was decided.
    dated: bool,
}

#[derive(Clone, Debug)]
enum How {
    Order { granted: bool },
    Customer { decision: Option<bool>, name: u8 },
    Decision(bool),
}

impl Told {
    fn decided(&self) -> Option<(u8, bool)> {
        let minute = if self.dated { self.minute } else { self.minute + self.later };
        match self.how {
            How::Order { granted } => granted.then_some((self.minute, false)),
            How::Customer { decision, .. } => decision.map(|granted| (minute, !granted)),
            How::Decision(granted) => Some((minute, !granted)),
        }
    }

    /// The message, with an id of its own.
    fn message(&self, number: usize) -> Message {
        let time = |minute: u8| format!("2026-06-01T08:{minute:02}:00Z");
        let (at, updated_at) = (time(self.minute), time(self.minute + self.later));
        let person = |consent: Option<bool>, name: Option<u8>| {
            let mut data = json!({"email": "bob@example.com", "updated_at": updated_at, "marketing_consent": consent});
            data["first_name"] = json!(name.map(|name| format!("Bob {name}")));
            data["consent_at"] = if self.dated { json!(at) } else { Value::Null };
            ("customer.updated", "key-of-bob".to_owned(), data)
        };
        let (kind, subject, data) = match self.how {
            How::Order { granted } => {
                let data = json!({
                    "id": format!("order-{number}"), "placed_at": at, "updated_at": updated_at,
                    "customer": {"email": "bob@example.com", "marketing_consent": granted},
                    "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
                });
                ("order.placed", format!("order-{number}"), data)
            }
            How::Customer { decision, name } => person(decision, Some(name)),
            How::Decision(granted) => person(Some(granted), None),
        };
        let event = json!({
            "specversion": "1.0", "id": format!("e-{number}"), "source": "/shops/acme/canonical",
            "type": format!("shoprelay.{kind}"), "subject": subject, "time": updated_at,
            "receivedat": format!("2026-06-01T08:59:{:02}Z", number % 60),
            "datacontenttype": "application/json", "data": data,
        });
        Message::from_json(&event.to_string()).unwrap()
    }
}

fn told_of() -> impl Strategy<Value = Told> {
    let how = prop_oneof![
        2 => any::<bool>().prop_map(|granted| How::Order { granted }),
        2 => (any::<Option<bool>>(), 0..3u8).prop_map(|(decision, name)| How::Customer { decision, name }),
        3 => any::<bool>().prop_map(How::Decision),
    ];
    (how, 0..8u8, 0..4u8, any::<bool>()).prop_map(|(how, minute, later, dated)| Told { how, minute, later, dated })
}

/// What is told, and in which order it is delivered: each at least once.
fn story() -> impl Strategy<Value = (Vec<Told>, Vec<usize>)> {
    let again = proptest::collection::vec(any::<prop::sample::Index>(), 0..8);
    (proptest::collection::vec(told_of(), 1..8), again).prop_flat_map(|(events, again)| {
        let again = again.iter().map(|index| index.index(events.len()));
        let deliveries: Vec<usize> = (0..events.len()).chain(again).collect();
        (Just(events), Just(deliveries).prop_shuffle())
    })
}

/// The newest decision; a withdrawal is newer than a grant of the same time.
fn newest(events: &[Told]) -> Option<Consent> {
    let (_, withdrawn) = events.iter().filter_map(Told::decided).max()?;
    Some(if withdrawn { Consent::Withdrawn } else { Consent::Granted })
}

fn words(consent: Consent) -> Value {
    match consent {
        Consent::Granted => "marketing_consent_true".into(),
        Consent::Withdrawn => "marketing_consent_false".into(),
    }
}

/// The last word is the newest decision, at Websand and in the ledger.
fn check_end(world: &World, events: &[Told]) -> Result<usize, TestCaseError> {
    let said: Vec<Value> = told(world).into_iter().filter(|word| !word.is_null()).collect();
    let newest = newest(events);
    prop_assert_eq!(said.last().cloned(), newest.map(words));
    if let Some(newest) = newest {
        let row = decision(world);
        prop_assert_eq!((row.consent, row.state), (Some(newest), State::Delivered));
        prop_assert!(row.lease.is_none() && row.attempts.is_empty(), "{:?}", row);
    }
    Ok(said.len())
}

/// Delivers a message until it is settled, as a queue does.
async fn deliver(world: &World, message: &Message) {
    for _ in 0..20 {
        match settle(world, message).await {
            Settlement::Done => return,
            Settlement::Back { after } => world.advance(i64::try_from(after.as_secs()).unwrap() + 1),
        }
    }
    panic!("never settled");
}

/// A worker vanishes with its `fuse`-th write: half of the time before it is stored, half of the time after.
struct Mortal {
    fuse: AtomicUsize,
    stores_first: bool,
}

impl Meddler for Mortal {
    fn put<'a>(
        &'a self,
        ledger: &'a dyn Ledger,
        row: &'a Row,
        expected: Expected,
    ) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move {
            if self.fuse.fetch_sub(1, Ordering::SeqCst) == 1 {
                if self.stores_first {
                    ledger.put(row, expected).await?;
                }
                return pending().await;
            }
            ledger.put(row, expected).await
        })
    }
}

/// Starts a delivery whose worker vanishes with a write. Whether it came to an end before.
async fn deliver_and_vanish(world: &World, message: &Message, fuse: usize, stores_first: bool) -> bool {
    let by = Mortal { fuse: AtomicUsize::new(fuse), stores_first };
    let ports = Ports { ledger: Arc::new(Meddled { ledger: world.ledger.clone(), by }), ..world.ports.clone() };
    let forwarder = WebsandForwarder::new(ports, world.config.clone());
    let mut work = Box::pin(forwarder.handle(world.received(message)));
    let ended = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
    ended == Poll::Ready(Settlement::Done)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn websands_last_word_is_the_newest_decision_and_none_is_told_twice((events, deliveries) in story()) {
        let world = world_with_withdrawals();
        run(async {
            for number in deliveries {
                deliver(&world, &events[number].message(number)).await;
            }
        });
        let calls = check_end(&world, &events)?;
        let decisions: BTreeSet<_> = events.iter().filter_map(Told::decided).collect();
        prop_assert!(calls <= decisions.len(), "{} decisions, but {:?}", decisions.len(), told(&world));
    }

    #[test]
    fn it_is_so_although_workers_vanish(
        (events, deliveries) in story(),
        fuses in proptest::collection::vec((1..6usize, any::<bool>()), 16),
    ) {
        let world = world_with_withdrawals();
        run(async {
            let mut again = Vec::new();
            for (number, (fuse, stores_first)) in deliveries.into_iter().zip(fuses) {
                if !deliver_and_vanish(&world, &events[number].message(number), fuse, stores_first).await {
                    again.push(number);
                }
            }
            // Their leases lapse.
            world.advance(HOUR);
            for number in again {
                deliver(&world, &events[number].message(number)).await;
            }
        });
        check_end(&world, &events)?;
    }

    #[test]
    fn it_is_so_although_calls_fail((events, deliveries) in story(), failures in proptest::collection::vec(0..4u8, 12)) {
        let world = world_with_withdrawals();
        for failure in failures {
            world.http.will(match failure {
                0 => Ok(answer(503, &json!({}))),
                1 => Err(CallError::NoAnswer("reset".into())),
                _ => Ok(answer(200, &json!({}))),
            });
        }
        run(async {
            for number in deliveries {
                deliver(&world, &events[number].message(number)).await;
            }
        });
        check_end(&world, &events)?;
    }
}
