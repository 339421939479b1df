mod consent;
mod consent_model;
mod currency;
mod passage;
mod silence;
mod telling;

use serde_json::{Value, json};

use super::*;
use crate::http::Request;
use crate::{
    forward::testing::{World, answer},
    http::CallError,
    ledger::Attention,
};

const HOUR: i64 = 3600;

fn world(orders: &Value) -> World {
    let world = World::new();
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "orders": orders}));
    world
}

/// An order as it stood `minute` minutes after eight.
fn order(kind: &str, status: &str, minute: u8) -> Message {
    let time = format!("2026-06-01T08:{minute:02}:00Z");
    let event = json!({
        "specversion": "1.0", "id": format!("e-{kind}-{minute}"), "source": "/shops/acme/shopify",
        "type": format!("shoprelay.order.{kind}"), "subject": "1001", "time": time, "receivedat": time,
        "datacontenttype": "application/json",
        "data": {
            "id": "1001", "placed_at": "2026-06-01T08:00:00Z", "updated_at": time, "status": status,
            "customer": {"email": "bob@example.com", "marketing_consent": true},
            "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
        },
    });
    Message::from_json(&event.to_string()).unwrap()
}

fn customer(consent: Option<bool>, minute: u8) -> Message {
    let time = format!("2026-06-01T08:{minute:02}:00Z");
    let event = json!({
        "specversion": "1.0", "id": format!("c-{minute}"), "source": "/shops/acme/canonical",
        "type": "shoprelay.customer.updated", "subject": "key-of-bob", "time": time, "receivedat": time,
        "datacontenttype": "application/json",
        "data": {"email": "bob@example.com", "updated_at": time, "marketing_consent": consent},
    });
    Message::from_json(&event.to_string()).unwrap()
}

async fn settle(world: &World, message: &Message) -> Settlement {
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    forwarder.handle(world.received(message)).await
}

fn paths(world: &World) -> Vec<String> {
    world.http.seen().into_iter().map(|seen| seen.url).collect()
}

/// The row of the order `1001`.
fn order_row(world: &World) -> Row {
    world.ledger.rows().remove("acme#websand#order#1001").unwrap()
}

const TRANSACTION: &str = "https://acme.websandhq.com/api/data/transaction";

#[tokio::test]
async fn an_order_is_posted_once_however_often_and_late_its_webhooks_arrive() {
    let world = world(&json!({}));
    world.advance(HOUR);
    for message in [order("placed", "placed", 1), order("placed", "placed", 1), order("updated", "paid", 2)] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    assert_eq!(paths(&world), [TRANSACTION]);
    let row = order_row(&world);
    assert_eq!((row.state, row.lease.is_none(), row.version), (State::Delivered, true, 2));
    assert_eq!(world.http.seen()[0].body["transaction"]["total"]["total"].to_string(), "19.99");
}

#[tokio::test]
async fn updates_are_sent_as_the_shop_wants_them() {
    for (policy, calls) in [("none", 1), ("status", 2), ("all", 2)] {
        let world = world(&json!({"updates": policy}));
        world.advance(HOUR);
        for message in [
            order("placed", "placed", 1),
            order("updated", "paid", 3),
            order("updated", "paid", 2), // late: older than what was delivered
            order("updated", "paid", 3), // repeated
            order("updated", "paid", 4), // newer, nothing new in it
        ] {
            assert_eq!(settle(&world, &message).await, Settlement::Done);
        }
        assert_eq!(paths(&world).len(), calls, "updates: {policy}");
    }
}

#[tokio::test]
async fn a_failed_call_comes_back_with_back_off_and_is_then_delivered() {
    let world = world(&json!({}));
    let mut busy = answer(503, &json!("later"));
    busy.headers.insert("retry-after", "120".parse().unwrap());
    world.http.will(Ok(busy));
    world.http.will(Err(CallError::NoAnswer("reset".into())));
    let queued = world.received(&order("placed", "placed", 1));
    let settle = async || {
        let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
        let deadline = world.ports.clock.now() + std::time::Duration::from_mins(2);
        forwarder.handle(Received { deadline, ..queued.clone() }).await
    };
    let Settlement::Back { after } = settle().await else { panic!("not put back") };
    assert!(after.as_secs() >= 120, "{after:?}");
    // Redelivered too early: no call.
    assert!(matches!(settle().await, Settlement::Back { .. }));
    assert_eq!(paths(&world).len(), 1);
    world.advance(121);
    assert!(matches!(settle().await, Settlement::Back { .. }));
    assert_eq!(order_row(&world).attempts["e-placed-1"].failed, 2);
    world.advance(HOUR);
    assert_eq!(settle().await, Settlement::Done);
    assert_eq!(order_row(&world).state, State::Delivered);
}

#[tokio::test]
async fn a_refused_order_is_parked_with_the_destinations_words() {
    let world = world(&json!({}));
    world.http.will_answer(422, &json!({"error": "bob@example.com is not valid"}));
    assert_eq!(settle(&world, &order("placed", "placed", 1)).await, Settlement::Done);
    let parked = world.queue.parked.lock().unwrap().clone();
    assert_eq!((parked.len(), parked[0].status), (1, Some(422)));
    assert!(!format!("{:?}", parked[0].detail).contains("bob@"), "{:?}", parked[0].detail);
    let row = order_row(&world);
    assert_eq!((row.state, row.attention), (State::Parked, Some(Attention::Parked)));
}

#[tokio::test]
async fn if_parking_fails_the_message_comes_back() {
    let world = world(&json!({}));
    *world.queue.down.lock().unwrap() = true;
    world.http.will_answer(422, &json!({}));
    assert!(matches!(settle(&world, &order("placed", "placed", 1)).await, Settlement::Back { .. }));
    assert!(matches!(
        WebsandForwarder::new(world.ports.clone(), world.config.clone())
            .handle(world.received_text("not JSON".into()))
            .await,
        Settlement::Back { .. }
    ));
    *world.queue.down.lock().unwrap() = false;
    world.advance(HOUR);
    assert_eq!(settle(&world, &order("placed", "placed", 1)).await, Settlement::Done);
}

#[tokio::test]
async fn a_refused_key_is_read_anew_once_and_then_waits_for_a_person() {
    let world = world(&json!({}));
    world.http.will_answer(401, &json!({}));
    assert_eq!(settle(&world, &order("placed", "placed", 1)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), 2);
    world.http.will_answer(401, &json!({}));
    world.http.will_answer(401, &json!({}));
    let mut other = order("placed", "placed", 2);
    other.subject = "1002".into();
    let Settlement::Back { after } = settle(&world, &other).await else { panic!("dropped") };
    assert!(after.as_secs() >= 900, "{after:?}");
    assert_eq!(world.ledger.rows()["acme#websand#order#1002"].attention, Some(Attention::CredentialsRefused));
}

#[tokio::test]
async fn a_missing_secret_holds_the_delivery_back_for_ten_days_and_loses_nothing() {
    let world = World::new();
    let message = order("placed", "placed", 1);
    assert!(matches!(settle(&world, &message).await, Settlement::Back { after } if after.as_secs() >= 900));
    assert_eq!(order_row(&world).attention, Some(Attention::ConfigurationFault));
    let mut old = world.received(&message);
    world.advance(10 * 24 * HOUR + 1);
    old.deadline = world.received(&message).deadline;
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    assert_eq!(forwarder.handle(old).await, Settlement::Done);
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "secret_missing");
}

#[tokio::test]
async fn of_customers_who_consented_later_versions_are_sent_too_and_of_others_none() {
    let world = world(&json!({"updates": "all", "consent": "consented"}));
    world.advance(HOUR);
    let mut others = [order("placed", "placed", 1), order("updated", "paid", 3)];
    for message in &mut others {
        message.subject = "1002".into();
        let Payload::Event(Event::OrderPlaced(data) | Event::OrderUpdated(data)) = &mut message.payload else {
            panic!("no order")
        };
        data.customer.marketing_consent = None;
    }
    for message in others.iter().chain(&[order("placed", "placed", 1), order("updated", "paid", 3)]) {
        assert_eq!(settle(&world, message).await, Settlement::Done);
    }
    assert_eq!(paths(&world), [TRANSACTION; 2]);
    let sent = world.http.seen().into_iter().map(|seen| seen.body["transaction"]["status"].clone());
    assert_eq!(sent.collect::<Vec<_>>(), ["placed", "paid"]);
}

#[tokio::test]
async fn a_second_call_with_a_fresh_key_is_not_started_without_time_for_it() {
    let mut world = world(&json!({}));
    world.config.http_timeout = std::time::Duration::from_secs(10);
    let message = order("placed", "placed", 1);
    world.ports.http =
        std::sync::Arc::new(crate::forward::testing::SlowRefusal(world.clock.clone(), world.http.clone()));
    let mut received = world.received(&message);
    received.deadline = received.sent_at + std::time::Duration::from_secs(20);
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    assert_eq!(forwarder.handle(received).await, Settlement::Back { after: std::time::Duration::ZERO });
    assert_eq!(paths(&world).len(), 1);
}

#[tokio::test]
async fn nothing_is_started_that_cannot_be_finished_in_time() {
    let world = world(&json!({}));
    let mut received = world.received(&order("placed", "placed", 1));
    received.deadline = received.sent_at + std::time::Duration::from_secs(14);
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    assert!(matches!(forwarder.handle(received).await, Settlement::Back { .. }));
    assert!(paths(&world).is_empty() && world.ledger.rows().is_empty());
}
