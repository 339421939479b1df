//! Where promotions are handed in: one shop's choices, its ledger rows and its queue.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use relay::{
    forward::Outlook,
    ingest::ByHand,
    ledger::Row,
    message::{Message, RowKey},
    secret::{SecretError, Secrets, WebhookSecret, WebsaleSecret},
    shop::ShopName,
};

use crate::{
    command::CommandError,
    installation::{Installation, Writable},
};

/// One shop's desk.
pub(super) struct Desk {
    shop: ShopName,
    place: Writable,
    webhook: Option<Arc<WebhookSecret>>,
    account: Arc<WebsaleSecret>,
}

impl Desk {
    /// The desk of a shop that has a WEBSALE app. It may do without webhooks, and then has no time zone of its own.
    pub(super) async fn open(installation: &Installation, shop: &ShopName) -> Result<Self, CommandError> {
        let secrets = installation.secrets()?;
        let account = secrets.websale(shop).await.map_err(|error| {
            CommandError(format!("{error}; promotions need the shop's WEBSALE account, see `shoprelay shop list`"))
        })?;
        let webhook = webhook(&secrets, shop).await.map_err(|error| CommandError(error.to_string()))?;
        Ok(Self { shop: shop.clone(), place: installation.writable().await?, webhook, account })
    }

    pub(super) fn by_hand(&self, now: Timestamp) -> ByHand<'_> {
        ByHand { shop: &self.shop, secret: self.webhook.as_deref(), account: &self.account, now }
    }

    /// The zone of the shop's clock.
    pub(super) fn zone(&self) -> Option<&TimeZone> {
        self.webhook.as_ref().and_then(|secret| secret.time_zone.as_ref())
    }

    pub(super) async fn row(&self, key: &RowKey) -> Result<Option<Row>, CommandError> {
        self.place.ledger.get(key).await.map_err(|error| CommandError(error.to_string()))
    }

    /// What will come of a message, as the ledger stands.
    pub(super) async fn outlook(&self, message: &Message) -> Result<Outlook, CommandError> {
        let row = match message.row_key() {
            Some(key) => self.row(&key).await?,
            None => None,
        };
        Ok(Outlook::of(message, row.as_ref()))
    }

    pub(super) async fn queue(&self, message: &Message) -> Result<(), CommandError> {
        let sent = self.place.queue.send(message).await;
        sent.map_err(|error| CommandError(format!("nothing was queued: {error}")))
    }
}

/// The shop's choices about webhooks, if it has any.
pub(super) async fn webhook(secrets: &Secrets, shop: &ShopName) -> Result<Option<Arc<WebhookSecret>>, SecretError> {
    match secrets.webhook(shop).await {
        Ok(secret) => Ok(Some(secret)),
        Err(SecretError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
