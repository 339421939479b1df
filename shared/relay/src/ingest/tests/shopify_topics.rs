//! What becomes of each of Shopify's topics.

use super::*;
use crate::{
    event::{Customer, Event},
    message::{Payload, Reference, ReferenceKind, Whose},
    shop::Platform,
};

const CUSTOMER_UPDATED: &str = "/webhooks/acme/customer-updated";
const CONSENT: &str = "customers_email_marketing_consent/update";

fn consent(change: impl FnOnce(&mut Value)) -> String {
    let mut body = sample("sources/shopify/customers_email_marketing_consent-update");
    change(&mut body);
    body.to_string()
}

fn customer(message: Message) -> Customer {
    let Payload::Event(Event::CustomerUpdated(customer)) = message.payload else { panic!("no customer") };
    *customer
}

#[tokio::test]
async fn topics_without_anything_to_forward_are_ignored_each_for_its_reason() {
    for (topic, reason) in [
        ("customers_marketing_consent/update", "sms_consent"),
        ("customers/merge", "told_by_customers_update"),
        ("customers/delete", "customer_deleted"),
        ("customers/enable", "account_state"),
        ("customers/disable", "account_state"),
        ("customer.tags_added", "customer_tags"),
        ("orders/delete", "order_deleted"),
        ("orders/edited", "told_by_orders_updated"),
        ("refunds/create", "told_by_orders_updated"),
        ("fulfillments/create", "told_by_orders_updated"),
        ("draft_orders/create", "no_order_yet"),
        ("checkouts/create", "no_order_yet"),
        ("discounts/create", "no_promotion"),
        ("discounts/update", "no_promotion"),
        ("app/uninstalled", "app_uninstalled"),
        ("products/update", "unknown_topic"),
    ] {
        let world = World::new();
        let answer = world.receive(shopify(CUSTOMER_UPDATED, topic, r#"{"id": 1}"#)).await;
        answer.assert(200, "ignored", Some(reason));
        assert!(world.sent().is_empty() && world.parked().is_empty());
    }
}

#[tokio::test]
async fn the_topic_of_decisions_carries_an_address_and_a_decision_and_nothing_else() {
    for (state, level, given, confirmed) in [
        ("subscribed", json!("single_opt_in"), true, false),
        ("subscribed", json!("confirmed_opt_in"), true, true),
        ("unsubscribed", json!("confirmed_opt_in"), false, false),
        ("subscribed", Value::Null, true, false),
    ] {
        let body = consent(|body| {
            body["email_marketing_consent"]["state"] = json!(state);
            body["email_marketing_consent"]["opt_in_level"] = level;
            body["email_address"] = json!("Bob@Example.com");
        });
        let world = World::new();
        world.receive(shopify(CUSTOMER_UPDATED, CONSENT, body)).await.assert(202, "queued", None);
        let message = world.sent().remove(0);
        assert_eq!(message.row_key().unwrap().kind, crate::message::Kind::Consent);
        let at: Timestamp = "2026-06-01T07:00:00Z".parse().unwrap();
        assert_eq!(message.time, Some(at));
        let customer = customer(message);
        assert_eq!((customer.email.as_str(), customer.id.as_deref()), ("bob@example.com", Some("7064055069303")));
        assert_eq!((customer.marketing_consent, customer.double_opt_in), (Some(given), confirmed));
        assert_eq!(customer.consent_at, Some(at));
        assert!(customer.is_decision_only());
    }
}

#[tokio::test]
async fn what_is_no_decision_or_nobodys_is_ignored() {
    type Change = fn(&mut Value);
    let state = |state: Value| move |body: &mut Value| body["email_marketing_consent"]["state"] = state.clone();
    for word in ["not_subscribed", "pending", "redacted", "invalid", "something new"] {
        let world = World::new();
        let body = consent(state(json!(word)));
        world.receive(shopify(CUSTOMER_UPDATED, CONSENT, body)).await.assert(200, "ignored", Some("no_decision"));
    }
    let others: [(Change, &str); 5] = [
        (|body| body["email_marketing_consent"] = Value::Null, "no_decision"),
        (|body| *body = json!([1]), "no_decision"),
        (|body| drop(body.as_object_mut().unwrap().remove("email_address")), "email_withheld_by_platform"),
        (|body| body["email_address"] = json!(""), "no_email"),
        (|body| *body = json!({"email_address": null, "email_marketing_consent": {"state": "subscribed"}}), "no_email"),
    ];
    for (change, reason) in others {
        let world = World::new();
        world.receive(shopify(CUSTOMER_UPDATED, CONSENT, consent(change))).await.assert(200, "ignored", Some(reason));
    }
}

#[tokio::test]
async fn a_decision_without_an_address_is_looked_up() {
    let world = World::new();
    let body = consent(|body| body["email_address"] = Value::Null);
    world.receive(shopify(CUSTOMER_UPDATED, CONSENT, body)).await.assert(202, "queued", None);
    let reference = Reference {
        platform: Platform::Shopify,
        kind: ReferenceKind::Consent,
        id: "7064055069303".into(),
        event: crate::event::EventType::CustomerUpdated,
    };
    assert_eq!(world.sent().remove(0).payload, Payload::Referenced(reference));
}

#[tokio::test]
async fn the_shop_chooses_whether_decisions_are_forwarded_and_where() {
    let world = World::with(json!({"sources": [shopify_source()], "forward": ["order.placed"]}));
    let body = || consent(|_| {});
    world.receive(shopify(CUSTOMER_UPDATED, CONSENT, body())).await.assert(200, "ignored", Some("not_forwarded"));
    let world = World::new();
    let elsewhere = shopify("/webhooks/acme/order-updated", CONSENT, body());
    world.receive(elsewhere).await.assert(200, "ignored", Some("wrong_endpoint"));
}

#[tokio::test]
async fn privacy_requests_are_taken_whatever_the_shop_forwards() {
    let world = World::with(json!({"sources": [shopify_source()], "forward": []}));
    let mut payloads = Vec::new();
    for name in ["customers-redact", "customers-data_request", "shop-redact"] {
        let (topic, body) = (name.replacen('-', "/", 1), sample(&format!("sources/shopify/{name}")).to_string());
        for path in [CUSTOMER_UPDATED, "/webhooks/acme/order-updated"] {
            world.receive(shopify(path, &topic, body.clone())).await.assert(202, "queued", None);
        }
        let elsewhere = world.receive(shopify("/webhooks/acme/promotion-scheduled", &topic, body)).await;
        elsewhere.assert(200, "ignored", Some("wrong_endpoint"));
        payloads.push(world.sent().remove(0).payload);
    }
    let [Payload::Erase(Whose::Person(redacted)), Payload::DataRequest(asked), Payload::Erase(Whose::Shop { .. })] =
        &payloads[..]
    else {
        panic!("{payloads:?}")
    };
    for person in [redacted, asked] {
        assert_eq!(person.email.as_ref().unwrap().as_str(), "bob@example.com");
        assert_eq!(person.customer_id.as_deref(), Some("191167"));
        assert_eq!(person.orders, ["299938", "280263", "220458"]);
        assert_eq!(person.requested_at, Timestamp::from_second(NOW).unwrap());
    }
}

#[tokio::test]
async fn a_person_may_be_named_by_any_one_thing_and_nobody_is_a_fault() {
    for (mut body, found) in [
        (json!({"customer": {"email": "Bob@Example.com"}}), true),
        (json!({"customer": {"id": 7_064_055_069_303_u64, "email": null}}), true),
        (json!({"customer": {"email": "not an address"}, "orders_to_redact": [1]}), true),
        (json!({"customer": {"email": "not an address"}, "orders_to_redact": []}), false),
        (json!({"customer": null}), false),
        (json!([]), false),
    ] {
        if body.is_object() {
            body["shop_domain"] = json!("acme.myshopify.com");
        }
        let world = World::new();
        let answer = world.receive(shopify(CUSTOMER_UPDATED, "customers/redact", body.to_string())).await;
        let reason = (!found).then_some("unmappable");
        answer.assert(202, if found { "queued" } else { "rejected" }, reason);
    }
    let world = World::new();
    let answer = world.receive(shopify(CUSTOMER_UPDATED, "shop/redact", "{}")).await;
    answer.assert(202, "rejected", Some("unmappable"));
}

#[tokio::test]
async fn nothing_signed_for_another_topic_has_anybody_forgotten() {
    for (name, topic) in [
        ("orders-create", "customers/redact"),
        ("orders-create", "customers/data_request"),
        ("orders-create", "shop/redact"),
        ("customers-create", "customers/redact"),
        ("customers_email_marketing_consent-update", "customers/redact"),
    ] {
        let world = World::new();
        let body = sample(&format!("sources/shopify/{name}")).to_string();
        let answer = world.receive(shopify(CUSTOMER_UPDATED, topic, body)).await;
        answer.assert(202, "rejected", Some("unmappable"));
        assert!(world.parked().remove(0).detail.unwrap().contains("/shop_domain"), "{name} as {topic}");
    }
}

#[tokio::test]
async fn another_shops_privacy_request_is_none_of_this_ones_whatever_its_headers_say() {
    let world = World::with(json!({"sources": [shopify_source()], "origins": ["acme.myshopify.com"]}));
    let mut body = sample("sources/shopify/shop-redact");
    world.receive(shopify(CUSTOMER_UPDATED, "shop/redact", body.to_string())).await.assert(202, "queued", None);
    body["shop_domain"] = json!("other.myshopify.com");
    let answer = world.receive(shopify(CUSTOMER_UPDATED, "shop/redact", body.to_string())).await;
    answer.assert(202, "rejected", Some("wrong_shop"));
    assert_eq!(world.sent().len(), 1);
}
