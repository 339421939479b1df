//! How the forwarder settles privacy requests.

use serde_json::{Value, json};

use crate::{
    erase::{Receipt, receipt_of},
    forward::{WebsandForwarder, testing::World},
    ledger::{Attention, Lease, Ledger, Row, State},
    message::Message,
    queue::{Handler, Settlement},
};

fn message(kind: &str, data: &Value) -> Message {
    let envelope = json!({
        "specversion": "1.0", "id": "e-1", "source": "/shops/acme/shopify", "type": format!("shoprelay.customer.{kind}"),
        "subject": "s", "receivedat": "2026-06-01T08:00:00Z", "datacontenttype": "application/json", "data": data,
    });
    Message::from_json(&envelope.to_string()).unwrap()
}

fn person() -> Value {
    json!({"email": "bob@example.com", "customer_id": "7", "orders": ["1001"], "requested_at": "2026-06-01T08:00:00Z"})
}

async fn settle(world: &World, message: &Message) -> Settlement {
    WebsandForwarder::new(world.ports.clone(), world.config.clone()).handle(world.received(message)).await
}

fn request(world: &World) -> Row {
    world.ledger.rows()["acme#websand#privacy#e-1"].clone()
}

async fn receipt(world: &World) -> Option<Receipt> {
    receipt_of(&*world.ledger, &request(world).key).await.unwrap()
}

#[tokio::test]
async fn a_request_needs_no_account_and_ends_with_a_receipt_that_calls_a_person() {
    for (kind, data, attention) in [
        ("erase", json!({"person": person()}), Attention::ErasureByHand),
        ("erase", json!({"shop": {"requested_at": "2026-06-01T08:00:00Z"}}), Attention::ErasureByHand),
        ("data_request", person(), Attention::DataRequest),
    ] {
        let world = World::new();
        assert_eq!(settle(&world, &message(kind, &data)).await, Settlement::Done);
        let row = request(&world);
        assert_eq!((row.state, row.attention), (State::Delivered, Some(attention)));
        assert_eq!(row.expires_at, world.ledger.parts_expire_at(), "the receipt is kept as long as the row");
        let receipt = receipt(&world).await.unwrap();
        assert_eq!(receipt.deleted, attention == Attention::ErasureByHand);
        assert!(!receipt.by_hand.is_empty() && !receipt.to_string().contains("bob"), "{receipt}");
        // Delivered twice, it is done once.
        let rows = world.ledger.rows();
        assert_eq!(settle(&world, &message(kind, &data)).await, Settlement::Done);
        assert_eq!(world.ledger.rows(), rows);
        assert!(world.http.seen().is_empty());
    }
}

#[tokio::test]
async fn a_data_request_deletes_nothing() {
    let world = World::new();
    let order: crate::message::RowKey = "acme#websand#order#1001".parse().unwrap();
    let row = Row { version: 1, ..Row::new(order.clone(), world.ports.clock.now()) };
    world.ledger.put(&row, crate::ledger::Expected::Absent).await.unwrap();
    settle(&world, &message("data_request", &person())).await;
    assert_eq!(world.ledger.get(&order).await, Ok(Some(row)));
    assert_eq!(receipt(&world).await.unwrap().found.rows, [order]);
    assert_eq!(world.ledger.rows().len(), 2, "no tombstone");
}

#[tokio::test]
async fn what_fails_is_tried_again_and_then_given_up() {
    let world = World::new();
    *world.queue.down.lock().unwrap() = true;
    let message = message("erase", &json!({"person": person()}));
    let received = world.received(&message);
    assert!(matches!(settle(&world, &message).await, Settlement::Back { .. }));
    assert_eq!(request(&world).last_error.unwrap().code, "erasure_failed");
    world.advance(600);
    *world.queue.down.lock().unwrap() = false;
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert!(receipt(&world).await.is_some());
    // Three days of failing end in the dead-letter queue.
    let world = World::new();
    world.secrets.0.lock().unwrap().clear();
    world.advance(11 * 24 * 3600);
    let late =
        crate::queue::Received { deadline: received.deadline + std::time::Duration::from_hours(11 * 24), ..received };
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    assert_eq!(forwarder.handle(late).await, Settlement::Done);
    assert_eq!((request(&world).state, world.queue.parked.lock().unwrap().len()), (State::Parked, 1));
}

#[tokio::test]
async fn a_promotion_at_work_is_waited_for_without_an_attempt_being_counted() {
    let world = World::new();
    let now = world.ports.clock.now();
    let key: crate::message::RowKey = "acme#websale#promotion#p".parse().unwrap();
    let until = now + std::time::Duration::from_mins(2);
    let lease = Some(Lease { token: "t".into(), until });
    let row = Row { version: 1, lease, ..Row::new(key.clone(), now) };
    world.ledger.put(&row, crate::ledger::Expected::Absent).await.unwrap();
    let message = message("erase", &json!({"shop": {"requested_at": "2026-06-01T08:00:00Z"}}));
    for _ in 0..8 {
        let settlement = settle(&world, &message).await;
        assert_eq!(settlement, Settlement::Back { after: std::time::Duration::from_mins(2) });
    }
    assert_eq!(request(&world).lease, None);
    world.advance(121);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(receipt(&world).await.unwrap().found.promotion_rows, 1);
    assert_eq!((world.ledger.get(&key).await, world.ledger.parts()), (Ok(None), 1));
}
