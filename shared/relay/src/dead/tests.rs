//! Letters as workers park them, put back and dropped as operators do.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    forward::{WebsandForwarder, testing::World},
    ledger::{Attempts, Attention, Change, Guess, Row, State as RowState, update},
    message::{Kind, Message},
    queue::{Handler, Settlement},
};

/// A shop whose order Websand has refused: its row calls a person, its letter waits.
struct Desk {
    world: World,
    ingest: Ingest,
}

fn order(minute: u8) -> Message {
    let time = format!("2026-06-01T08:{minute:02}:00Z");
    let event = json!({
        "specversion": "1.0", "id": format!("e-{minute}"), "source": "/shops/acme/shopify",
        "type": "shoprelay.order.updated", "subject": "1001", "time": time, "receivedat": time,
        "datacontenttype": "application/json",
        "data": {
            "id": "1001", "placed_at": "2026-06-01T08:00:00Z", "updated_at": time, "status": "placed",
            "customer": {"email": "bob@example.com", "last_name": format!("Miller {minute}")},
            "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
        },
    });
    Message::from_json(&event.to_string()).unwrap()
}

impl Desk {
    fn new() -> Self {
        let world = World::new();
        world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "orders": {"updates": "all"}}));
        world.advance(3600);
        let ports = &world.ports;
        let ingest = Ingest { secrets: ports.secrets.clone(), queue: ports.queue.clone(), clock: ports.clock.clone() };
        Self { world, ingest }
    }

    async fn refused(minute: u8) -> Self {
        let desk = Self::new();
        desk.world.http.will_answer(422, &json!({"error": "no such field"}));
        assert_eq!(desk.handle(&order(minute)).await, Settlement::Done);
        desk.world.advance(600);
        desk
    }

    async fn handle(&self, message: &Message) -> Settlement {
        let forwarder = WebsandForwarder::new(self.world.ports.clone(), self.world.config.clone());
        forwarder.handle(self.world.received(message)).await
    }

    async fn work(&self, action: Action, wanted: &Wanted, limit: usize) -> Report {
        let ports = &self.world.ports;
        let (ledger, clock, random) = (&*ports.ledger, &*ports.clock, &*ports.random);
        let at = Surroundings { ingest: &self.ingest, ledger, clock, random };
        let job = Job::new(at, action, wanted, limit).await.unwrap();
        for destination in Destination::ALL {
            job.destination(destination, Timestamp::MAX).await.unwrap();
        }
        if action == Action::Drop {
            job.settle_missing().await.unwrap();
        }
        job.report()
    }

    async fn all(&self, action: Action) -> Vec<Fate> {
        self.work(action, &Wanted::default(), usize::MAX).await.items.into_iter().map(|item| item.fate).collect()
    }

    /// The messages that were put back.
    fn sent(&self) -> Vec<Message> {
        std::mem::take(&mut self.world.queue.sent.lock().unwrap())
    }

    fn letters(&self) -> usize {
        self.world.queue.parked.lock().unwrap().len()
    }

    fn row(&self) -> Row {
        self.world.ledger.rows()["acme#websand#order#1001"].clone()
    }

    fn calls(&self) -> usize {
        self.world.http.seen().len()
    }
}

#[tokio::test]
async fn a_letter_that_is_put_back_is_delivered_and_calls_nobody_meanwhile() {
    let desk = Desk::refused(1).await;
    assert_eq!((desk.row().attention, desk.letters()), (Some(Attention::Parked), 1));
    assert_eq!(desk.all(Action::Redrive).await, [Fate::PutBack]);
    assert_eq!((desk.row().state, desk.row().attention, desk.letters()), (RowState::Parked, None, 0));
    let [message] = desk.sent().try_into().unwrap();
    assert_eq!(message, order(1));
    assert_eq!(desk.handle(&message).await, Settlement::Done);
    assert_eq!((desk.row().state, desk.row().letter, desk.calls()), (RowState::Delivered, None, 2));
    // A letter too many does no harm.
    assert_eq!(desk.handle(&message).await, Settlement::Done);
    assert_eq!(desk.calls(), 2);
}

#[tokio::test]
async fn what_was_overtaken_meanwhile_is_not_delivered_and_calls_nobody() {
    let desk = Desk::refused(1).await;
    assert_eq!(desk.handle(&order(2)).await, Settlement::Done);
    let delivered = desk.row();
    assert_eq!(desk.all(Action::Redrive).await, [Fate::PutBack]);
    assert_eq!(desk.row(), delivered, "the row has gone on");
    let [message] = desk.sent().try_into().unwrap();
    assert_eq!(desk.handle(&message).await, Settlement::Done);
    assert_eq!((desk.row().revision, desk.calls()), (delivered.revision, 2));
}

#[tokio::test]
async fn a_row_that_another_event_parked_goes_on_calling() {
    let desk = Desk::refused(1).await;
    desk.world.http.will_answer(422, &json!({}));
    desk.handle(&order(2)).await;
    let first = Wanted { ids: ["e-1".to_owned()].into(), ..Wanted::default() };
    assert_eq!(desk.work(Action::Redrive, &first, usize::MAX).await.items.len(), 1);
    assert_eq!((desk.row().attention, desk.row().letter.as_deref()), (Some(Attention::Parked), Some("e-2")));
}

#[tokio::test]
async fn a_dropped_letter_is_gone_and_its_row_needs_nobody() {
    let desk = Desk::refused(1).await;
    assert_eq!(desk.all(Action::Drop).await, [Fate::Dropped]);
    assert_eq!((desk.row().state, desk.row().attention, desk.letters()), (RowState::Parked, None, 0));
    assert!(desk.sent().is_empty());
}

#[tokio::test]
async fn a_row_whose_letter_is_not_there_any_more_is_settled_by_dropping_it() {
    let desk = Desk::refused(1).await;
    desk.world.queue.parked.lock().unwrap().clear();
    let wanted = Wanted { ids: ["e-1".to_owned(), "e-9".to_owned()].into(), ..Wanted::default() };
    let report = desk.work(Action::Drop, &wanted, usize::MAX).await;
    assert_eq!((report.settled.len(), report.not_found(&wanted)), (1, ["e-9".to_owned()].into()));
    assert_eq!(desk.row().attention, None);
}

#[tokio::test]
async fn an_event_that_crashed_its_workers_starts_anew_at_all_its_rows() {
    let desk = Desk::new();
    let text = order(1).to_json().replace("shoprelay.order.updated", "shoprelay.order.placed");
    let text = text.replace("\"email\"", "\"marketing_consent\":true,\"email\"");
    let message = Message::from_json(&text).unwrap();
    desk.handle(&message).await;
    // Both rows as five crashes leave them.
    let rows = || desk.world.ledger.rows().into_values().filter(|row| row.key.kind != Kind::Connection);
    for row in rows() {
        let crashed = Attempts { unfinished: 5, ..Attempts::default() };
        let decide = |stored: Option<&Row>| {
            let attempts = [("e-1".to_owned(), crashed)].into();
            let state = RowState::Open;
            Change::Write(Box::new(Row { attempts, state, revision: None, ..stored.unwrap().clone() }), ())
        };
        let ports = &desk.world.ports;
        update(&*ports.ledger, &*ports.random, &row.key, Guess::Unknown, decide).await.unwrap();
    }
    let old = desk.world.received(&message);
    let old = crate::queue::Received { sent_at: old.sent_at - jiff::SignedDuration::from_hours(2), ..old };
    let forwarder = WebsandForwarder::new(desk.world.ports.clone(), desk.world.config.clone());
    forwarder.handle(old).await;
    assert_eq!((desk.letters(), desk.calls()), (1, 1), "it is given up");
    desk.world.advance(60);
    assert_eq!(desk.all(Action::Redrive).await, [Fate::PutBack]);
    desk.world.advance(1);
    let [message] = desk.sent().try_into().unwrap();
    desk.handle(&message).await;
    assert_eq!((desk.letters(), desk.calls()), (0, 2));
    assert!(rows().all(|row| row.state == RowState::Delivered));
}

#[tokio::test]
async fn no_more_than_the_limit_and_only_what_is_meant() {
    let desk = Desk::refused(1).await;
    let mut stray = desk.world.queue.parked.lock().unwrap()[0].clone();
    for (number, reason) in ["permanent", "retries_exhausted", "permanent"].into_iter().enumerate() {
        stray.reason = reason.to_owned();
        stray.body = order(u8::try_from(number + 2).unwrap()).to_json();
        desk.world.queue.parked.lock().unwrap().push(stray.clone());
    }
    stray.body = "no message".to_owned();
    desk.world.queue.parked.lock().unwrap().push(stray);
    let of = |reason: &str| Wanted { reason: Some(reason.to_owned()), ..Wanted::default() };
    let report = desk.work(Action::Redrive, &of("permanent"), 2).await;
    assert_eq!(report.examined, 5);
    let fates: Vec<Fate> = report.items.into_iter().map(|item| item.fate).collect();
    assert_eq!(fates, [Fate::PutBack, Fate::PutBack, Fate::BeyondLimit, Fate::BeyondLimit]);
    assert_eq!(desk.all(Action::Redrive).await, [Fate::PutBack, Fate::PutBack, Fate::Unreadable]);
    let other = Wanted { shop: Some("flowers".parse().unwrap()), ..Wanted::default() };
    assert!(desk.work(Action::Drop, &other, usize::MAX).await.items.is_empty());
}

#[tokio::test]
async fn what_cannot_be_queued_stays() {
    let desk = Desk::refused(1).await;
    let before = desk.row();
    let ports = &desk.world.ports;
    let full: Arc<dyn crate::queue::Queue> = Arc::new(Full(desk.world.queue.clone()));
    let ingest = Ingest { queue: full, ..desk.ingest.clone() };
    let (ledger, clock, random) = (&*ports.ledger, &*ports.clock, &*ports.random);
    let at = Surroundings { ingest: &ingest, ledger, clock, random };
    let wanted = Wanted::default();
    let job = Job::new(at, Action::Redrive, &wanted, 9).await.unwrap();
    job.destination(Destination::Websand, Timestamp::MAX).await.unwrap();
    assert!(matches!(job.report().items[0].fate, Fate::Failed { .. }));
    assert_eq!((desk.row(), desk.letters()), (before, 1));
}

/// Takes no message.
struct Full(Arc<crate::forward::testing::TestQueue>);

impl crate::queue::Queue for Full {
    fn send<'a>(&'a self, _: &'a Message) -> crate::Async<'a, Result<(), QueueError>> {
        Box::pin(async { Err(QueueError::Unavailable("full".into())) })
    }

    fn park<'a>(&'a self, letter: &'a crate::queue::DeadLetter) -> crate::Async<'a, Result<(), QueueError>> {
        self.0.park(letter)
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> crate::Async<'a, Result<Swept, QueueError>> {
        self.0.sweep(sweep)
    }
}

#[tokio::test]
async fn nothing_personal_is_told_of_a_letter() {
    let desk = Desk::refused(1).await;
    let report = desk.work(Action::Look, &Wanted::default(), usize::MAX).await;
    let shown: Value = serde_json::to_value(&report).unwrap();
    assert_eq!(shown["items"][0]["about"]["row"], "acme#websand#order#1001");
    assert!(!shown.to_string().contains("bob@") && !shown.to_string().contains("Miller"), "{shown}");
}
