//! The pure parts: a webhook from its bytes to the queue's message, for each platform, and what an answer means.
//! `cargo bench -p relay-bench`. Medians: the machine's other work shows in a mean.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use relay::{
    Async,
    clock::SystemClock,
    http::CallError,
    ingest::Ingest,
    message::Message,
    queue::{DeadLetter, Queue, QueueError, Sweep, SweepEnd, Swept},
    retry::{Call, Circumstances, Outcome, decide},
    secret::{SecretError, SecretStore, Secrets, SecretsConfig},
};
use relay_tests::{
    shop::signed,
    webhook::{BIGCOMMERCE_SECRET, CANONICAL_SECRET, SHOPIFY_SECRET, SHOPWARE_SECRET, WOOCOMMERCE_SECRET, Webhook},
};
use secrecy::SecretString;
use serde_json::{Value, json};

const SAMPLES: usize = 200;
const EACH: u32 = 20;

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

/// Writes messages down as a queue would, and forgets them.
struct Sink;

impl Queue for Sink {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            black_box(message.to_json());
            Ok(())
        })
    }

    fn park<'a>(&'a self, _: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }

    fn sweep<'a>(&'a self, _: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(async { Ok(Swept { examined: 0, end: SweepEnd::Complete }) })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clock = Arc::new(SystemClock);
    let secrets = Arc::new(Secrets::new(Arc::new(Store), clock.clone(), SecretsConfig::default()));
    let ingest = Ingest { secrets, queue: Arc::new(Sink), clock };
    for (name, webhook) in webhooks()? {
        let receive = || runtime.block_on(ingest.receive(None, request(&webhook))).response.status().as_u16();
        let status = receive();
        if status != 202 {
            return Err(format!("{name}: answered {status}").into());
        }
        report(&format!("receive: {name}, {} bytes", webhook.body.len()), receive);
    }
    let now = "2026-01-05T10:30:00Z".parse()?;
    let circumstances = Circumstances { refreshed: false, proven: true, attempt: 3, sent_at: now, now, random: 7 };
    let lost: Outcome = Err(CallError::NoAnswer("connection reset".into()));
    report("decide: no answer", || decide(Call::WebsandTransaction, black_box(&lost), &circumstances));
    Ok(())
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

fn request(webhook: &Webhook) -> Request<Bytes> {
    let mut request = Request::new(Bytes::copy_from_slice(&webhook.body));
    *request.method_mut() = webhook.method.clone();
    *request.uri_mut() = http::Uri::from_static("/webhooks/acme/order-placed");
    for (name, value) in &webhook.headers {
        if let Ok(value) = value.parse() {
            request.headers_mut().insert(*name, value);
        }
    }
    request
}

/// Prints the median time of one call.
fn report<T>(name: &str, mut call: impl FnMut() -> T) {
    let mut sample = || {
        let began = Instant::now();
        for _ in 0..EACH {
            black_box(call());
        }
        began.elapsed() / EACH
    };
    let mut samples: Vec<Duration> = (0..SAMPLES).map(|_| sample()).collect();
    samples.sort_unstable();
    println!("{name:40} {:>9.2} µs", samples[SAMPLES / 2].as_secs_f64() * 1e6);
}
