//! What WooCommerce's topics and fields come to, beyond what its fixtures show.

use super::{platforms::sign, *};
use crate::{
    event::{Customer, Event, Order},
    message::Payload,
    shop::Platform,
};

mod mapping;
mod ping;

const ORDERS: &str = "/webhooks/acme/order-updated";
const CUSTOMERS: &str = "/webhooks/acme/customer-updated";

fn world() -> World {
    World::with(platforms::source(Platform::Woocommerce))
}

fn request(path: &str, topic: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = post(path)
        .header("X-WC-Webhook-Source", "https://shop.example.com/")
        .header("X-WC-Webhook-Topic", topic)
        .header("X-WC-Webhook-Delivery-ID", "5f0ef55d5ff1a4a7c7f1c0de0a5d3b11");
    sign(Platform::Woocommerce, request.body(body.into()).unwrap())
}

fn changed(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut body = sample(&format!("sources/woocommerce/{name}"));
    change(&mut body);
    body.to_string()
}

async fn event(path: &str, topic: &str, body: String) -> Event {
    let world = world();
    world.receive(request(path, topic, body)).await.assert(202, "queued", None);
    let Payload::Event(event) = world.sent().remove(0).payload else { panic!("an event") };
    event
}

async fn order(change: impl FnOnce(&mut Value)) -> Order {
    let event = event(ORDERS, "order.created", changed("order-created", change)).await;
    let Event::OrderPlaced(order) = event else { panic!("an order") };
    *order
}

async fn customer(change: impl FnOnce(&mut Value)) -> Customer {
    let event = event(CUSTOMERS, "customer.updated", changed("customer-updated", change)).await;
    let Event::CustomerUpdated(customer) = event else { panic!("a customer") };
    *customer
}

/// How an order with this change ends that is not queued.
async fn ending(topic: &str, change: impl FnOnce(&mut Value)) -> (String, Option<String>) {
    let world = world();
    let answer = world.receive(request(ORDERS, topic, changed("order-created", change))).await;
    let detail = world.parked().pop().and_then(|letter| letter.detail);
    (format!("{}:{}", answer.receipt.status, answer.receipt.reason.unwrap_or_default()), detail)
}

#[tokio::test]
async fn every_topic_has_its_meaning() {
    let bodies = [("order", changed("order-created", |_| {})), ("customer", changed("customer-created", |_| {}))];
    for (topic, end) in [
        ("order.created", "order.placed"),
        ("order.updated", "order.updated"),
        ("order.restored", "order.updated"),
        ("customer.created", "customer.updated"),
        ("customer.updated", "customer.updated"),
        ("order.deleted", "order_deleted"),
        ("customer.deleted", "customer_deleted"),
        ("coupon.updated", "coupon_topic"),
        ("product.created", "product_topic"),
        ("action.woocommerce_payment_complete", "action_topic"),
        ("subscription.created", "unknown_topic"),
        ("", "no_topic"),
    ] {
        let (path, body) =
            if topic.starts_with("customer") { (CUSTOMERS, &bodies[1].1) } else { (ORDERS, &bodies[0].1) };
        let receipt = world().receive(request(path, topic, body.clone())).await.receipt;
        assert_eq!(receipt.event_type.or(receipt.reason).as_deref(), Some(end), "{topic}");
    }
    let elsewhere = request(CUSTOMERS, "order.created", "not read");
    world().receive(elsewhere).await.assert(200, "ignored", Some("wrong_endpoint"));
}

#[tokio::test]
async fn two_orders_of_one_second_share_a_delivery_id_and_are_two_events() {
    let world = world();
    let (one, other) = (changed("order-created", |_| {}), changed("order-created", |body| body["id"] = json!(7)));
    for body in [&one, &other, &one] {
        world.receive(request(ORDERS, "order.created", body.clone())).await.assert(202, "queued", None);
    }
    let ids: Vec<_> = world.sent().into_iter().map(|message| message.id).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
}

#[tokio::test]
async fn a_shop_is_known_by_the_host_of_its_address() {
    let secret = |origin: &str| {
        let mut secret = platforms::source(Platform::Woocommerce);
        secret["origins"] = json!([origin]);
        World::with(secret)
    };
    let body = changed("order-created", |_| {});
    let from = |source: &str| {
        let mut request = request(ORDERS, "order.created", body.clone());
        request.headers_mut().insert("x-wc-webhook-source", HeaderValue::from_str(source).unwrap());
        request
    };
    for source in ["https://Shop.example.com/", "http://shop.example.com:8080/de/?a=b"] {
        secret("SHOP.example.com").receive(from(source)).await.assert(202, "queued", None);
    }
    for source in ["https://other.example.com/", "shop.example.com", ""] {
        secret("shop.example.com").receive(from(source)).await.assert(202, "rejected", Some("wrong_shop"));
    }
}

#[tokio::test]
async fn an_error_of_the_shops_api_is_kept_and_named() {
    let world = world();
    let error = json!({"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot view this resource.",
        "data": {"status": 401}});
    for (path, topic) in [(ORDERS, "order.updated"), (CUSTOMERS, "customer.created")] {
        let answer = world.receive(request(path, topic, error.to_string())).await;
        answer.assert(202, "rejected", Some("rest_error"));
        let letter = world.parked().remove(0);
        assert!(letter.detail.unwrap().contains("woocommerce_rest_cannot_view, status 401"));
        assert!(letter.body.contains("data_base64"));
    }
    // An order may have such fields, too.
    let order = order(|body| {
        body["code"] = json!("x");
        body["data"] = json!({"status": 401});
    });
    assert_eq!(order.await.id, "104821");
}

#[tokio::test]
async fn an_order_that_is_none_yet_or_no_more_is_ignored() {
    for state in ["checkout-draft", "auto-draft", "draft"] {
        assert_eq!(ending("order.created", |body| body["status"] = json!(state)).await.0, "ignored:incomplete");
    }
    assert_eq!(ending("order.updated", |body| body["status"] = json!("trash")).await.0, "ignored:order_deleted");
    let empty = |body: &mut Value| {
        body["line_items"] = json!([]);
        body["fee_lines"] = json!([]);
    };
    assert_eq!(ending("order.created", empty).await.0, "ignored:incomplete");
    let only_a_fee = order(|body| body["line_items"] = json!([])).await;
    assert_eq!((only_a_fee.items.len(), only_a_fee.items[0].name.as_str()), (1, "Gift wrapping"));
    assert_eq!(only_a_fee.items[0].total, Some("2.50".parse().unwrap()));
}

#[tokio::test]
async fn without_an_address_there_is_nobody_to_write_to() {
    for email in [json!(""), json!("  "), Value::Null] {
        assert_eq!(ending("order.created", |body| body["billing"]["email"] = email).await.0, "ignored:no_email");
    }
    let absent = |body: &mut Value| drop(body["billing"].as_object_mut().unwrap().remove("email"));
    assert_eq!(ending("order.created", absent).await.0, "ignored:no_email");
    assert_eq!(ending("order.created", |body| body["billing"] = Value::Null).await.0, "ignored:no_email");
    let body = changed("customer-created", |body| {
        body["email"] = json!("");
        body["billing"]["email"] = Value::Null;
    });
    let answer = world().receive(request(CUSTOMERS, "customer.created", body)).await;
    answer.assert(200, "ignored", Some("no_email"));
}

#[tokio::test]
async fn what_cannot_be_mapped_is_kept_with_the_place_of_the_fault() {
    type Change = fn(&mut Value);
    for (change, place) in [
        ((|body| body["billing"]["email"] = json!("bob at example")) as Change, "/customer/email"),
        (|body| body["total"] = json!("45,02"), "/total/amount"),
        (|body| body["line_items"][1]["total"] = json!("free"), "/items/1/total"),
        (|body| body["line_items"] = json!({"0": {}}), "/items"),
        (|body| body["currency"] = json!("Euro"), "/total/currency"),
        (|body| body["id"] = json!("bob@example.com"), "/id"),
        (|body| ["date_created", "date_created_gmt"].iter().for_each(|name| body[*name] = Value::Null), "/placed_at"),
        (|body| *body = json!({"id": 963}), "/customer/email"),
        (|body| *body = json!([]), "/customer/email"),
    ] {
        let (ending, detail) = ending("order.created", change).await;
        assert_eq!(ending, "rejected:unmappable", "{place}");
        assert!(detail.as_ref().unwrap().contains(&format!("{place:?}")), "{place} is not in {detail:?}");
    }
}
