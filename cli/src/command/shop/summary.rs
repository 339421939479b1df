//! What an installation knows of one shop: its secrets, parsed.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use relay::{
    secret::{PlatformSecret, SecretError, Secrets, WebhookSecret, WebsaleSecret, WebsandSecret},
    shop::{Platform, ShopName},
};

use super::names;
use crate::{command::CommandError, installation::Installation};

/// Shops whose secrets are read at the same time.
const AT_ONCE: usize = 8;

/// One of a shop's secrets.
pub(in crate::command) enum Part<T> {
    /// Not there.
    Absent,
    /// There, and complete.
    Good(Arc<T>),
    /// There, but unusable or unreadable.
    Faulty(SecretError),
}

impl<T> Part<T> {
    fn new(outcome: Result<Arc<T>, SecretError>) -> Self {
        match outcome {
            Ok(secret) => Self::Good(secret),
            Err(SecretError::NotFound { .. }) => Self::Absent,
            Err(error) => Self::Faulty(error),
        }
    }

    /// The secret, if it is there and complete.
    pub(in crate::command) fn good(&self) -> Option<&T> {
        match self {
            Self::Good(secret) => Some(secret),
            _ => None,
        }
    }

    /// Whether it is there, complete or not.
    pub(in crate::command) const fn is_there(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    fn fault(&self) -> Option<String> {
        match self {
            Self::Faulty(error) => Some(error.to_string()),
            _ => None,
        }
    }
}

/// A shop's secrets.
pub(in crate::command) struct Summary {
    pub(in crate::command) shop: ShopName,
    pub(in crate::command) webhook: Part<WebhookSecret>,
    pub(in crate::command) websand: Part<WebsandSecret>,
    pub(in crate::command) websale: Part<WebsaleSecret>,
    pub(in crate::command) platform: Part<PlatformSecret>,
}

impl Summary {
    /// Reads and parses the shop's secrets.
    pub(in crate::command) async fn load(secrets: &Secrets, shop: ShopName) -> Self {
        Self {
            webhook: Part::new(secrets.webhook(&shop).await),
            websand: Part::new(secrets.websand(&shop).await),
            websale: Part::new(secrets.websale(&shop).await),
            platform: Part::new(secrets.platform(&shop).await),
            shop,
        }
    }

    /// All shops of the installation, in the order of their names.
    pub(in crate::command) async fn load_all(installation: &Installation) -> Result<Vec<Self>, CommandError> {
        let secrets = &installation.secrets()?;
        let names = installation.secret_names().await?;
        let shops = stream::iter(names::shops(installation.prefix(), &names));
        Ok(shops.map(|shop| Self::load(secrets, shop)).buffered(AT_ONCE).collect().await)
    }

    /// Whether none of the secrets is there.
    pub(in crate::command) const fn is_absent(&self) -> bool {
        !(self.webhook.is_there() || self.websand.is_there() || self.websale.is_there() || self.platform.is_there())
    }

    /// The systems that send its webhooks.
    pub(in crate::command) fn platforms(&self) -> Vec<Platform> {
        let sources = self.webhook.good().map(|webhook| webhook.sources.as_slice()).unwrap_or_default();
        sources.iter().map(|source| source.platform).collect()
    }

    /// Everything that keeps the shop from working, one line each, no values.
    pub(in crate::command) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            [self.webhook.fault(), self.websand.fault(), self.websale.fault(), self.platform.fault()]
                .into_iter()
                .flatten()
                .collect();
        if !self.webhook.is_there() {
            faults.push("no webhook secret: every webhook is answered 401".into());
        }
        if !self.websand.is_there() && !self.websale.is_there() {
            faults.push("neither a websand nor a websale secret: deliveries wait for one".into());
        }
        if self.needs_platform() && !self.platform.is_there() {
            faults.push("no platform secret: BigCommerce's webhooks only name what changed, and wait for one".into());
        }
        faults.extend(self.foreign_platform());
        faults
    }

    /// A platform secret that none of the sources can use: what has to be read from the shop would wait.
    fn foreign_platform(&self) -> Option<String> {
        let of = match self.platform.good()? {
            PlatformSecret::Bigcommerce { .. } => Platform::Bigcommerce,
            PlatformSecret::Shopify { .. } => Platform::Shopify,
            PlatformSecret::Shopware { .. } => Platform::Shopware,
        };
        let platforms = self.platforms();
        (!platforms.is_empty() && !platforms.contains(&of))
            .then(|| format!("the platform secret is for {of}, and no webhooks come from there"))
    }

    /// Whether it has a source whose webhooks never hold what they are about.
    pub(in crate::command) fn needs_platform(&self) -> bool {
        self.websand.is_there() && self.platforms().contains(&Platform::Bigcommerce)
    }
}
