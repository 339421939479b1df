//! What Shopify's fields come to, beyond what its fixtures show.

use super::*;
use crate::{
    event::{Event, Order},
    message::Payload,
    shop::Platform,
};

fn path(topic: &str) -> &'static str {
    if topic.starts_with("customers/") { "/webhooks/acme/customer-updated" } else { "/webhooks/acme/order-updated" }
}

#[tokio::test]
async fn shopifys_own_test_orders_are_ignored_by_default() {
    for entry in fixtures::index(Platform::Shopify).into_iter().filter(|entry| entry["expect"]["test"] == true) {
        let world = World::new();
        let body = fixtures::body(Platform::Shopify, &entry);
        let answer = world.receive(fixtures::request(Platform::Shopify, &entry, body)).await;
        answer.assert(200, "ignored", Some("test_order"));
    }
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
async fn what_payloads_are_known_to_hold_is_mapped() {
    let order = order(|body| {
        body["id"] = Value::Null;
        body["admin_graphql_api_id"] = json!("gid://shopify/Order/820982911946154508");
        body["customer"]["id"] = json!(18_446_744_073_709_551_615_u64);
        body["taxes_included"] = json!("yes");
        body["currency"] = Value::Null;
        body["total_price"] = Value::Null;
        let money = |amount: &str, code: &str| json!({"amount": amount, "currency_code": code});
        body["total_price_set"] =
            json!({"shop_money": money("10.250", "KWD"), "presentment_money": money("30.00", "USD")});
        body["line_items"] = json!([{
            "id": 1, "title": "Gift", "price": null, "quantity": 2, "current_quantity": 1, "sku": "",
            "properties": [
                {"name": "engraving", "value": "B"}, {"name": "sizes", "value": [1, 2.5]}, {"name": "wrapped", "value": true},
                {"name": 7, "value": {"a": null}}, {"name": "_hidden", "value": "x"}, {"name": null, "value": 1}, 3
            ]
        }]);
    });
    let order = order.await;
    assert_eq!((order.id.as_str(), order.customer.id.as_deref()), ("820982911946154508", Some("18446744073709551615")));
    assert_eq!((order.total.tax_included, order.total.amount), (None, "10.250".parse().unwrap()));
    assert_eq!(order.total.currency.map(String::from).as_deref(), Some("KWD"));
    let item = &order.items[0];
    assert_eq!((item.name.as_str(), &item.sku, item.unit_price, item.total), ("Gift", &None, None, None));
    assert_eq!(item.quantity, "2".parse().unwrap());
    let custom =
        json!({"current_quantity": "1", "engraving": "B", "sizes": [1, 2.5], "wrapped": true, "7": {"a": null}});
    assert_eq!(Value::Object(item.custom.clone()), custom);
}

#[tokio::test]
async fn a_refund_in_another_currency_than_the_shops_is_unknown() {
    let order = order(|body| {
        let transaction = json!({"kind": "refund", "status": "success", "amount": "10.10", "currency": "USD"});
        body["refunds"] = json!([{"transactions": [transaction]}]);
    });
    assert_eq!(order.await.total.refunded, None);
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
