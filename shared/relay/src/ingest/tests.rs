//! The receiving half over ports in memory.

mod answers;
mod callback;
mod canary;
mod canonical;
mod consent;
mod fixtures;
mod limits;
mod platforms;
mod privacy;
mod promotions;
mod properties;
mod registration;
mod remap;
mod robustness;
mod settings;
mod shopify;
mod shopify_topics;
mod shopware;
mod sums;
mod woocommerce;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use ::http::{HeaderValue, Request, request::Builder};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::{
    Async,
    message::Message,
    queue::{DeadLetter, QueueError},
    secret::{SecretStore, SecretsConfig},
    source::signature::hmac_sha256,
};

/// 2026-11-21T10:15:00Z.
const NOW: i64 = 1_795_256_100;
const CANONICAL_KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const SHOPIFY_KEY: &str = "shpss_invented";

struct Clock(AtomicI64);

impl crate::clock::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

#[derive(Default)]
struct Queue {
    sent: Mutex<Vec<Message>>,
    parked: Mutex<Vec<DeadLetter>>,
    /// The most bytes it takes; nothing at all when it is out of reach.
    limit: Mutex<Option<usize>>,
    down: Mutex<bool>,
    /// While set, no event is small enough.
    refuses_events: Mutex<bool>,
}

impl Queue {
    fn take<T: Clone>(&self, list: &Mutex<Vec<T>>, item: &T, bytes: usize) -> Result<(), QueueError> {
        if *self.down.lock().unwrap() {
            return Err(QueueError::Unavailable("down".into()));
        }
        match *self.limit.lock().unwrap() {
            Some(limit) if bytes > limit => return Err(QueueError::TooLarge { bytes, limit }),
            _ => list.lock().unwrap().push(item.clone()),
        }
        Ok(())
    }
}

impl crate::queue::Queue for Queue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            if *self.refuses_events.lock().unwrap() {
                return Err(QueueError::TooLarge { bytes: 1, limit: 0 });
            }
            self.take(&self.sent, message, message.to_json().len())
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move { self.take(&self.parked, letter, letter.body.len()) })
    }
}

#[derive(Default)]
struct Store {
    secrets: Mutex<HashMap<String, Result<String, SecretError>>>,
    reads: AtomicUsize,
}

impl SecretStore for Store {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let found = self.secrets.lock().unwrap().get(name).cloned();
        let found = found.unwrap_or_else(|| Err(SecretError::NotFound { name: name.to_owned() }));
        Box::pin(async move { found.map(SecretString::from) })
    }
}

/// An ingest and all that is around it.
struct World {
    ingest: Ingest,
    queue: Arc<Queue>,
    store: Arc<Store>,
    clock: Arc<Clock>,
}

fn canonical_source() -> Value {
    json!({"platform": "canonical", "signing_secrets": [format!("whsec_{}", STANDARD.encode(CANONICAL_KEY))]})
}

fn shopify_source() -> Value {
    json!({"platform": "shopify", "signing_secrets": [SHOPIFY_KEY]})
}

/// WEBSALE's server-side events, say: they cannot sign.
fn header_source() -> Value {
    json!({"platform": "canonical", "header": {"name": "X-Shop-Key", "values": ["new", "old"]}})
}

impl World {
    /// With the shop `acme`, which has a Shopify shop and a marketing tool.
    fn new() -> Self {
        Self::with(json!({"sources": [shopify_source(), canonical_source()]}))
    }

    fn with(webhook: Value) -> Self {
        let (store, queue) = (Arc::new(Store::default()), Arc::new(Queue::default()));
        let clock = Arc::new(Clock(AtomicI64::new(NOW)));
        let secrets = Secrets::new(
            Arc::clone(&store) as Arc<dyn SecretStore>,
            Arc::clone(&clock) as Arc<dyn crate::clock::Clock>,
            SecretsConfig::default(),
        );
        let ingest = Ingest {
            secrets: Arc::new(secrets),
            queue: Arc::clone(&queue) as Arc<dyn crate::queue::Queue>,
            clock: Arc::clone(&clock) as Arc<dyn crate::clock::Clock>,
        };
        let world = Self { ingest, queue, store, clock };
        world.secret("acme/webhook", Ok(webhook));
        world.secret("_installation", Ok(json!({"key": STANDARD.encode(CANONICAL_KEY)})));
        world
    }

    fn secret(&self, name: &str, secret: Result<Value, SecretError>) {
        let secret = secret.map(|secret| secret.to_string());
        self.store.secrets.lock().unwrap().insert(format!("shoprelay/{name}"), secret);
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn receive(&self, request: Request<Bytes>) -> Answered {
        let Answer { response, receipt } = self.ingest.receive(None, request).await;
        let json = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(receipt.http_status, response.status().as_u16());
        Answered { status: response.status().as_u16(), json, receipt, headers: response.headers().clone() }
    }

    fn sent(&self) -> Vec<Message> {
        std::mem::take(&mut self.queue.sent.lock().unwrap())
    }

    fn parked(&self) -> Vec<DeadLetter> {
        std::mem::take(&mut self.queue.parked.lock().unwrap())
    }
}

struct Answered {
    status: u16,
    json: Value,
    receipt: Receipt,
    headers: ::http::HeaderMap,
}

impl Answered {
    #[track_caller]
    fn assert(&self, status: u16, word: &str, reason: Option<&str>) {
        let found = (self.status, self.receipt.status.as_str(), self.receipt.reason.as_deref());
        assert_eq!(found, (status, word, reason), "{}", self.json);
    }
}

fn post(path: &str) -> Builder {
    Request::post(path).header("content-type", "application/json")
}

/// Signed as Standard Webhooks say, now.
fn signed(path: &str, body: &Value) -> Request<Bytes> {
    signed_bytes(post(path), body.to_string().into())
}

fn signed_bytes(request: Builder, body: Bytes) -> Request<Bytes> {
    let (id, timestamp) = ("msg_1", NOW.to_string());
    let code = hmac_sha256(CANONICAL_KEY, &[format!("{id}.{timestamp}.").as_bytes(), &body]);
    request
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", format!("v1,{}", STANDARD.encode(code)))
        .body(body)
        .unwrap()
}

/// Signed as Shopify does.
fn shopify(path: &str, topic: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let body = body.into();
    let code = hmac_sha256(SHOPIFY_KEY.as_bytes(), &[&body]);
    post(path)
        .header("X-Shopify-Topic", topic)
        .header("X-Shopify-Shop-Domain", "acme.myshopify.com")
        .header("X-Shopify-Event-Id", "98880550-7158-44d4-b7cd-2c97c8a091b5")
        .header("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
        .header("X-Shopify-Hmac-Sha256", STANDARD.encode(code))
        .body(body)
        .unwrap()
}

/// The sample of this name in `events/`.
pub(super) fn sample(name: &str) -> Value {
    let file = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}
