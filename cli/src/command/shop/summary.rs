//! What an installation knows of one shop: its three secrets, parsed.

use std::sync::Arc;

use relay::{
    secret::{SecretError, Secrets, WebhookSecret, WebsaleSecret, WebsandSecret},
    shop::{Platform, ShopName},
};

/// A secret that is there and good, there and faulty, or not there (`None`).
pub(in crate::command) type Part<T> = Option<Result<Arc<T>, SecretError>>;

/// A shop's secrets.
pub(in crate::command) struct Summary {
    pub(in crate::command) shop: ShopName,
    pub(in crate::command) webhook: Part<WebhookSecret>,
    pub(in crate::command) websand: Part<WebsandSecret>,
    pub(in crate::command) websale: Part<WebsaleSecret>,
}

impl Summary {
    /// Reads and parses the shop's secrets.
    pub(in crate::command) async fn load(secrets: &Secrets, shop: ShopName) -> Self {
        Self {
            webhook: part(secrets.webhook(&shop).await),
            websand: part(secrets.websand(&shop).await),
            websale: part(secrets.websale(&shop).await),
            shop,
        }
    }

    /// Whether none of the secrets is there.
    pub(in crate::command) const fn is_absent(&self) -> bool {
        self.webhook.is_none() && self.websand.is_none() && self.websale.is_none()
    }

    /// The systems that send its webhooks.
    pub(in crate::command) fn platforms(&self) -> Vec<Platform> {
        let sources = good(&self.webhook).map(|webhook| webhook.sources.as_slice()).unwrap_or_default();
        sources.iter().map(|source| source.platform).collect()
    }

    /// Everything that keeps the shop from working, one line each, no values.
    pub(in crate::command) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            [fault(&self.webhook), fault(&self.websand), fault(&self.websale)].into_iter().flatten().collect();
        if self.webhook.is_none() {
            faults.push("no webhook secret: every webhook is answered 401".into());
        }
        if self.websand.is_none() && self.websale.is_none() {
            faults.push("neither a websand nor a websale secret: deliveries wait for one".into());
        }
        faults
    }
}

fn part<T>(outcome: Result<Arc<T>, SecretError>) -> Part<T> {
    match outcome {
        Err(SecretError::NotFound { .. }) => None,
        other => Some(other),
    }
}

/// The secret, if it is there and good.
pub(in crate::command) fn good<T>(part: &Part<T>) -> Option<&T> {
    part.as_ref().and_then(|outcome| outcome.as_deref().ok())
}

fn fault<T>(part: &Part<T>) -> Option<String> {
    part.as_ref().and_then(|outcome| outcome.as_ref().err()).map(ToString::to_string)
}
