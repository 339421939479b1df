//! The shops' secrets, read when first needed, parsed once and kept for a while.

use std::{sync::Arc, time::Duration};

use super::{InstallationKey, PlatformSecret, SecretError, SecretStore, WebhookSecret, WebsaleSecret, WebsandSecret};
use crate::{
    clock::Clock,
    config::{ConfigError, Variables},
    shop::ShopName,
};

mod entry;
mod names;

use names::Cache;

/// Failures are remembered, and a value is not read again, for this long: neither a storm of wrong signatures nor one
/// of refused calls may become a storm of reads.
const CALM: Duration = Duration::from_secs(10);
/// A value older than its time to live still serves this long while the store cannot be reached.
const STALE: Duration = Duration::from_mins(15);

/// How secrets are named and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsConfig {
    /// Put before every name (`SHOPRELAY_SECRET_PREFIX`).
    pub prefix: String,
    /// How long a value is used before it is read again (`SHOPRELAY_SECRET_TTL_SECONDS`).
    pub ttl: Duration,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { prefix: "shoprelay/".into(), ttl: Duration::from_mins(5) }
    }
}

impl SecretsConfig {
    /// Reads the variables.
    pub fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            prefix: variables.text("SHOPRELAY_SECRET_PREFIX").unwrap_or(default.prefix),
            ttl: Duration::from_secs(variables.number("SHOPRELAY_SECRET_TTL_SECONDS", default.ttl.as_secs())?),
        })
    }

    /// The full name of a shop's secret of this kind (`webhook`, `websand`, `websale`, `platform`).
    pub fn name(&self, shop: &ShopName, kind: &str) -> String {
        format!("{}{shop}/{kind}", self.prefix)
    }

    /// The full name of the installation's own secret.
    pub fn installation_name(&self) -> String {
        format!("{}_installation", self.prefix)
    }
}

/// Where values come from and how old they may get.
struct Reading {
    store: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    ttl: Duration,
}

/// The shops' secrets, parsed and cached. Every name is read by one caller at a time; the others wait for its result.
///
/// While the store cannot be reached, a value past its time to live serves another 15 minutes. Any other failure ends
/// the use of a cached value and is itself remembered for 10 seconds.
pub struct Secrets {
    reading: Reading,
    config: SecretsConfig,
    webhook: Cache<WebhookSecret>,
    websand: Cache<WebsandSecret>,
    websale: Cache<WebsaleSecret>,
    platform: Cache<PlatformSecret>,
    installation: Cache<InstallationKey>,
}

impl Secrets {
    /// A cache over this store.
    pub fn new(store: Arc<dyn SecretStore>, clock: Arc<dyn Clock>, config: SecretsConfig) -> Self {
        Self {
            reading: Reading { store, clock, ttl: config.ttl },
            config,
            webhook: Cache::default(),
            websand: Cache::default(),
            websale: Cache::default(),
            platform: Cache::default(),
            installation: Cache::default(),
        }
    }

    /// `…/webhook` of a shop.
    pub async fn webhook(&self, shop: &ShopName) -> Result<Arc<WebhookSecret>, SecretError> {
        self.webhook.get(&self.reading, &self.config.name(shop, "webhook")).await
    }

    /// The same after a signature did not match: read anew, but at most once in 10 s for a shop. `None` if there is
    /// nothing to try: the value did not change within the last 10 s.
    pub async fn webhook_again(&self, shop: &ShopName) -> Result<Option<Arc<WebhookSecret>>, SecretError> {
        let again = self.webhook.again(&self.reading, &self.config.name(shop, "webhook")).await?;
        Ok(again.changed.then_some(again.value))
    }

    /// `…/websand` of a shop.
    pub async fn websand(&self, shop: &ShopName) -> Result<Arc<WebsandSecret>, SecretError> {
        self.websand.get(&self.reading, &self.config.name(shop, "websand")).await
    }

    /// The same after the destination refused the credentials: read anew, but at most once in 10 s for a shop.
    pub async fn websand_again(&self, shop: &ShopName) -> Result<Arc<WebsandSecret>, SecretError> {
        Ok(self.websand.again(&self.reading, &self.config.name(shop, "websand")).await?.value)
    }

    /// `…/websale` of a shop.
    pub async fn websale(&self, shop: &ShopName) -> Result<Arc<WebsaleSecret>, SecretError> {
        self.websale.get(&self.reading, &self.config.name(shop, "websale")).await
    }

    /// The same after the destination refused the credentials: read anew, but at most once in 10 s for a shop.
    pub async fn websale_again(&self, shop: &ShopName) -> Result<Arc<WebsaleSecret>, SecretError> {
        Ok(self.websale.again(&self.reading, &self.config.name(shop, "websale")).await?.value)
    }

    /// `…/platform` of a shop.
    pub async fn platform(&self, shop: &ShopName) -> Result<Arc<PlatformSecret>, SecretError> {
        self.platform.get(&self.reading, &self.config.name(shop, "platform")).await
    }

    /// The same after the shop's API refused the credentials: read anew, but at most once in 10 s for a shop.
    pub async fn platform_again(&self, shop: &ShopName) -> Result<Arc<PlatformSecret>, SecretError> {
        Ok(self.platform.again(&self.reading, &self.config.name(shop, "platform")).await?.value)
    }

    /// `_installation`.
    pub async fn installation(&self) -> Result<Arc<InstallationKey>, SecretError> {
        self.installation.get(&self.reading, &self.config.installation_name()).await
    }
}

#[cfg(test)]
mod tests;
