//! What Shopware's webhooks come to, beyond what its fixtures show.

use super::*;
use crate::{
    event::{Customer, Event, EventType, Order},
    message::{Payload, Reference, ReferenceKind},
    shop::Platform,
};

mod order;

const ORDERS: &str = "order-updated";
const CUSTOMERS: &str = "customer-updated";
const ID: &str = "018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b";

/// The sample of this name, changed.
fn body(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = sample(&format!("sources/shopware/{name}"));
    change(&mut body);
    body
}

fn request(endpoint: &str, body: &Value) -> Request<Bytes> {
    let request = post(&format!("/webhooks/acme/{endpoint}")).body(body.to_string().into()).unwrap();
    platforms::sign(Platform::Shopware, request)
}

fn world() -> World {
    World::with(platforms::source(Platform::Shopware))
}

/// What is queued, each message's payload.
async fn queued(endpoint: &str, body: &Value) -> Vec<Payload> {
    let world = world();
    world.receive(request(endpoint, body)).await.assert(202, "queued", None);
    world.sent().into_iter().map(|message| message.payload).collect()
}

async fn ignored(endpoint: &str, body: &Value, reason: &str) {
    world().receive(request(endpoint, body)).await.assert(200, "ignored", Some(reason));
}

async fn order(body: &Value) -> Order {
    match queued(ORDERS, body).await.remove(0) {
        Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => *order,
        other => panic!("{other:?}"),
    }
}

async fn customer(body: &Value) -> Customer {
    match queued(CUSTOMERS, body).await.remove(0) {
        Payload::Event(Event::CustomerUpdated(customer)) => *customer,
        other => panic!("{other:?}"),
    }
}

async fn references(endpoint: &str, body: &Value) -> Vec<(ReferenceKind, String, EventType)> {
    let reference = |payload| match payload {
        Payload::Referenced(Reference { platform: Platform::Shopware, kind, id, event }) => (kind, id, event),
        other => panic!("{other:?}"),
    };
    queued(endpoint, body).await.into_iter().map(reference).collect()
}

/// The order of a body.
fn order_of(body: &mut Value) -> &mut Value {
    &mut body["data"]["payload"]["order"]
}

#[tokio::test]
async fn the_newsletters_event_says_what_was_decided_and_the_recipient_is_often_as_it_was_before() {
    let before = "2026-11-21T10:12:00.000+00:00";
    let later: Timestamp = "2026-11-21T10:14:00Z".parse().unwrap();
    let received = Timestamp::from_second(NOW).unwrap();
    for (event, status, confirmed, given, double_opt_in, at) in [
        // Confirmed just now; the recipient still waits.
        ("newsletter.confirm", "notSet", Value::Null, true, true, later),
        ("newsletter.confirm", "optIn", json!(before), true, true, later),
        // Shops without a confirmation, or for customers who are known.
        ("newsletter.confirm", "direct", Value::Null, true, false, later),
        ("newsletter.confirm", "optIn", Value::Null, true, false, later),
        // The form can also be used to leave.
        ("newsletter.confirm", "optOut", json!(before), false, false, later),
        ("newsletter.register", "optOut", json!(before), false, false, later),
        ("newsletter.register", "direct", Value::Null, true, false, later),
        ("newsletter.unsubscribe", "optOut", json!(before), false, false, later),
        // Its times are those of the subscription.
        ("newsletter.unsubscribe", "optIn", json!(before), false, false, received),
    ] {
        let found = customer(&body("newsletter-confirm", |body| {
            body["data"]["event"] = json!(event);
            let recipient = &mut body["data"]["payload"]["newsletterRecipient"];
            recipient["status"] = json!(status);
            recipient["confirmedAt"] = confirmed;
            recipient["createdAt"] = json!(before);
            recipient["updatedAt"] = json!("2026-11-21T10:14:00.000+00:00");
        }))
        .await;
        assert_eq!(found.marketing_consent, Some(given), "{event} {status}");
        assert_eq!((found.double_opt_in, found.consent_at), (double_opt_in, Some(at)), "{event} {status}");
        assert_eq!(found.updated_at, Some(at), "{event} {status}");
    }
    ignored(CUSTOMERS, &body("newsletter-register", |_| {}), "double_opt_in_pending").await;
    let register = customer(&body("checkout-customer-register", |_| {})).await;
    assert_eq!(register.marketing_consent, None, "an account is no consent");
}

#[tokio::test]
async fn written_rows_are_fetched_once_each_if_they_are_live() {
    let (a, b) = ("a".repeat(32), "b".repeat(32));
    let live = "0fa91ce3e96a4bc2be4bd9ce752c3425";
    let rows = json!([
        {"entity": "order", "operation": "update", "primaryKey": a, "versionId": live},
        {"entity": "order", "operation": "insert", "primaryKey": {"id": a, "versionId": live}},
        {"entity": "order", "operation": "update", "primaryKey": b},
        {"entity": "order", "operation": "update", "primaryKey": "c".repeat(32), "versionId": "d".repeat(32)},
        {"entity": "order", "operation": "delete", "primaryKey": "e".repeat(32), "versionId": live},
        {"entity": "order_address", "operation": "update", "primaryKey": "f".repeat(32)},
        {"entity": "order", "operation": "update", "primaryKey": "../product"},
    ]);
    let found = references(ORDERS, &body("order-written", |body| body["data"]["payload"] = rows)).await;
    let order = |id, event| (ReferenceKind::Order, id, event);
    assert_eq!(found, [order(a, EventType::OrderPlaced), order(b, EventType::OrderUpdated)]);
    let found = references(CUSTOMERS, &body("customer-written", |_| {})).await;
    assert_eq!(found[0].0, ReferenceKind::Customer);
    let deleted = body("order-written", |body| body["data"]["payload"][0]["operation"] = json!("delete"));
    ignored(ORDERS, &deleted, "deleted").await;
    let draft = body("order-written", |body| body["data"]["payload"][0]["versionId"] = json!("d".repeat(32)));
    ignored(ORDERS, &draft, "not_live_version").await;
    ignored(CUSTOMERS, &body("order-written", |_| {}), "wrong_endpoint").await;
}

#[tokio::test]
async fn a_flow_action_is_followed_by_the_id_in_its_parameters() {
    let order = |id: &str| vec![(ReferenceKind::Order, id.to_owned(), EventType::OrderUpdated)];
    let action = |name: &str, value: Value| {
        body("flow-action", |body| {
            body.as_object_mut().unwrap().remove("orderId");
            body[name] = value;
        })
    };
    assert_eq!(references(ORDERS, &body("flow-action", |_| {})).await, order(ID));
    assert_eq!(references(ORDERS, &action("order_id", json!(ID))).await, order(ID));
    assert_eq!(references(ORDERS, &action("orderNumber", json!("SW-1/€"))).await, order("number:SW-1/€"));
    let person = |kind| vec![(kind, ID.to_owned(), EventType::CustomerUpdated)];
    assert_eq!(references(CUSTOMERS, &action("customerId", json!(ID))).await, person(ReferenceKind::Customer));
    let recipient = action("newsletterRecipientId", json!(ID));
    assert_eq!(references(CUSTOMERS, &recipient).await, person(ReferenceKind::Consent));
    ignored(ORDERS, &action("orderId", json!("../product")), "no_order_id_in_flow_action").await;
    ignored(CUSTOMERS, &body("flow-action", |_| {}), "no_customer_id_in_flow_action").await;
    ignored("promotion-scheduled", &body("flow-action", |_| {}), "wrong_endpoint").await;
}

#[tokio::test]
async fn the_new_delivery_names_its_events_in_headers_and_the_old_one_in_the_body() {
    let old = body("checkout-order-placed", |body| body["source"]["sequence"] = json!(7));
    let again = body("checkout-order-placed", |body| {
        body["source"]["sequence"] = json!(7);
        body["timestamp"] = json!(NOW);
    });
    let world = world();
    let mut new = request(ORDERS, &old);
    new.headers_mut().insert("X-Shopware-Event-Id", HeaderValue::from_static("ec627f4dce7d79078930fcd0e791047e"));
    new.headers_mut().insert("X-Shopware-Sequence", HeaderValue::from_static("48292"));
    for request in [request(ORDERS, &old), request(ORDERS, &again), new] {
        world.receive(request).await.assert(202, "queued", None);
    }
    let sent = world.sent();
    assert_eq!(sent[0].id, sent[1].id, "a repetition has a new time in its body");
    assert_ne!(sent[0].id, sent[2].id);
    assert_eq!([sent[0].sequence, sent[2].sequence], [Some(7), Some(48292)]);
    assert_eq!(sent[0].subject, ID);
}

#[tokio::test]
async fn an_event_without_an_id_is_known_by_all_but_the_time_of_its_sending() {
    let old = |time: i64, total: &str| {
        body("checkout-order-placed", |body| {
            body["source"].as_object_mut().unwrap().remove("eventId");
            body["timestamp"] = json!(time);
            order_of(body)["amountTotal"] = json!(total);
        })
    };
    let world = world();
    for body in [old(NOW, "1.00"), old(NOW + 1, "1.00"), old(NOW, "2.00")] {
        world.receive(request(ORDERS, &body)).await.assert(202, "queued", None);
    }
    let ids: Vec<_> = world.sent().into_iter().map(|message| message.id).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

/// Takes messages only sixteen at a time.
struct Crowd {
    gate: tokio::sync::Barrier,
    sent: Mutex<Vec<String>>,
}

impl crate::queue::Queue for Crowd {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.gate.wait().await;
            self.sent.lock().unwrap().push(message.id.clone());
            Ok(())
        })
    }

    fn park<'a>(&'a self, _letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        unreachable!("nothing is wrong")
    }
}

#[tokio::test]
async fn many_rows_of_one_webhook_are_queued_side_by_side() {
    let row = |n: usize| json!({"entity": "order", "operation": "update", "primaryKey": format!("{n:032x}")});
    let body = body("order-written", |body| body["data"]["payload"] = (0..480).map(row).collect());
    let crowd = Arc::new(Crowd { gate: tokio::sync::Barrier::new(16), sent: Mutex::default() });
    let ingest = Ingest { queue: Arc::<Crowd>::clone(&crowd), ..world().ingest };
    let received = ingest.receive(None, request(ORDERS, &body));
    let answer = tokio::time::timeout(std::time::Duration::from_mins(1), received).await.unwrap();
    assert_eq!(answer.response.status(), 202);
    let mut ids = crowd.sent.lock().unwrap().clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 480);
    let world = world();
    *world.queue.down.lock().unwrap() = true;
    world.receive(request(ORDERS, &body)).await.assert(503, "unavailable", Some("queue_unreachable"));
}

#[tokio::test]
async fn a_clone_with_another_address_is_rejected() {
    let world =
        World::with(json!({"sources": [platforms::source(Platform::Shopware)], "origins": ["Acme.example.com"]}));
    let from = |url: &str| request(ORDERS, &body("checkout-order-placed", |body| body["source"]["url"] = json!(url)));
    for url in ["https://acme.example.com", "https://acme.example.com/shop", "https://acme.example.com:443/"] {
        world.receive(from(url)).await.assert(202, "queued", None);
    }
    for url in ["https://staging.acme.example.com", "http://acme.example.com:8000", "acme.example.com", ""] {
        world.receive(from(url)).await.assert(202, "rejected", Some("wrong_shop"));
    }
    assert!(world.parked().iter().all(|letter| !letter.body.contains("data_base64")));
}

#[tokio::test]
async fn what_is_no_event_of_ours_is_ignored_and_what_is_broken_is_parked() {
    let named = |event: &str| body("app-deleted", |body| body["data"]["event"] = json!(event));
    for (event, reason) in [
        ("app.deleted", "lifecycle"),
        ("app.system_heartbeat", "heartbeat"),
        ("checkout.customer.login", "login"),
        ("checkout.customer.deleted", "customer_deleted"),
        ("product.written", "unknown_topic"),
    ] {
        ignored(ORDERS, &named(event), reason).await;
    }
    ignored(ORDERS, &json!({"source": {"eventId": "1"}}), "no_topic").await;
    ignored(CUSTOMERS, &body("checkout-order-placed", |_| {}), "wrong_endpoint").await;
    let empty = body("checkout-order-placed", |body| body["data"]["payload"] = json!([]));
    let world = world();
    world.receive(request(ORDERS, &empty)).await.assert(202, "rejected", Some("unmappable"));
    let broken = platforms::sign(Platform::Shopware, post("/webhooks/acme/order-placed").body("{".into()).unwrap());
    world.receive(broken).await.assert(202, "rejected", Some("not_json"));
    assert_eq!(world.parked().len(), 2);
}
