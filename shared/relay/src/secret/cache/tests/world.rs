//! A store, a clock and a shop.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use super::super::*;
use crate::Async;

/// Secrets in a map, which may be made to wait, and which counts how often it is asked.
pub(super) struct MapStore {
    texts: Mutex<HashMap<String, Result<String, SecretError>>>,
    fetches: AtomicUsize,
    pub(super) gate: Semaphore,
}

impl SecretStore for MapStore {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<secrecy::SecretString, SecretError>> {
        Box::pin(async move {
            self.fetches.fetch_add(1, SeqCst);
            let _open = self.gate.acquire().await.unwrap();
            let texts = self.texts.lock().unwrap();
            let text = texts.get(name).cloned().unwrap_or_else(|| Err(SecretError::NotFound { name: name.into() }));
            text.map(Into::into)
        })
    }
}

/// More than any test needs.
pub(super) const PERMITS: usize = 1000;

pub(super) struct ManualClock(Mutex<Timestamp>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(super) struct World {
    pub(super) store: Arc<MapStore>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) secrets: Secrets,
    pub(super) shop: ShopName,
}

pub(super) const WEBHOOK: &str = "shoprelay/acme/webhook";
pub(super) const WEBSAND: &str = "shoprelay/acme/websand";

impl World {
    pub(super) fn new() -> Self {
        let store =
            Arc::new(MapStore { texts: Mutex::default(), fetches: AtomicUsize::new(0), gate: Semaphore::new(PERMITS) });
        let clock = Arc::new(ManualClock(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap())));
        let secrets = Secrets::new(store.clone(), clock.clone(), SecretsConfig::default());
        let world = Self { store, clock, secrets, shop: "acme".parse().unwrap() };
        world.put_webhook("one");
        world.put_websand("key-1");
        world
    }

    pub(super) fn put(&self, name: &str, text: Result<String, SecretError>) {
        self.store.texts.lock().unwrap().insert(name.into(), text);
    }

    pub(super) fn put_webhook(&self, secret: &str) {
        self.put(WEBHOOK, Ok(format!(r#"{{"platform":"shopify","signing_secrets":["{secret}"]}}"#)));
    }

    pub(super) fn put_websand(&self, key: &str) {
        self.put(WEBSAND, Ok(format!(r#"{{"account":"acme","api_key":"{key}"}}"#)));
    }

    pub(super) fn lose(&self, name: &str) {
        self.put(name, Err(SecretError::Unreachable { name: name.into(), detail: "down".into() }));
    }

    pub(super) fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    pub(super) fn fetches(&self) -> usize {
        self.store.fetches.load(SeqCst)
    }

    pub(super) async fn signing_secret(&self) -> Result<String, SecretError> {
        self.secrets.webhook(&self.shop).await.map(|secret| exposed(&secret))
    }

    pub(super) async fn signing_secret_again(&self) -> Result<Option<String>, SecretError> {
        self.secrets.webhook_again(&self.shop).await.map(|secret| secret.map(|secret| exposed(&secret)))
    }

    pub(super) async fn api_key_again(&self) -> Result<String, SecretError> {
        let secret = self.secrets.websand_again(&self.shop).await?;
        Ok(secret.api_key.expose_secret().to_owned())
    }
}

fn exposed(secret: &WebhookSecret) -> String {
    secret.sources[0].signing_secrets[0].expose_secret().to_owned()
}
