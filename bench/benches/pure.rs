//! The pure parts: whether a webhook is authentic, what it means, for each platform, and what an answer means.
//! `cargo bench -p relay-bench`
#![allow(missing_docs, clippy::expect_used, reason = "made by Criterion's macros; a sample that is wrong ends the run")]

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderName};
use relay::{
    Async,
    clock::{Clock, SystemClock},
    http::CallError,
    retry::{Call, Circumstances, Outcome, decide},
    secret::{SecretError, SecretStore, Secrets, SecretsConfig, WebhookSecret},
    source::{self, Context, Family, authenticate},
};
use relay_tests::{
    shop::signed,
    webhook::{BIGCOMMERCE_SECRET, CANONICAL_SECRET, SHOPIFY_SECRET, SHOPWARE_SECRET, WOOCOMMERCE_SECRET, Webhook},
};
use secrecy::SecretString;
use serde_json::{Value, json};

/// Has the secret of the one shop, which is sent webhooks by all platforms.
struct Store;

impl SecretStore for Store {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        let secret = if name.ends_with("_installation") {
            json!({"key": "0123456789abcdef0123456789abcdef"})
        } else {
            json!({"sources": [
                signed("shopify", SHOPIFY_SECRET),
                signed("woocommerce", WOOCOMMERCE_SECRET),
                signed("shopware", SHOPWARE_SECRET),
                signed("bigcommerce", BIGCOMMERCE_SECRET),
                signed("canonical", CANONICAL_SECRET),
            ]})
        };
        Box::pin(async move { Ok(secret.to_string().into()) })
    }
}

/// What a benchmark is given, ready for use.
struct Sample {
    platform: &'static str,
    headers: HeaderMap,
    body: Vec<u8>,
}

fn pure(criterion: &mut Criterion) {
    let secret = secret();
    let now = SystemClock.now();
    for Sample { platform, headers, body } in samples() {
        let webhook = source::Webhook { headers: &headers, body: &body };
        let check = || authenticate(black_box(&webhook), Some(&secret), now);
        let authentic = check().unwrap_or_else(|| panic!("{platform}: not authentic"));
        criterion.bench_function(&format!("verify {platform}"), |bencher| bencher.iter(check));
        let context = Context { authentic: &authentic, family: Family::Order, received_at: now };
        let read = || authentic.source().read(black_box(&webhook), &context);
        assert!(
            matches!(read().outcome, source::Outcome::Event(_) | source::Outcome::References(_)),
            "{platform}: no event"
        );
        criterion.bench_function(&format!("parse and map {platform}"), |bencher| bencher.iter(read));
    }
    let circumstances = Circumstances { refreshed: false, proven: true, attempt: 3, sent_at: now, now, random: 7 };
    let lost: Outcome = Err(CallError::NoAnswer("connection reset".into()));
    let decision = || decide(Call::WebsandTransaction, black_box(&lost), &circumstances);
    criterion.bench_function("decide about no answer", |bencher| bencher.iter(decision));
}

/// The shop's secret, read as functions read it.
fn secret() -> Arc<WebhookSecret> {
    let secrets = Secrets::new(Arc::new(Store), Arc::new(SystemClock), SecretsConfig::default());
    let read = async { secrets.webhook(&"acme".parse().expect("a name")).await.expect("the secret can be read") };
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(read)
}

fn samples() -> Vec<Sample> {
    let sample = |(platform, webhook): (_, Webhook)| {
        let header = |(name, value): (&&'static str, &String)| {
            (HeaderName::from_static(name), value.parse().expect("a header's value"))
        };
        let headers = webhook.headers.iter().map(|(name, value)| header((name, value))).collect();
        Sample { platform, headers, body: webhook.body }
    };
    webhooks().expect("our own samples are JSON").into_iter().map(sample).collect()
}

fn webhooks() -> Result<Vec<(&'static str, Webhook)>, serde_json::Error> {
    let order: Value = serde_json::from_str(include_str!("../../events/canonical/order.placed.json"))?;
    Ok(vec![
        ("canonical", Webhook::canonical("msg_1", "order.placed", &order["data"])),
        (
            "shopify",
            Webhook::shopify("orders/create", "1", include_bytes!("../../events/sources/shopify/orders-create.json")),
        ),
        (
            "woocommerce",
            Webhook::woocommerce(
                "order.created",
                include_bytes!("../../events/sources/woocommerce/order-created.json"),
            ),
        ),
        ("shopware", Webhook::shopware(include_bytes!("../../events/sources/shopware/checkout-order-placed.json"))),
        (
            "bigcommerce",
            Webhook::bigcommerce("1", include_bytes!("../../events/sources/bigcommerce/store-order-created.json")),
        ),
    ])
}

criterion_group!(benches, pure);
criterion_main!(benches);
