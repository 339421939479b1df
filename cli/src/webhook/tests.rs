use relay::{
    event::Channel,
    random::SystemRandom,
    secret::{WebhookSecret, parse},
};
use serde_json::json;

use super::*;

fn secret(document: &serde_json::Value) -> WebhookSecret {
    parse(document).unwrap()
}

fn topic(text: &str) -> Topic {
    text.parse().unwrap()
}

const CANONICAL: &str = "whsec_ZGV2LXN0ZC13ZWJob29rcy1zZWNyZXQtYnl0ZXMtMzI=";

#[test]
fn topics_are_canonical_types_or_platform_topics_and_know_their_endpoint() {
    for (text, endpoint) in [
        ("order.placed", "order-placed"),
        ("canonical:order.updated", "order-updated"),
        ("promotion.cancelled", "promotion-cancelled"),
        ("shopify:orders/create", "order-placed"),
        ("shopify:orders/paid", "order-updated"),
        ("shopify:customers_email_marketing_consent/update", "customer-updated"),
    ] {
        assert_eq!(topic(text).endpoint(), endpoint, "{text}");
    }
    for text in [
        "order",
        "orders/create",
        "shopify:",
        "shopify:orders create/x",
        "magento:order.placed",
        "canonical:canonical:order.placed",
    ] {
        assert!(text.parse::<Topic>().is_err(), "{text}");
    }
}

#[test]
fn the_shops_newest_secret_of_the_right_platform_is_taken() {
    let secret = secret(&json!({ "sources": [
        { "platform": "shopify", "signing_secrets": ["new", "old"] },
        { "platform": "canonical", "signing_secrets": [CANONICAL], "header": { "name": "X-Shop-Key", "values": ["k"] } },
    ] }));
    let taken = |text, by_header| Credential::of_shop(&secret, &topic(text), by_header);
    assert!(
        matches!(taken("shopify:orders/create", false), Ok(Credential::Signature(secret)) if secret.expose_secret() == "new")
    );
    assert!(
        matches!(taken("order.placed", false), Ok(Credential::Signature(secret)) if secret.expose_secret() == CANONICAL)
    );
    assert!(
        matches!(taken("order.placed", true), Ok(Credential::Header(name, value)) if name == "x-shop-key" && value.expose_secret() == "k")
    );
}

#[test]
fn a_missing_source_is_named_with_those_that_are_there() {
    let secret = secret(&json!({ "platform": "shopify", "signing_secrets": ["new"] }));
    let error = Credential::of_shop(&secret, &topic("order.placed"), false).unwrap_err();
    assert_eq!(error, "the shop has no canonical source, only shopify");
}

#[test]
fn samples_are_new_each_time_and_happen_now() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let body = |text, channel| sample::body(&topic(text), channel, None, now, &SystemRandom).unwrap();
    let (one, other) = (body("shopify:orders/create", Channel::Push), body("shopify:orders/create", Channel::Push));
    assert_ne!(one["id"], other["id"]);
    assert_eq!(one["updated_at"], now.to_string());
    assert_eq!(one["admin_graphql_api_id"], format!("gid://shopify/Order/{}", one["id"]));
    let push = body("promotion.scheduled", Channel::Push);
    assert_eq!(push["data"]["updated_at"], now.to_string());
    assert_eq!(push["data"]["send_at"], Timestamp::from_second(1_800_000_002).unwrap().to_string());
    let named = sample::body(&topic("promotion.cancelled"), Channel::Push, Some("p1"), now, &SystemRandom).unwrap();
    assert_eq!(named["data"]["id"], "p1");
    assert!(sample::body(&topic("shopify:app/uninstalled"), Channel::Push, None, now, &SystemRandom).is_err());
}

#[test]
fn every_canonical_sample_is_a_valid_event() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    for kind in EventType::ALL {
        for channel in Channel::ALL {
            let body = sample::body(&Topic::Canonical(kind), channel, None, now, &SystemRandom).unwrap();
            assert_eq!(body["type"], kind.name());
            let event = relay::event::read(&body["data"], |place| relay::event::Event::read(place, kind, now));
            assert!(event.is_ok(), "{kind:?} {channel:?}: {event:?}");
        }
    }
}

#[test]
fn a_webhook_carries_what_its_platform_sends() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let make = |text, credential| {
        Webhook::new(&topic(text), &credential, "acme.myshopify.com", Bytes::from_static(b"{}"), now, &SystemRandom)
    };
    let shopify = make("shopify:orders/create", Credential::Signature("hush".into())).unwrap();
    let header = |name: &str| shopify.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-shopify-topic"), Some("orders/create"));
    assert_eq!(header("x-shopify-shop-domain"), Some("acme.myshopify.com"));
    assert_eq!(header("x-shopify-webhook-id"), Some(shopify.id.as_str()));
    assert!(header("x-shopify-hmac-sha256").is_some());
    let by_header = make("order.placed", Credential::Header("x-shop-key".into(), "k".into())).unwrap();
    assert!(by_header.headers.contains(&("x-shop-key".into(), "k".into())));
    assert!(make("shopify:orders/create", Credential::Header("x".into(), "k".into())).is_err());
    assert!(make("order.placed", Credential::Signature("hush".into())).is_err());
}

#[test]
fn a_base_url_gets_the_shops_path_and_a_whole_one_stays() {
    let url = |base: &str| webhook_url(&base.parse().unwrap(), &"acme".parse().unwrap(), "order-placed").to_string();
    assert_eq!(url("http://127.0.0.1:8787"), "http://127.0.0.1:8787/webhooks/acme/order-placed");
    assert_eq!(url("https://api.example.com/prod/"), "https://api.example.com/prod/webhooks/acme/order-placed");
    assert_eq!(url("https://x.example.com/webhooks/b/order-updated"), "https://x.example.com/webhooks/b/order-updated");
}
