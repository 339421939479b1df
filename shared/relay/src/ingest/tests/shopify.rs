//! Shopify's payloads from public test suites: how each ends, and that the values agree.

use insta::assert_snapshot;

use super::*;
use crate::{
    event::{Customer, Event, Order},
    message::Payload,
};

/// How a fixture ends: queued, or ignored for a reason. Most of Shopify's own samples are marked as tests.
#[rustfmt::skip]
const ENDS: [(&str, Option<&str>); 21] = [
    ("consent_email_unsubscribed.json", Some("unknown_topic")),
    ("consent_email_update_official_2026-01.json", Some("unknown_topic")),
    ("consent_sms_update_official_2026-01.json", Some("unknown_topic")),
    ("customer_create_go-shopify.json", None),
    ("customer_create_official_sample_2024-07.json", None),
    ("customer_create_official_sample_2026-01.json", None),
    ("gdpr_customers_redact_official_2026-01.json", Some("unknown_topic")),
    ("order_cancelled_official_sample_2026-01.json", None),
    ("order_create_12_lines_no_email_2024-01.json", Some("email_withheld_by_platform")),
    ("order_create_draft_jpy_2023-10.json", None),
    ("order_create_go-shopify.json", None),
    ("order_create_laravel-shopify_raw.json", None),
    ("order_create_official_sample_2026-01.json", None),
    ("order_create_pii_redacted_2025-04.json", Some("email_withheld_by_platform")),
    ("order_create_pos_no_customer.json", Some("no_email")),
    ("order_delete_official_2026-01.json", Some("unknown_topic")),
    ("order_edited_official_2026-01.json", Some("told_by_orders_updated")),
    ("order_paid_go-shopify_with_transactions.json", None),
    ("order_updated_monei_450789469.json", None),
    ("promotion_discount_create_official_2026-01.json", Some("unknown_topic")),
    ("refund_create_official_2026-01.json", Some("told_by_orders_updated")),
];

struct Fixture {
    name: String,
    topic: String,
    body: Bytes,
    expected: Value,
}

fn fixtures() -> Vec<Fixture> {
    let folder = format!("{}/../../tests/fixtures/shopify", env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    let index: Value = serde_json::from_slice(&read("INDEX.json")).unwrap();
    let fixture = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().unwrap().to_owned();
        Fixture {
            body: read(&text("file")).into(),
            name: text("file"),
            topic: text("topic"),
            expected: entry["expect"].clone(),
        }
    };
    index["files"].as_array().unwrap().iter().map(fixture).collect()
}

fn path(topic: &str) -> &'static str {
    if topic.starts_with("customers/") { "/webhooks/acme/customer-updated" } else { "/webhooks/acme/order-updated" }
}

#[tokio::test]
async fn every_fixture_ends_as_expected_and_its_values_agree() {
    let with_tests = json!({"sources": [shopify_source()], "test_orders": "forward"});
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), ENDS.len());
    for fixture in fixtures {
        let ending = ENDS.iter().find(|(name, _)| *name == fixture.name).unwrap().1;
        let world = World::with(with_tests.clone());
        let answer = world.receive(shopify(path(&fixture.topic), &fixture.topic, fixture.body.clone())).await;
        let status = if ending.is_some() { "ignored" } else { "queued" };
        let found = (answer.receipt.status.as_str(), answer.receipt.reason.as_deref());
        assert_eq!(found, (status, ending), "{}", fixture.name);
        if ending.is_some() {
            continue;
        }
        let message = world.sent().remove(0);
        assert_eq!(Message::from_json(&message.to_json()).as_ref(), Ok(&message), "{}", fixture.name);
        match &message.payload {
            Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => agrees(order, &fixture),
            Payload::Event(Event::CustomerUpdated(customer)) => customer_agrees(customer, &fixture),
            _ => panic!("{} became something else", fixture.name),
        }
        let Payload::Event(event) = &message.payload else { panic!("an event") };
        assert_snapshot!(fixture.name.as_str(), serde_json::to_string_pretty(event).unwrap());
    }
}

#[tokio::test]
async fn shopifys_own_test_orders_are_ignored_by_default() {
    for fixture in fixtures().into_iter().filter(|fixture| fixture.expected["test"] == true) {
        let world = World::new();
        let answer = world.receive(shopify(path(&fixture.topic), &fixture.topic, fixture.body)).await;
        answer.assert(200, "ignored", Some("test_order"));
    }
}

fn agrees(order: &Order, fixture: &Fixture) {
    let (expected, name) = (&fixture.expected, &fixture.name);
    assert_eq!(order.id, expected["order_id"], "{name}");
    assert_eq!(json!(order.number), expected["order_name"], "{name}");
    assert_eq!(order.placed_at, expected["created_at"].as_str().unwrap().parse().unwrap(), "{name}");
    assert_eq!(order.customer.email.as_str(), expected["email"], "{name}");
    assert_eq!(json!(order.customer.first_name), expected["first_name"], "{name}");
    assert_eq!(json!(order.customer.last_name), expected["last_name"], "{name}");
    assert_eq!(order.total.amount, expected["total"].as_str().unwrap().parse().unwrap(), "{name}");
    assert_eq!(json!(order.total.currency), expected["currency"], "{name}");
    assert_eq!(json!(order.payment), expected["financial_status"], "{name}");
    assert_eq!(order.test, expected["test"], "{name}");
    assert_eq!(json!(order.coupons), expected["discount_codes"], "{name}");
    assert_eq!(order.status.name() == "cancelled", !expected["cancelled_at"].is_null(), "{name}");
    let items: Vec<Value> = expected["items"].as_array().unwrap().clone();
    assert_eq!(order.items.len(), items.len(), "{name}");
    for (item, expected) in order.items.iter().zip(items) {
        assert_eq!(item.name, expected["name"], "{name}");
        assert_eq!(json!(item.sku), expected["sku"], "{name}");
        assert_eq!(item.quantity, expected["quantity"].to_string().parse().unwrap(), "{name}");
        assert_eq!(item.unit_price, Some(expected["price"].as_str().unwrap().parse().unwrap()), "{name}");
    }
}

fn customer_agrees(customer: &Customer, fixture: &Fixture) {
    let (expected, name) = (&fixture.expected, &fixture.name);
    assert_eq!(json!(customer.id), expected["customer_id"], "{name}");
    assert_eq!(customer.email.as_str(), expected["email"], "{name}");
    assert_eq!(json!(customer.first_name), expected["first_name"], "{name}");
    assert_eq!(json!(customer.last_name), expected["last_name"], "{name}");
}

async fn mapped(topic: &str, change: impl FnOnce(&mut Value)) -> Event {
    let mut body = sample(if topic.starts_with("customers/") {
        "sources/shopify/customers-create"
    } else {
        "sources/shopify/orders-create"
    });
    change(&mut body);
    let world = World::new();
    world.receive(shopify(path(topic), topic, body.to_string())).await.assert(202, "queued", None);
    let Payload::Event(event) = world.sent().remove(0).payload else { panic!("an event") };
    event
}

async fn order(change: impl FnOnce(&mut Value)) -> Order {
    let Event::OrderPlaced(order) = mapped("orders/create", change).await else { panic!("an order") };
    *order
}

#[tokio::test]
async fn the_status_is_the_furthest_an_order_has_come() {
    for (payment, fulfilment, cancelled, status) in [
        (json!("pending"), Value::Null, Value::Null, "placed"),
        (json!("authorized"), json!("partial"), Value::Null, "placed"),
        (json!("paid"), Value::Null, Value::Null, "paid"),
        (json!("pending"), json!("fulfilled"), Value::Null, "fulfilled"),
        (json!("partially_refunded"), json!("fulfilled"), Value::Null, "partially_refunded"),
        (json!("refunded"), json!("fulfilled"), Value::Null, "refunded"),
        (json!("refunded"), Value::Null, json!("2026-01-01T00:00:00Z"), "cancelled"),
    ] {
        let order = order(|body| {
            body["financial_status"] = payment;
            body["fulfillment_status"] = fulfilment;
            body["cancelled_at"] = cancelled;
        });
        assert_eq!(order.await.status.name(), status);
    }
}

#[tokio::test]
async fn refunds_are_the_sum_of_what_was_really_paid_back() {
    let transaction = |kind: &str, status: &str, amount: &str| json!({"kind": kind, "status": status, "amount": amount, "currency": "EUR"});
    let order = order(|body| {
        body["currency"] = json!("EUR");
        body["refunds"] = json!([
            {"transactions": [transaction("refund", "success", "10.10"), transaction("refund", "failure", "5.00")]},
            {"transactions": [transaction("refund", "success", "0.20"), transaction("void", "success", "7.00")]}
        ]);
    });
    assert_eq!(order.await.total.refunded, Some("10.30".parse().unwrap()));
}

#[tokio::test]
async fn consent_in_an_order_is_given_or_unknown_and_the_customers_state_has_the_last_word() {
    for (accepts, state, consent) in [
        (json!(true), Value::Null, Some(true)),
        (json!(false), Value::Null, None),
        (json!(true), json!("pending"), None),
        (json!(true), json!("unsubscribed"), None),
        (json!(false), json!("subscribed"), Some(true)),
    ] {
        let order = order(|body| {
            body["buyer_accepts_marketing"] = accepts;
            body["customer"]["email_marketing_consent"] = json!({"state": state});
        });
        assert_eq!(order.await.customer.marketing_consent, consent);
    }
}

#[tokio::test]
async fn consent_of_a_customer_is_given_withdrawn_or_unknown() {
    for (state, consent) in [
        (json!("subscribed"), Some(true)),
        (json!("unsubscribed"), Some(false)),
        (json!("not_subscribed"), None),
        (json!("pending"), None),
        (Value::Null, None),
    ] {
        let event = mapped("customers/update", |body| {
            body["email_marketing_consent"]["state"] = state;
            body["accepts_marketing"] = json!(false);
        });
        let Event::CustomerUpdated(customer) = event.await else { panic!("a customer") };
        assert_eq!(customer.marketing_consent, consent);
    }
}

#[tokio::test]
async fn a_revision_is_never_later_than_its_receipt() {
    let event = mapped("orders/updated", |body| body["updated_at"] = json!("2099-01-01T00:00:00Z")).await;
    assert_eq!(event.revision_time(), Some(Timestamp::from_second(NOW).unwrap()));
}

#[tokio::test]
async fn what_is_no_order_is_parked_with_the_place_of_the_fault() {
    let world = World::new();
    for body in [r#"{"email": "a@example.com", "id": 1}"#, "[]", r#"{"errors": "Not Found", "email": "x@y"}"#] {
        world.receive(shopify("/webhooks/acme/order-placed", "orders/create", body)).await.assert(
            202,
            "rejected",
            Some("unmappable"),
        );
    }
    assert!(world.parked()[0].detail.as_ref().unwrap().contains("/items"));
}
