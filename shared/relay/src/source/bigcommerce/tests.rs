use std::sync::Arc;

use ::http::{HeaderMap, HeaderName};
use serde_json::json;

use super::*;
use crate::{
    secret::WebhookSecret,
    source::{Family, authenticate},
};

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

fn secret(fields: &Value) -> Arc<WebhookSecret> {
    let mut secret = json!({"platform": "bigcommerce"});
    secret.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    Arc::new(crate::secret::parse(&secret).unwrap())
}

fn with_header() -> Value {
    json!({"header": {"name": "X-Hook-Key", "values": ["new-invented-value", "old-invented-value"]}})
}

/// What reading a body comes to at an endpoint of this family.
fn read(body: &[u8], family: Family, settings: &Value) -> Reading {
    let mut fields = with_header();
    fields.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let headers =
        HeaderMap::from_iter([(HeaderName::from_static("x-hook-key"), "old-invented-value".parse().unwrap())]);
    let webhook = Webhook { headers: &headers, body };
    let authentic = authenticate(&webhook, Some(&secret(&fields)), now()).unwrap();
    assert_eq!(authentic.proof, Proof::Header);
    Bigcommerce.read(&webhook, &Context { authentic: &authentic, family, received_at: now() })
}

fn webhook(scope: &str, data: &Value) -> Vec<u8> {
    let body = json!({"scope": scope, "store_id": "1001", "data": data, "hash": HASH, "created_at": 1_780_300_790,
        "producer": "stores/abc123"});
    body.to_string().into_bytes()
}

/// The outcome in one line.
fn outcome(scope: &str, data: &Value) -> String {
    let name = scope.trim_start_matches("store/");
    let family = if name.contains("order/") { Family::Order } else { Family::Customer };
    let reading = read(&webhook(scope, data), family, &json!({}));
    assert_eq!((reading.topic.as_deref(), reading.origin.as_deref()), (Some(scope), Some("abc123")));
    in_words(&reading.outcome)
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::References(references) => {
            let words = |reference: &Reference| {
                assert_eq!(reference.platform, Platform::Bigcommerce);
                format!("{}/{} {}", reference.kind.name(), reference.id, reference.event.name())
            };
            references.iter().map(words).collect::<Vec<_>>().join(", ")
        }
        Outcome::Ignored(reason) => format!("ignored: {reason}"),
        Outcome::Unusable(unusable) => format!("unusable: {unusable}"),
        _ => "something else".into(),
    }
}

#[test]
fn every_scope_leads_to_what_it_is_about() {
    let order = json!({"type": "order", "id": 250});
    let status = |from: u8, to: u8| json!({"type": "order", "id": 250, "status": {"previous_status_id": from, "new_status_id": to}});
    let transaction = json!({"type": "transaction", "order_id": "250", "transaction_id": "176342342"});
    let customer = json!({"type": "customer", "id": 32});
    let address = json!({"type": "customer", "id": 60, "address": {"customer_id": 32}});
    let subscriber = json!({"type": "subscriber", "id": 5});
    for (scope, data, expected) in [
        ("store/order/created", &order, "order/250 order.placed"),
        ("store/order/updated", &order, "order/250 order.updated"),
        ("store/order/statusUpdated", &status(0, 11), "order/250 order.placed"),
        ("store/order/statusUpdated", &status(11, 2), "order/250 order.updated"),
        ("store/order/statusUpdated", &order, "order/250 order.updated"),
        ("store/order/refund/created", &json!({"id": 250, "refund": {"refund_id": 3}}), "order/250 order.updated"),
        ("store/order/transaction/created", &transaction, "order/250 order.updated"),
        ("store/order/transaction/updated", &transaction, "order/250 order.updated"),
        ("store/channel/1/order/created", &json!({"order_id": 127}), "order/127 order.placed"),
        ("store/channel/1/order/statusUpdated", &json!({"order_id": 127}), "order/127 order.updated"),
        ("store/channel/17/order/refund/created", &json!({"order_id": 127}), "order/127 order.updated"),
        ("store/order/archived", &order, "ignored: archived"),
        ("store/order/message/created", &order, "ignored: unknown_topic"),
        ("store/order/metafield/updated", &json!({"metafield_id": 14, "resource_id": "270"}), "ignored: unknown_topic"),
        ("store/customer/created", &customer, "customer/32 customer.updated"),
        ("store/customer/updated", &customer, "customer/32 customer.updated"),
        ("store/customer/address/updated", &address, "customer/32 customer.updated"),
        ("store/customer/deleted", &customer, "ignored: deleted"),
        ("store/subscriber/created", &subscriber, "consent/5 customer.updated"),
        ("store/subscriber/updated", &subscriber, "consent/5 customer.updated"),
        ("store/subscriber/deleted", &subscriber, "ignored: deleted"),
        ("store/cart/converted", &json!({"type": "cart", "id": "d3", "orderId": 252}), "ignored: unknown_topic"),
        ("store/product/updated", &json!({"type": "product", "id": 1}), "ignored: unknown_topic"),
        ("store/hook/deliveryException", &json!({"id": 1, "error_code": 90002}), "ignored: delivery_exception"),
    ] {
        assert_eq!(outcome(scope, data), expected, "{scope} {data}");
    }
}

#[test]
fn an_id_that_is_no_number_never_gets_into_a_path() {
    for id in [json!(null), json!("250/../251"), json!("250?x"), json!(-1), json!(2.5), json!(0), json!({}), json!("")]
    {
        let words = outcome("store/order/created", &json!({"type": "order", "id": id}));
        assert!(words.starts_with("unusable: "), "{id}: {words}");
    }
    assert!(outcome("store/order/created", &json!([])).starts_with("unusable: "));
}

#[test]
fn what_is_no_webhook_of_theirs_is_unusable() {
    for (body, expected) in [
        (&b"not JSON"[..], "unusable: the body is not JSON at line 1, column 2"),
        (b"[]", "unusable: "),
        (br#"{"scope": 1}"#, "unusable: "),
        (br#"{"data": {"id": 1}}"#, "unusable: "),
    ] {
        let words = in_words(&read(body, Family::Order, &json!({})).outcome);
        assert!(words.starts_with(expected), "{words}");
    }
}

#[test]
fn what_the_shop_or_the_url_does_not_take_is_ignored() {
    let order = webhook("store/order/created", &json!({"id": 250}));
    let customer = webhook("store/customer/updated", &json!({"id": 32}));
    let none = json!({});
    let only_updates = json!({"forward": ["order.updated"]});
    assert_eq!(in_words(&read(&order, Family::Customer, &none).outcome), "ignored: wrong_endpoint");
    assert_eq!(in_words(&read(&customer, Family::Order, &none).outcome), "ignored: wrong_endpoint");
    assert_eq!(in_words(&read(&order, Family::Order, &only_updates).outcome), "ignored: not_forwarded");
}

#[test]
fn a_header_of_the_shops_own_proves_a_webhook_and_the_hash_does_not() {
    let body = webhook("store/order/created", &json!({"id": 250}));
    let signing = json!({"signing_secrets": ["0a1b2c3d"]});
    let proof = |secret: &Arc<WebhookSecret>, headers: &[(&'static str, &str)]| {
        let header = |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        let headers: HeaderMap = headers.iter().map(header).collect();
        authenticate(&Webhook { headers: &headers, body: &body }, Some(secret), now()).map(|authentic| authentic.proof)
    };
    let by_header = secret(&with_header());
    assert_eq!(proof(&by_header, &[("x-hook-key", "new-invented-value")]), Some(Proof::Header));
    assert_eq!(proof(&by_header, &[("x-hook-key", "new-invented-valu")]), None);
    assert_eq!(proof(&by_header, &[("x-other", "new-invented-value")]), None);
    assert_eq!(proof(&by_header, &[]), None);
    assert_eq!(proof(&secret(&signing), &[("x-hook-key", "new-invented-value")]), None);
}

#[test]
fn a_delivery_has_the_same_name_when_it_is_repeated() {
    let body = webhook("store/order/created", &json!({"id": 250}));
    assert_eq!(read(&body, Family::Order, &json!({})).delivery, None, "then it is the body that names it");
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-hook-key"), "new-invented-value".parse().unwrap()),
        (HeaderName::from_static("webhook-id"), "msg_1".parse().unwrap()),
    ]);
    let webhook = Webhook { headers: &headers, body: &body };
    let authentic = authenticate(&webhook, Some(&secret(&with_header())), now()).unwrap();
    let context = Context { authentic: &authentic, family: Family::Order, received_at: now() };
    assert_eq!(Bigcommerce.read(&webhook, &context).delivery.as_deref(), Some("msg_1"));
}

#[test]
fn what_is_read_is_never_newer_than_the_reading() {
    let ahead = "2026-06-01T09:30:00Z";
    let person = json!({"id": 32, "email": "bob@example.com", "consents": ["marketing_newsletter"],
        "date_created": ahead, "date_modified": ahead});
    let order = json!({"id": 250, "status_id": 11, "date_created": "Mon, 01 Jun 2026 07:00:00 +0000",
        "date_modified": "Mon, 01 Jun 2026 09:30:00 +0000", "total_inc_tax": "9.9500", "is_email_opt_in": true,
        "billing_address": {"email": "bob@example.com"}});
    let products = [json!({"id": 1, "name": "Mug", "quantity": 1})];
    let order = map_order(&order, &products, &[], EventType::OrderUpdated, now()).ok();
    let told = [order, map_customer(&person, now()).ok(), map_subscriber(&person, now()).ok()];
    assert_eq!(told.map(|event| event.unwrap().revision_time()), [Some(now()); 3]);
    let Ok(event::Event::CustomerUpdated(subscriber)) = map_subscriber(&person, now()) else { panic!("a decision") };
    assert_eq!(subscriber.consent_at, Some(now()));
}
