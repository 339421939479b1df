//! The receiving half: one HTTP request in, one message on a queue, one answer out.
//!
//! The order of checks is: method, size, path, WooCommerce's ping, secret and signature, topic, body. Nothing of a body
//! is parsed before it is known to be authentic, and 202 is answered only when the queue has stored the message.

use std::sync::Arc;

use ::http::{Method, Request};
use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    alarm::Alarm,
    clock::Clock,
    queue::Queue,
    secret::{SecretError, Secrets, WebhookSecret},
    shop::ShopName,
    source::{Authentic, Proof, Webhook, authenticate, woocommerce},
};

mod answer;
mod by_hand;
mod callback;
mod digest;
mod enqueue;
mod path;
mod plan;
mod quiet;
mod receipt;
mod registration;
mod reject;
mod remap;
mod settle;
#[cfg(test)]
mod tests;

pub use by_hand::{ByHand, NotTestable, Scheduling};
pub use path::Endpoint;
pub use plan::{Plan, on_the_clock};
pub use receipt::{Answer, Receipt};
pub use remap::{Remapped, rejected_body};

pub(crate) use digest::event_id;
pub(crate) use enqueue::drop_item_details;
pub(crate) use settle::ids_checked;

use answer::{Refusal, Reply};
use path::Place;
use receipt::Note;
use settle::Settling;

/// The largest body that is taken, in bytes.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// Receives webhooks.
#[derive(Clone)]
pub struct Ingest {
    /// The shops' secrets.
    pub secrets: Arc<Secrets>,
    /// Where events go.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Ingest {
    /// Receives one webhook. `served` is the one endpoint this function serves; the embedded host serves all (`None`).
    /// The path may have a stage before `/webhooks/…`.
    ///
    /// Hosts give it 3 s and answer [`Ingest::unavailable`] when they are over.
    pub async fn receive(&self, served: Option<Endpoint>, request: Request<Bytes>) -> Answer {
        let mut note = Note::new(self.clock.now());
        let (Ok(reply) | Err(reply)) = self.check(served, &request, &mut note).await;
        note.answer(reply)
    }

    /// The answer when the queue or the secret store did not come back in time.
    pub fn unavailable(&self) -> Answer {
        Note::new(self.clock.now()).answer(Reply::Unavailable("too_slow"))
    }

    /// Goes through the checks in their order; `Err` is an early answer.
    async fn check(&self, served: Option<Endpoint>, request: &Request<Bytes>, note: &mut Note) -> Result<Reply, Reply> {
        let (shop, place) = path::parse(request.uri().path());
        note.shop = shop.clone().map(String::from);
        let place = place.filter(|place| place.is_served_by(served));
        let endpoint = match place {
            Some(Place::Registration) => return self.registration(request, shop, note).await,
            Some(Place::Webhooks(endpoint)) => Some(endpoint),
            None => None,
        };
        if *request.method() != Method::POST && *request.method() != Method::PUT {
            return Err(Reply::Refused(Refusal::Method));
        }
        if request.body().len() > MAX_BODY {
            return Err(Reply::Refused(Refusal::TooLarge));
        }
        let webhook = Webhook { headers: request.headers(), body: request.body() };
        let (Some(shop), Some(endpoint)) = (shop, endpoint) else {
            authenticate(&webhook, None, note.at);
            return Err(Reply::Refused(Refusal::NotAuthentic));
        };
        // Whether there is such a shop is not looked at: the answer must not tell.
        if *request.method() == Method::POST && woocommerce::is_ping(&webhook) {
            return Err(Reply::Ignored("ping"));
        }
        let authentic = self.authenticate(&shop, &webhook, note.at).await?;
        // Only systems that cannot sign may use PUT.
        if *request.method() != Method::POST && authentic.proof != Proof::Header {
            return Err(Reply::Refused(Refusal::Method));
        }
        note.authenticated(&authentic);
        Settling { ingest: self, webhook, shop, endpoint, authentic, note }.settle().await
    }

    /// Authenticates under the cached secret, else under the one that is in the store now.
    async fn authenticate(&self, shop: &ShopName, webhook: &Webhook<'_>, now: Timestamp) -> Result<Authentic, Reply> {
        self.under_secret(shop, |secret| authenticate(webhook, secret, now)).await
    }

    /// What a check of a credential finds under the shop's cached secret, else under the one that is in the store now.
    async fn under_secret<T>(
        &self,
        shop: &ShopName,
        check: impl Fn(Option<&Arc<WebhookSecret>>) -> Option<T> + Send,
    ) -> Result<T, Reply> {
        let cached = found(self.secrets.webhook(shop).await)?;
        if let Some(found) = check(cached.as_ref()) {
            return Ok(found);
        }
        let changed = match &cached {
            Some(_) => found(self.secrets.webhook_again(shop).await)?.flatten(),
            None => None,
        };
        if let Some(found) = changed.and_then(|changed| check(Some(&changed))) {
            return Ok(found);
        }
        if cached.is_some() {
            tracing::warn!(
                shop = shop.as_str(),
                wrong_signatures = 1_u8,
                "a signature of a shop that we know is wrong"
            );
        }
        Err(Reply::Refused(Refusal::NotAuthentic))
    }
}

/// No such secret is no fault of ours: there is no such shop. Anything else is.
fn found<T>(read: Result<T, SecretError>) -> Result<Option<T>, Reply> {
    match read {
        Ok(secret) => Ok(Some(secret)),
        Err(SecretError::NotFound { .. }) => Ok(None),
        Err(error) => {
            tracing::error!(alarm = %Alarm::SecretUnreadable, %error, "a secret cannot be used");
            Err(Reply::Unavailable("secret_unreadable"))
        }
    }
}
