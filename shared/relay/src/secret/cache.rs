//! Placeholder.
use super::{InstallationKey, SecretError, SecretStore, WebhookSecret, WebsaleSecret, WebsandSecret};
use crate::{clock::Clock, shop::ShopName};
use std::{sync::Arc, time::Duration};

/// How secrets are named and kept.
#[derive(Clone, Debug)]
pub struct SecretsConfig {
    /// Put before every name (`SHOPRELAY_SECRET_PREFIX`).
    pub prefix: String,
    /// How long a value is used before it is read again (`SHOPRELAY_SECRET_TTL_SECONDS`).
    pub ttl: Duration,
}

/// The shops' secrets, parsed and cached.
pub struct Secrets {
    #[allow(dead_code)]
    store: Arc<dyn SecretStore>,
    #[allow(dead_code)]
    clock: Arc<dyn Clock>,
    #[allow(dead_code)]
    config: SecretsConfig,
}

impl Secrets {
    /// A cache over this store.
    pub fn new(store: Arc<dyn SecretStore>, clock: Arc<dyn Clock>, config: SecretsConfig) -> Self {
        Self { store, clock, config }
    }
    /// `…/webhook` of a shop.
    pub async fn webhook(&self, _shop: &ShopName) -> Result<Arc<WebhookSecret>, SecretError> {
        todo!()
    }
    /// The same, read anew if the cached value is older than 10 s; `None` if it was read just now already.
    pub async fn webhook_again(&self, _shop: &ShopName) -> Result<Option<Arc<WebhookSecret>>, SecretError> {
        todo!()
    }
    /// `…/websand` of a shop.
    pub async fn websand(&self, _shop: &ShopName) -> Result<Arc<WebsandSecret>, SecretError> {
        todo!()
    }
    /// The same, read anew.
    pub async fn websand_again(&self, _shop: &ShopName) -> Result<Arc<WebsandSecret>, SecretError> {
        todo!()
    }
    /// `…/websale` of a shop.
    pub async fn websale(&self, _shop: &ShopName) -> Result<Arc<WebsaleSecret>, SecretError> {
        todo!()
    }
    /// The same, read anew.
    pub async fn websale_again(&self, _shop: &ShopName) -> Result<Arc<WebsaleSecret>, SecretError> {
        todo!()
    }
    /// `_installation`.
    pub async fn installation(&self) -> Result<Arc<InstallationKey>, SecretError> {
        todo!()
    }
}
