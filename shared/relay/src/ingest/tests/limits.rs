//! What is too large for the queue.

use super::*;
use crate::{event::Event, message::Payload};

const ORDERS: &str = "/webhooks/acme/order-placed";

fn shopify_order(properties: usize) -> String {
    let mut order = sample("sources/shopify/orders-create");
    let property = |n: usize| json!({"name": format!("p{n}"), "value": "engraved with love"});
    order["line_items"][0]["properties"] = (0..properties).map(property).collect();
    order.to_string()
}

#[tokio::test]
async fn an_order_too_large_for_the_queue_loses_the_further_fields_of_its_items_first() {
    let world = World::new();
    *world.queue.limit.lock().unwrap() = Some(4000);
    world.receive(shopify(ORDERS, "orders/create", shopify_order(500))).await.assert(202, "queued", None);
    let Payload::Event(Event::OrderPlaced(order)) = world.sent().remove(0).payload else { panic!("an order") };
    assert!(order.items.iter().all(|item| item.custom.is_empty()));
    assert!(world.parked().is_empty());
}

#[tokio::test]
async fn what_is_still_too_large_is_parked_with_its_digest() {
    let world = World::new();
    *world.queue.limit.lock().unwrap() = Some(2500);
    let mut order = sample("sources/shopify/orders-create");
    order["line_items"][0]["name"] = json!("a very long name ".repeat(200));
    let body = order.to_string();
    let answer = world.receive(shopify(ORDERS, "orders/create", body.clone())).await;
    answer.assert(202, "rejected", Some("too_large"));
    let letter = world.parked().remove(0);
    assert!(letter.detail.unwrap().contains(&digest::of_body(body.as_bytes())));
    assert!(!letter.body.contains("data_base64"), "its body does not fit either");
}

#[tokio::test]
async fn who_signs_our_format_is_told_that_it_is_too_large() {
    let world = World::new();
    *world.queue.limit.lock().unwrap() = Some(500);
    let answer = world.receive(signed(ORDERS, &sample("canonical/order.placed"))).await;
    answer.assert(413, "refused", Some("too_large"));
    assert!(world.parked().is_empty());
}

#[tokio::test]
async fn a_long_list_of_faults_is_cut() {
    let world = World::new();
    let mut body = sample("canonical/promotion.scheduled.personalised_push");
    body["data"]["audience"] = json!({"connected": true, "emails": vec!["nobody"; 500]});
    let answer = world.receive(signed("/webhooks/acme/promotion-scheduled", &body)).await;
    answer.assert(422, "refused", Some("invalid"));
    assert_eq!(answer.json["errors"].as_array().unwrap().len(), 100);
    assert!(answer.json["detail"].as_str().unwrap().starts_with("The event has 500 fault(s)"));
}
