//! Delivers promotions to WEBSALE.
//!
//! A promotion is prepared when its webhook arrives (an entry is created, inactive; the content of a personalised push
//! is stored) and goes out when it is due. Both halves look at the row, do the next step and remember it, so whoever
//! comes after a crash goes on where it ended.

use std::{sync::Arc, time::Duration};

use crate::{
    Async,
    config::Destinations,
    destination::websale::login::Tokens,
    event::{Event, Promotion},
    http::Http,
    ledger::{Guess, Matter, Row},
    message::{Kind, Message, Payload, RowKey},
    poll::Poller,
    ports::Ports,
    queue::{Handler, Received, Settlement},
    retry::Call,
    revision::Revision,
    secret::{SecretError, WebsaleSecret},
    shop::Destination,
};

use super::{attempt::Attempt, erase, letter::unreadable, passage::Passage, traffic::Traffic};
use wanted::Wanted;
use work::Work;

mod chunks;
pub(crate) mod content;
mod entry;
mod outlook;
mod personalised;
mod prepare;
mod standing;
#[cfg(test)]
mod tests;
mod wanted;
mod work;

pub use outlook::Outlook;
pub(crate) use wanted::content_name;

/// Settles messages for WEBSALE.
#[derive(Clone)]
pub struct WebsaleForwarder {
    ports: Ports,
    config: Destinations,
    tokens: Tokens,
    traffic: Arc<Traffic>,
}

/// `Err` is an early end: the message is settled or comes back, and nothing more is to be done.
type Step<T> = Result<T, Settlement>;

impl Handler for WebsaleForwarder {
    fn handle(&self, received: Received) -> Async<'_, Settlement> {
        Box::pin(async move { self.settle(&received).await.unwrap_or_else(|early| early) })
    }
}

impl WebsaleForwarder {
    /// A forwarder over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        let ports = ports.discreet();
        let tokens = Tokens::new(ports.clone(), config.clone());
        Self { ports, config, tokens, traffic: Arc::default() }
    }

    /// A poller that shares this forwarder's log-ins, for hosts that run both in one process.
    pub fn poller(&self, callbacks: Arc<dyn Http>) -> Poller {
        Poller::sharing(self.ports.clone(), callbacks, self.config.clone(), self.tokens.clone())
    }

    async fn settle(&self, received: &Received) -> Step<Settlement> {
        let message = match Message::from_json(&received.body) {
            Ok(message) => message,
            Err(error) => return Err(unreadable(&self.ports, received, Destination::Websale, &error).await),
        };
        let ours = |key: &RowKey| {
            key.destination == Destination::Websale
                && matches!(key.kind, Kind::Promotion | Kind::Chunk)
                && key.shop.is_some()
        };
        let Some(key) = message.row_key().filter(ours) else {
            return Err(unreadable(&self.ports, received, Destination::Websale, &"it is for another queue").await);
        };
        let passage = Passage::open(&self.ports, &self.traffic, received, &message.shop, Destination::Websale).await?;
        let settled = self.work(received, &message, key, &passage).await;
        passage.close().await;
        settled
    }

    async fn work(
        &self,
        received: &Received,
        message: &Message,
        key: RowKey,
        passage: &Arc<Passage>,
    ) -> Step<Settlement> {
        let attempt = Attempt::new(&self.ports, received, message, key, passage.clone());
        if !attempt.has_time_for(self.config.http_timeout) {
            return Err(Settlement::Back { after: Duration::ZERO });
        }
        let secret = self.ports.secrets.websale(attempt.shop).await;
        let rate = secret.as_ref().ok().and_then(|secret| secret.requests_per_second);
        // A message that is held is claimed nevertheless: what was called off must not go out as soon as it can.
        let _ = passage.enter(Call::WebsaleCreate, rate.map(|rate| self.config.share(rate))).await;
        match &message.payload {
            Payload::Event(Event::PromotionScheduled(promotion)) => {
                self.scheduled(attempt, promotion, message, secret).await
            }
            Payload::Event(Event::PromotionCancelled(_)) => self.cancelled(attempt, None).await,
            Payload::PromotionDue { revision, .. } => self.due(attempt, *revision).await,
            _ => Err(unreadable(&self.ports, received, Destination::Websale, &"it is for another queue").await),
        }
    }

    /// A new or changed promotion.
    async fn scheduled(
        &self,
        attempt: Attempt<'_>,
        promotion: &Promotion,
        message: &Message,
        secret: Result<Arc<WebsaleSecret>, SecretError>,
    ) -> Step<Settlement> {
        let Some(promotion) = erase::audience(&attempt, promotion).await? else {
            tracing::info!(row = %attempt.key, event_id = attempt.event_id, "everybody in the audience was forgotten");
            return self.cancelled(attempt, Some("nobody_left")).await;
        };
        let wanted = Wanted::of(&promotion, message, secret.as_deref().ok());
        let relevance = |row: &Row| {
            let of_event = standing::of_event(row, &attempt, |row| wanted.is_as_prepared(row));
            standing::of_change(row, &attempt, of_event, wanted.has_same_content(row))
        };
        let note = |row: &mut Row| wanted.note(row, attempt.event_id);
        let row = attempt.claim_noting(Guess::Unknown, relevance, note).await?;
        if let Err(error) = secret {
            attempt.note_secret(Matter::Secret, &error);
            return Err(attempt.secret_failed_after_claim(&row, &error).await);
        }
        let mut work = Work::new(self, attempt, row);
        if standing::has_other_channel(&work.row, wanted.channel) {
            return Err(work.park("channel_changed", "a promotion keeps its channel; use another id").await);
        }
        work.prepare(&wanted).await
    }

    /// A promotion called off; `reason` is why, if not by the shop.
    async fn cancelled(&self, attempt: Attempt<'_>, reason: Option<&str>) -> Step<Settlement> {
        let relevance = |row: &Row| standing::of_event(row, &attempt, |_| false);
        let note = |row: &mut Row| standing::note_cancellation(row, &attempt);
        let stop = |row: &mut Row| standing::note_stop(row, &attempt);
        let known = attempt.note(relevance, stop).await?;
        let row = attempt.claim_noting(known, relevance, note).await?;
        let mut work = Work::new(self, attempt, row);
        if standing::is_out(&work.row) {
            return Ok(work.too_late().await);
        }
        if work.row.remote_id.is_some() && work.deactivate().await?.sent == Some(true) {
            // A send whose answer was lost got through before the promotion was called off.
            return Ok(work.too_late_after_all().await);
        }
        content::delete(&*self.ports.ledger, &work.row).await.map_err(|error| work.attempt.ledger_failed(&error))?;
        Ok(work.cancelled(reason).await)
    }

    /// A promotion whose time has come, unless it was changed or called off meanwhile.
    async fn due(&self, attempt: Attempt<'_>, revision: Revision) -> Step<Settlement> {
        let relevance = |row: &Row| standing::of_due(row, revision, &attempt);
        let row = attempt.claim_noting(Guess::Unknown, relevance, standing::note_redrive).await?;
        let mut work = Work::new(self, attempt, row);
        if work.has_no_promotion().await? {
            return Ok(work.cancelled(None).await);
        }
        work.send_when_due().await
    }
}
