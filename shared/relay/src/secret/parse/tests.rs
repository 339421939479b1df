use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    event::{EventType, Faults, OrderStatus},
    http::Method,
    secret::{
        InstallationKey, Model, OrderUpdates, WebhookSecret, WebsaleEndpoints, WebsaleSecret, WebsandSecret, parse,
    },
    shop::Platform,
};

const WHSEC: &str = "whsec_ZGV2LXN0ZC13ZWJob29rcy1zZWNyZXQtYnl0ZXMtMzI=";

/// The faults' pointers, sorted.
fn pointers<T: Model>(document: &Value) -> Vec<String> {
    let Err(Faults(faults)) = parse::<T>(document) else { panic!("{document} was taken") };
    let shown = format!("{faults:?}");
    assert!(!shown.contains("s3cret"), "a value is shown: {shown}");
    let mut pointers: Vec<_> = faults.into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    pointers
}

#[test]
fn the_smallest_secrets_have_the_documented_defaults() {
    let webhook: WebhookSecret = parse(&json!({"platform": "shopify", "signing_secrets": ["new", "old"]})).unwrap();
    let [source] = &webhook.sources[..] else { panic!("{webhook:?}") };
    assert_eq!(source.platform, Platform::Shopify);
    assert_eq!(source.signing_secrets.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), ["new", "old"]);
    assert!(webhook.forward.is_none() && webhook.origins.is_none() && !webhook.forward_test_orders);
    assert_eq!(source.content_types, ["application/json"]);

    let websand: WebsandSecret = parse(&json!({"account": "acme", "api_key": "k"})).unwrap();
    assert_eq!((websand.updates, websand.consented_orders_only), (OrderUpdates::None, false));
    assert_eq!(websand.consent_granted, ("marketing_consent".into(), json!("marketing_consent_true")));
    assert!(websand.consent_withdrawn.is_none() && websand.id_prefix.is_none() && websand.statuses.is_none());

    let websale: WebsaleSecret =
        parse(&json!({"shop_id": "s", "subshop": "Deutsch", "username": "u", "password": "p"})).unwrap();
    assert_eq!(websale.endpoints, WebsaleEndpoints::default());
    assert_eq!(websale.final_statuses, ["finished", "error"]);
    assert_eq!(websale.os_types, ("ios".into(), "android".into()));
    assert!(!websale.timestamps_in_millis);
    let waits = [websale.poll_interval, websale.poll_deadline, websale.login_backoff].map(|wait| wait.as_secs());
    assert_eq!(waits, [30, 6 * 3600, 900]);
}

#[test]
fn several_sources_stand_beside_the_shops_settings() {
    let webhook: WebhookSecret = parse(&json!({
        "sources": [
            {"platform": "shopify", "signing_secrets": ["a"]},
            {"platform": "canonical", "signing_secrets": [WHSEC]},
            {"platform": "canonical", "header": {"name": "X-Shop-Key", "values": ["new", "old"]},
             "content_types": ["Text/Plain"], "parameter": "payload"},
        ],
        "forward": ["order.placed"], "origins": ["Acme.example.com"], "test_orders": "forward",
        "time_zone": "Europe/Berlin", "quiet_hours": {"from": "21:00", "to": "08:00"}, "silent_after_hours": 36,
    }))
    .unwrap();
    assert_eq!(webhook.sources.len(), 3);
    let (name, values) = webhook.sources[2].header.as_ref().unwrap();
    assert_eq!((name.as_str(), values.len()), ("x-shop-key", 2));
    assert_eq!(webhook.sources[2].content_types, ["text/plain"]);
    assert_eq!(webhook.sources[2].parameter.as_deref(), Some("payload"));
    assert_eq!(webhook.forward, Some(vec![EventType::OrderPlaced]));
    assert_eq!(webhook.origins, Some(vec!["acme.example.com".into()]));
    assert_eq!((webhook.forward_test_orders, webhook.silent_after_hours), (true, Some(36)));
    assert_eq!(webhook.quiet_hours.unwrap().to_string(), "21:00-08:00 Europe/Berlin");
    assert_eq!(webhook.time_zone.unwrap().iana_name(), Some("Europe/Berlin"));
}

#[test]
fn every_fault_of_a_webhook_secret_is_named() {
    let cases = [
        (json!({}), vec!["/platform"]),
        (json!({"platform": "s3cret"}), vec!["/platform"]),
        (json!({"platform": "shopify"}), vec!["/signing_secrets"]),
        (json!({"platform": "shopify", "signing_secrets": []}), vec!["/signing_secrets"]),
        (
            json!({"platform": "shopify", "signing_secrets": ["a", " s3cret\n", "", 1]}),
            vec!["/signing_secrets/1", "/signing_secrets/2", "/signing_secrets/3"],
        ),
        (
            json!({"platform": "shopify", "signing_secrets": ["a"], "header": {"name": "X", "values": ["b"]}}),
            vec!["/header"],
        ),
        (json!({"platform": "canonical"}), vec!["/signing_secrets"]),
        (
            json!({"platform": "canonical", "signing_secrets": ["s3cret", "whsec_s3cret", "whsec_c2hvcnQ="]}),
            vec!["/signing_secrets/0", "/signing_secrets/1", "/signing_secrets/2"],
        ),
        (
            json!({"platform": "canonical", "header": {"name": "X Y", "values": ["s3cret ü"], "valeus": []}}),
            vec!["/header/name", "/header/valeus", "/header/values/0"],
        ),
        (json!({"sources": []}), vec!["/sources"]),
        (
            json!({"sources": [{"platform": "shopify", "signing_secret": "s3cret"}], "platform": "shopify"}),
            vec!["/platform", "/sources/0/signing_secret", "/sources/0/signing_secrets"],
        ),
        (
            json!({"platform": "shopify", "signing_secrets": ["a"], "forward": ["order.paid"], "origins": [],
                "test_orders": true, "time_zone": "Mars/Base", "quiet_hours": {"from": "9", "to": "25:00"}}),
            vec!["/forward/0", "/origins", "/quiet_hours/from", "/quiet_hours/to", "/test_orders", "/time_zone"],
        ),
        (
            json!({"platform": "shopify", "signing_secrets": ["a"], "quiet_hours": {"from": "09:00", "to": "09:00"},
                "silent_after_hours": 337}),
            vec!["/quiet_hours", "/silent_after_hours", "/time_zone"],
        ),
        (json!("s3cret"), vec![""]),
    ];
    for (document, expected) in cases {
        assert_eq!(pointers::<WebhookSecret>(&document), expected, "{document}");
    }
}

#[test]
fn a_full_websand_secret_is_understood() {
    let websand: WebsandSecret = parse(&json!({
        "account": "acme-1", "api_key": "k", "id_prefix": "", "field_names": {"first": "name", "price": "unit_price"},
        "orders": {"updates": "status", "statuses": ["paid", "fulfilled"], "consent": "consented"},
        "consent": {"granted": {"field": "optin", "value": true}, "withdrawn": {"field": "optin", "value": false}},
        "currencies": {"EUR": 1, "USD": "0.90", "VND": 3.5e-5}, "requests_per_second": 2,
    }))
    .unwrap();
    assert_eq!(websand.id_prefix.as_deref(), Some(""));
    assert_eq!(websand.field_names["first"], "name");
    assert_eq!(websand.updates, OrderUpdates::Status);
    assert_eq!(websand.statuses, Some(vec![OrderStatus::Paid, OrderStatus::Fulfilled]));
    assert!(websand.consented_orders_only);
    assert_eq!(websand.consent_withdrawn, Some(("optin".into(), json!(false))));
    let currencies = websand.currencies.unwrap();
    let factor = |code: &str| currencies.factors[&code.parse().unwrap()].to_string();
    assert_eq!(currencies.account.as_str(), "EUR");
    assert_eq!(["EUR", "USD", "VND"].map(factor), ["1", "0.9", "0.000035"]);
    assert_eq!(websand.requests_per_second, Some(2.0));
}

#[test]
fn every_fault_of_a_websand_secret_is_named() {
    let with = |field: &str, value: Value| {
        let mut document = json!({"account": "acme", "api_key": "k"});
        document[field] = value;
        document
    };
    let cases = [
        (json!({"account": "https://s3cret", "api_key": "s3cret s3cret"}), vec!["/account", "/api_key"]),
        (with("account", json!("a".repeat(64))), vec!["/account"]),
        (
            with("field_names", json!({"email": "mail", "frist": "x", "city": ""})),
            vec!["/field_names/city", "/field_names/email", "/field_names/frist"],
        ),
        (with("field_names", json!({"first": "surname"})), vec!["/field_names/surname"]),
        (with("field_names", json!({"city": "email"})), vec!["/field_names/city"]),
        (
            with("orders", json!({"updates": "some", "statuses": ["open"], "consent": "yes"})),
            vec!["/orders/consent", "/orders/statuses/0", "/orders/updates"],
        ),
        (
            with("consent", json!({"granted": {"field": "tags", "value": null}, "withdrawn": {}})),
            vec!["/consent/granted/value", "/consent/withdrawn/field", "/consent/withdrawn/value"],
        ),
        (with("consent", json!({"withdrawn": {"field": "phone", "value": 1}})), vec!["/consent"]),
        (
            with("consent", json!({"withdrawn": {"field": "marketing_consent", "value": "marketing_consent_true"}})),
            vec!["/consent"],
        ),
        (with("currencies", json!({})), vec!["/currencies"]),
        (with("currencies", json!({"USD": "0.9"})), vec!["/currencies"]),
        (with("currencies", json!({"EUR": 1, "BAM": "1.0", "USD": 2})), vec!["/currencies"]),
        (
            with("currencies", json!({"eur": 1, "USD": 0, "GBP": "s3cret", "CHF": true, "JPY": -1, "PLN": null})),
            vec![
                "/currencies/CHF",
                "/currencies/GBP",
                "/currencies/JPY",
                "/currencies/PLN",
                "/currencies/USD",
                "/currencies/eur",
            ],
        ),
        (
            with("currencies", json!({"EUR": 1, "USD": "1.23456789012", "VND": "0.0000000000001"})),
            vec!["/currencies/USD", "/currencies/VND"],
        ),
        (with("field_names", json!({"vat_id": "phone"})), vec!["/field_names/vat_id"]),
        (with("requests_per_second", json!(0)), vec!["/requests_per_second"]),
        (with("request_per_second", json!(1)), vec!["/request_per_second"]),
    ];
    for (document, expected) in cases {
        assert_eq!(pointers::<WebsandSecret>(&document), expected, "{document}");
    }
}

fn websale(field: &str, value: Value) -> Value {
    let mut document = json!({"shop_id": "s", "subshop": "Deutsch", "username": "u", "password": " p "});
    document[field] = value;
    document
}

#[test]
fn a_full_websale_secret_is_understood() {
    let mut document =
        websale("endpoints", json!({"edit": "POST /api/edit/{subshop}/{id}", "status": "GET /s?id={id}"}));
    document["timestamp_unit"] = json!("milliseconds");
    document["final_statuses"] = json!(["done"]);
    document["os_types"] = json!({"ios": "iOS"});
    document["poll"] = json!({"interval": 5, "deadline": 60});
    document["login_backoff_seconds"] = json!(1800);
    document["emails_per_push"] = json!(500);
    document["status_callback"] = json!({"url": "https://shop.example.com/hook", "signing_secret": WHSEC});
    let websale: WebsaleSecret = parse(&document).unwrap();
    let callback = websale.status_callback.unwrap();
    assert_eq!(
        (callback.url.as_str(), callback.signing_secret.expose_secret()),
        ("https://shop.example.com/hook", WHSEC)
    );
    assert!(!format!("{callback:?}").contains("/hook"), "{callback:?}");
    for (field, wrong) in [
        ("url", json!("http://shop.example.com/hook")),
        ("url", json!("https://10.0.0.1/hook")),
        ("url", json!("https://user:s3cret@shop.example.com/")),
        ("signing_secret", json!("s3cret")),
        ("signing_secret", json!("whsec_c2hvcnQ=")),
        ("secret", json!(WHSEC)),
    ] {
        let mut document = document.clone();
        document["status_callback"][field] = wrong;
        assert_eq!(pointers::<WebsaleSecret>(&document), [format!("/status_callback/{field}")]);
    }
    assert_eq!(websale.password.expose_secret(), " p ");
    assert_eq!(websale.endpoints.edit, (Method::Post, "/api/edit/{subshop}/{id}".into()));
    assert_eq!(websale.endpoints.status, (Method::Get, "/s?id={id}".into()));
    assert_eq!(websale.endpoints.send, WebsaleEndpoints::default().send);
    assert_eq!(websale.emails_per_push, Some(500));
    assert!(websale.timestamps_in_millis);
    assert_eq!(websale.os_types, ("iOS".into(), "android".into()));
    assert_eq!((websale.poll_interval, websale.poll_deadline), (Duration::from_secs(5), Duration::from_mins(1)));
    assert_eq!(websale.login_backoff, Duration::from_mins(30));
}

#[test]
fn every_fault_of_a_websale_secret_is_named() {
    let cases = [
        (json!({}), vec!["/password", "/shop_id", "/subshop", "/username"]),
        (websale("subshop", json!("")), vec!["/subshop"]),
        (
            websale(
                "endpoints",
                json!({"create": "DELETE /x", "edit": "PUT /x", "send": "POST x/{id}",
                                     "personalised": "POST /x/{id}", "status": "GET /{shop}/{id}"}),
            ),
            vec![
                "/endpoints/create",
                "/endpoints/edit",
                "/endpoints/personalised",
                "/endpoints/send",
                "/endpoints/status",
            ],
        ),
        (websale("endpoints", json!({"delete": "POST /x"})), vec!["/endpoints/delete"]),
        (websale("timestamp_unit", json!("minutes")), vec!["/timestamp_unit"]),
        (websale("poll", json!({"interval": 0, "deadline": "6h"})), vec!["/poll/deadline", "/poll/interval"]),
        (websale("login_backoff_seconds", json!(0.5)), vec!["/login_backoff_seconds"]),
    ];
    for (document, expected) in cases {
        assert_eq!(pointers::<WebsaleSecret>(&document), expected, "{document}");
    }
}

#[test]
fn the_installation_key_is_any_text_that_is_long_enough() {
    let key = |text: &str| json!({"key": text});
    let read: InstallationKey = parse(&key("kAF~,!V;vJ+0123456789abcdef01234")).unwrap();
    assert_eq!(read.0.expose_secret()[..33], *b"kAF~,!V;vJ+0123456789abcdef01234\0");
    assert!(parse::<InstallationKey>(&key(&"k".repeat(64))).is_ok());
    for bad in ["", "s3cret", &"k".repeat(31), &"k".repeat(65)] {
        assert_eq!(pointers::<InstallationKey>(&key(bad)), ["/key"]);
    }
}

#[test]
fn debug_shows_no_secret() {
    let webhook: WebhookSecret = parse(&json!({"sources": [
        {"platform": "shopify", "signing_secrets": ["s3cret"]},
        {"platform": "canonical", "header": {"name": "X", "values": ["s3cret"]}},
    ]}))
    .unwrap();
    let websand: WebsandSecret = parse(&json!({"account": "acme", "api_key": "s3cret"})).unwrap();
    let websale: WebsaleSecret = parse(&websale("password", json!("s3cret"))).unwrap();
    let key: InstallationKey = parse(&json!({"key": "s3cret-s3cret-s3cret-s3cret-s3cret"})).unwrap();
    let shown = format!("{webhook:?} {websand:?} {websale:?} {key:?}");
    assert!(shown.contains("acme") && shown.contains("Deutsch"), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("115, 51"), "{shown}");
}
