use relay::{random::SystemRandom, secret::parse};
use serde_json::json;

use super::*;

fn secret(document: &Value) -> WebhookSecret {
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
        ("shopify:customers/redact", "customer-updated"),
        ("shopify:customers/merge", "customer-updated"),
        ("woocommerce:order.created", "order-placed"),
        ("woocommerce:order.deleted", "order-updated"),
        ("shopware:checkout.order.placed", "order-placed"),
        ("shopware:registration", "shopware"),
        ("bigcommerce:store/order/created", "order-placed"),
        ("bigcommerce:store/subscriber/updated", "customer-updated"),
    ] {
        let topic = topic(text);
        assert_eq!(topic.endpoint(), endpoint, "{text}");
        assert_eq!(topic.to_string(), text.trim_start_matches("canonical:"));
    }
    for text in [
        "order",
        "orders/create",
        "shopify:",
        "shopify:orders create/x",
        "magento:order.placed",
        "canonical:canonical:order.placed",
    ] {
        let error = text.parse::<Topic>().unwrap_err();
        assert!(
            error.contains("  order.placed\n") && error.contains("  woocommerce:order.created\n"),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_topic_without_a_sample_is_answered_with_those_of_its_platform() {
    let wish = sample::Wish { channel: relay::event::Channel::Push, id: None, origin: "shop.example.com" };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let error = sample::body(&topic("woocommerce:order.craeted"), &wish, now, &SystemRandom).unwrap_err();
    assert!(error.contains("  woocommerce:order.created\n") && !error.contains("shopify:"), "{error}");
}

#[test]
fn the_shops_newest_secret_of_the_right_platform_is_taken() {
    let secret = secret(&json!({ "sources": [
        { "platform": "shopify", "signing_secrets": ["new", "old"] },
        { "platform": "canonical", "signing_secrets": [CANONICAL], "header": { "name": "X-Shop-Key", "values": ["k"] } },
        { "platform": "bigcommerce", "header": { "name": "X-Big", "values": ["b"] } },
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
    assert!(
        matches!(taken("bigcommerce:store/order/created", false), Ok(Credential::Header(name, _)) if name == "x-big")
    );
}

#[test]
fn a_missing_source_is_named_with_those_that_are_there() {
    let secret = secret(&json!({ "platform": "shopify", "signing_secrets": ["new"] }));
    let error = Credential::of_shop(&secret, &topic("order.placed"), false).unwrap_err();
    assert_eq!(error, "the shop has no canonical source, only shopify");
}

fn make(text: &str, credential: &Credential, body: &'static [u8], rework: bool) -> Result<Webhook, String> {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let circumstances = Circumstances { origin: "acme.example.com", rework, now, random: &SystemRandom };
    Webhook::new(&topic(text), credential, Bytes::from_static(body), &circumstances)
}

fn header<'w>(webhook: &'w Webhook, name: &str) -> Option<&'w str> {
    webhook.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_webhook_carries_what_its_platform_sends() {
    let signed = || Credential::Signature("hush".into());
    let shopify = make("shopify:orders/create", &signed(), b"{}", false).unwrap();
    assert_eq!(header(&shopify, "x-shopify-topic"), Some("orders/create"));
    assert_eq!(header(&shopify, "x-shopify-shop-domain"), Some("acme.example.com"));
    assert_eq!(header(&shopify, "x-shopify-webhook-id"), Some(shopify.id.as_str()));
    assert!(header(&shopify, "x-shopify-hmac-sha256").is_some());

    let woocommerce = make("woocommerce:order.updated", &signed(), b"{}", false).unwrap();
    assert_eq!(header(&woocommerce, "x-wc-webhook-source"), Some("https://acme.example.com/"));
    assert_eq!(header(&woocommerce, "x-wc-webhook-resource"), Some("order"));
    assert_eq!(header(&woocommerce, "x-wc-webhook-event"), Some("updated"));
    assert_eq!(header(&woocommerce, "x-wc-webhook-signature"), header(&shopify, "x-shopify-hmac-sha256"));

    let body = br#"{"source":{"eventId":"e1"}}"#;
    let shopware = make("shopware:checkout.order.placed", &signed(), body, false).unwrap();
    assert_eq!((shopware.id.as_str(), header(&shopware, "x-shopware-event-id")), ("e1", None));
    assert!(header(&shopware, "shopware-shop-signature").is_some_and(|signature| signature.len() == 64));
    let shopware = make("shopware:checkout.order.placed", &signed(), body, true).unwrap();
    assert_eq!(header(&shopware, "x-shopware-event-id"), Some("e1"));
    assert_eq!(header(&shopware, "x-shopware-sequence"), Some("1800000000000"));

    let bigcommerce = make("bigcommerce:store/order/created", &signed(), b"{}", false).unwrap();
    assert_eq!(header(&bigcommerce, "webhook-id"), Some(bigcommerce.id.as_str()));
}

#[test]
fn a_secret_header_is_for_those_that_may_have_one() {
    let by_header = || Credential::Header("x-shop-key".into(), "k".into());
    for text in ["order.placed", "bigcommerce:store/order/created"] {
        assert_eq!(header(&make(text, &by_header(), b"{}", false).unwrap(), "x-shop-key"), Some("k"));
    }
    for text in ["shopify:orders/create", "woocommerce:order.created", "shopware:checkout.order.placed"] {
        assert!(make(text, &by_header(), b"{}", false).is_err(), "{text}");
    }
    assert!(make("order.placed", &Credential::Signature("hush".into()), b"{}", false).is_err());
}

#[test]
fn the_ping_is_an_unsigned_form_without_a_topic() {
    let ping = Webhook::woocommerce_ping("order-placed");
    assert_eq!(ping.headers, [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())]);
    assert_eq!(ping.body, "webhook_id=1");
}

#[test]
fn a_base_url_gets_the_shops_path_and_a_whole_one_stays() {
    let url = |base: &str| webhook_url(&base.parse().unwrap(), &"acme".parse().unwrap(), "order-placed").to_string();
    assert_eq!(url("http://127.0.0.1:8787"), "http://127.0.0.1:8787/webhooks/acme/order-placed");
    assert_eq!(url("https://api.example.com/prod/"), "https://api.example.com/prod/webhooks/acme/order-placed");
    assert_eq!(url("https://x.example.com/webhooks/b/order-updated"), "https://x.example.com/webhooks/b/order-updated");
}

mod accepted;
