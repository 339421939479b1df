//! What entries are read as: the same as their webhooks.

use ::http::{HeaderMap, HeaderName};

use super::*;
use crate::{
    event::Event,
    message::{Reference, ReferenceKind},
    source::{Authentic, Context, Family, Outcome, Webhook, of},
};

fn file(platform: Platform, name: &str) -> Value {
    let path = format!("{}/../../tests/fixtures/{platform}/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn of_platform(platform: Platform) -> Arc<WebhookSecret> {
    webhook(&json!({"platform": platform.name(), "signing_secrets": ["invented"], "test_orders": "forward"}))
}

fn now() -> Timestamp {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

fn message(platform: Platform, object: &Value) -> Message {
    match entries(&of_platform(platform), None).read(object, now()) {
        Entry::Deliverable(entry) => entry.message,
        Entry::Ignored(reason) => panic!("{platform}: ignored {reason}"),
        Entry::Faulty(unusable) => panic!("{platform}: {unusable}"),
        Entry::Unclear => panic!("{platform}: unclear"),
    }
}

#[test]
fn an_object_becomes_the_event_that_its_webhook_becomes() {
    let mut compared = 0;
    for platform in [Platform::Shopify, Platform::Woocommerce, Platform::Shopware] {
        let index = file(platform, "INDEX.json");
        for entry in index["files"].as_array().unwrap().iter().filter(|entry| entry["outcome"] == "queued") {
            let body = file(platform, entry["file"].as_str().unwrap());
            let mut headers = HeaderMap::new();
            // Shopware's tell the order's language, which the API's object has in it.
            for (name, value) in entry["headers"].as_object().unwrap().iter().filter(|_| platform != Platform::Shopware)
            {
                let name: HeaderName = name.parse().unwrap();
                headers.insert(name, value.as_str().unwrap().parse().unwrap());
            }
            let authentic = Authentic::by_operator(of_platform(platform));
            let family = if entry["endpoint"] == "customer-updated" { Family::Customer } else { Family::Order };
            let context = Context { authentic: &authentic, family, received_at: now() };
            let bytes = body.to_string();
            let webhook = Webhook { headers: &headers, body: bytes.as_bytes() };
            let Outcome::Event(expected) = of(platform).read(&webhook, &context).outcome else { continue };
            // A mere decision has no object of its own but the customer's.
            if matches!(&expected, Event::CustomerUpdated(customer) if customer.is_decision_only()) {
                continue;
            }
            let Payload::Event(event) = message(platform, &body).payload else { panic!("{entry}") };
            assert_eq!(event.into_update(), expected.into_update(), "{platform}/{}", entry["file"]);
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn objects_of_an_api_are_known_by_their_shape() {
    let shopware =
        message(Platform::Shopware, &file(Platform::Shopware, "order_placed_10077.json")["data"]["payload"]["order"]);
    assert!(matches!(shopware.payload, Payload::Event(Event::OrderPlaced(_))));
    let mut bare = file(Platform::Bigcommerce, "order_paid_with_coupon.json");
    let reference = Reference {
        platform: Platform::Bigcommerce,
        kind: ReferenceKind::Order,
        id: bare["id"].to_string(),
        event: crate::event::EventType::OrderPlaced,
    };
    assert_eq!(message(Platform::Bigcommerce, &bare).payload, Payload::Referenced(reference));
    bare["products"] = file(Platform::Bigcommerce, "order_paid_products.json");
    assert!(matches!(message(Platform::Bigcommerce, &bare).payload, Payload::Event(Event::OrderPlaced(_))));
    let hook = message(Platform::Bigcommerce, &file(Platform::Bigcommerce, "hook_customer_created.json"));
    assert!(matches!(hook.payload, Payload::Referenced(Reference { kind: ReferenceKind::Customer, .. })));
}

#[test]
fn an_entry_has_the_same_id_whenever_it_is_read_and_another_than_its_webhook() {
    let read = |object: &Value, now: &str| match entries(&canonical(), None).read(object, now.parse().unwrap()) {
        Entry::Deliverable(entry) => entry.message.id,
        _ => panic!("deliverable"),
    };
    let first = read(&order("1", 1, "paid"), "2026-11-22T08:00:00Z");
    assert_eq!(first, read(&order("1", 1, "paid"), "2026-11-23T08:00:00Z"));
    assert_ne!(first, read(&order("1", 2, "paid"), "2026-11-22T08:00:00Z"));
    assert_eq!(first.len(), 32);
}

#[test]
fn consent_is_left_out_where_that_is_asked_for() {
    let silent = |object: &Value| entries(&canonical(), None).without_consent().read(object, now());
    let mut object = order("1", 1, "paid");
    object["data"]["customer"]["marketing_consent"] = json!(true);
    let Entry::Deliverable(entry) = silent(&object) else { panic!("deliverable") };
    assert_eq!(entry.decision(), None);
    let decision = json!({"type": "customer.updated", "data": {"email": "ann@example.org", "marketing_consent": true}});
    assert!(matches!(silent(&decision), Entry::Ignored("consent")));
}

#[test]
fn what_leads_to_nothing_says_why_and_what_is_unclear_is_left_to_the_operator() {
    let reason = |secret: &WebhookSecret, platform, object: &Value| match entries(secret, platform).read(object, now())
    {
        Entry::Ignored(reason) => reason.to_owned(),
        Entry::Faulty(unusable) => unusable.to_string(),
        Entry::Unclear => "unclear".to_owned(),
        Entry::Deliverable(_) => "deliverable".to_owned(),
    };
    let (shopify, woocommerce) = (Some(Platform::Shopify), Some(Platform::Woocommerce));
    let both = webhook(&json!({"sources": [{"platform": "shopify", "signing_secrets": ["a"]},
        {"platform": "woocommerce", "signing_secrets": ["b"]}]}));
    let object = file(Platform::Woocommerce, "order_created_docs_727_processing.json");
    assert_eq!(reason(&both, None, &object), "unclear");
    assert_eq!(reason(&both, woocommerce, &object), "deliverable");
    assert_eq!(reason(&canonical(), None, &object), "unclear");
    assert_eq!(reason(&canonical(), woocommerce, &object), "deliverable", "the operator says so");
    assert_eq!(reason(&both, None, &order("1", 1, "paid")), "deliverable", "ours is known as ours");
    assert!(reason(&both, shopify, &json!({"a": 1})).contains("neither an order nor a customer"));
    assert!(reason(&both, shopify, &json!([1])).contains("must be an object"));
    let mut test = order("1", 1, "paid");
    test["data"]["test"] = json!(true);
    assert_eq!(reason(&canonical(), None, &test), "test_order");
    let promotion = json!({"type": "promotion.cancelled", "data": {"id": "p", "updated_at": "2026-01-05T10:00:00Z"}});
    assert_eq!(reason(&canonical(), None, &promotion), "promotion");
    let few = webhook(&json!({"platform": "shopify", "signing_secrets": ["a"], "forward": ["customer.updated"]}));
    assert_eq!(reason(&few, None, &order("1", 1, "paid")), "not_forwarded");
    let faults =
        reason(&canonical(), None, &json!({"type": "order.placed", "data": {"customer": {"email": "bob at"}}}));
    assert!(
        faults.contains("/data/customer/email") && faults.contains("/data/id") && !faults.contains("bob"),
        "{faults}"
    );
}
