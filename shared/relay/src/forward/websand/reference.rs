//! Fetches what a webhook only named, then delivers it.
//!
//! Two rows take part: the reference's own, which remembers how the fetching goes, and the row of the order or customer
//! it stands for, which remembers the delivery as for any other event. The first is held while the second is claimed; a
//! second row that is held by somebody else sends the message back and gives the first one free, so nobody waits for
//! anybody.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{Step, WebsandForwarder};
use crate::{
    event::{Event, EventType},
    forward::attempt::{Attempt, failure, until_instant},
    ledger::{
        Guess, Matter, Row, State,
        transition::{self, Relevance, settled},
    },
    message::{Message, Payload, Reference},
    queue::Settlement,
    retry::{Call, Decision, PUT_BACK, RETRY_FOR},
    revision::Revision,
    secret::{PlatformSecret, SecretError, WebsandSecret},
    shop_api::{Fetched, ShopApi, Stopped},
};

#[cfg(test)]
mod tests;

impl WebsandForwarder {
    /// Fetches the object under the reference's own row, and delivers it as the event it stands for.
    pub(super) async fn referenced(
        &self,
        attempt: &Attempt<'_>,
        reference: &Reference,
        message: &Message,
        secret: Arc<WebsandSecret>,
    ) -> Step<Settlement> {
        if let Some(until) = self.limits.until(attempt.shop, attempt.now()) {
            return Err(Settlement::Back { after: until_instant(attempt.now(), until).max(PUT_BACK) });
        }
        attempt.enter(Call::ShopRead, None).await?;
        let guess = if reference.event == EventType::OrderPlaced { Guess::Absent } else { Guess::Unknown };
        let claimed = attempt.claim(guess, |row| relevance(row, reference, message.received_at)).await?;
        let began = attempt.now();
        let fetched = match self.fetch(attempt, &claimed, reference, began).await? {
            Ok(fetched) => fetched,
            Err(Stopped::Gone) => Fetched::Skipped("gone"),
            Err(Stopped::Limited { until }) => {
                let after = until_instant(attempt.now(), until).max(PUT_BACK);
                return Err(put_back(attempt, &claimed, after).await);
            }
            Err(Stopped::OutOfTime) => return Err(out_of_time(attempt, &claimed).await),
            Err(Stopped::Decision(decision)) => return Err(attempt.fail(&claimed, &decision).await),
        };
        let seen = |row: Row, state| {
            let known = row.revision.map_or(0, |known| known.rank);
            let revision =
                Revision { time: None, received_at: began, rank: rank(reference).max(known), sequence: None };
            Row { revision: Some(revision), ..settled(row, attempt.event_id, state, attempt.now()) }
        };
        let event = match fetched {
            Fetched::Event(event) => event,
            Fetched::Skipped(reason) => {
                tracing::info!(row = %attempt.key, event_id = attempt.event_id, reason, "there is nothing to deliver");
                return Ok(attempt.finish(&claimed, "skipped", |row| seen(row, State::Suppressed)).await);
            }
        };
        let event = self.stands_for(attempt, message, event, began).await?;
        let Some(key) = event.row_key() else { return Err(attempt.release(&claimed).await) };
        let delivery = Attempt::new(attempt.ports, attempt.received, &event, key, attempt.passage.clone());
        let (Ok(settlement) | Err(settlement)) = self.event(&delivery, &event, secret).await;
        if let Settlement::Back { after } = settlement {
            return Err(put_back(attempt, &claimed, after).await);
        }
        match delivery.parked() {
            // What was fetched did not get through, so a redriven message must be fetched again.
            Some((failure, attention)) => {
                let next = |row| transition::parked(row, attempt.event_id, failure, *attention, attempt.now());
                Ok(attempt.finish(&claimed, "parked", next).await)
            }
            None => Ok(attempt.finish(&claimed, "fetched", |row| seen(row, State::Delivered)).await),
        }
    }

    /// Reads the object, with a fresh secret once more if the shop refuses the credentials.
    async fn fetch(
        &self,
        attempt: &Attempt<'_>,
        claimed: &Row,
        reference: &Reference,
        began: Timestamp,
    ) -> Step<Result<Fetched, Stopped>> {
        let mut refreshed = false;
        loop {
            let secret = if refreshed {
                self.ports.secrets.platform_again(attempt.shop).await
            } else {
                self.ports.secrets.platform(attempt.shop).await
            };
            let secret = match secret.and_then(|secret| of_platform(secret, reference, attempt)) {
                Ok(secret) => secret,
                Err(error) => {
                    attempt.note_secret(Matter::Call(Call::ShopRead), &error);
                    return Err(attempt.secret_failed_after_claim(claimed, &error).await);
                }
            };
            let api = ShopApi {
                ports: &self.ports,
                config: &self.config,
                shop: attempt.shop,
                limits: &self.limits,
                tokens: &self.tokens,
                secret: &secret,
                judge: &|call, outcome| attempt.judge(call, outcome, claimed, refreshed),
                has_time: &|| attempt.has_time_for(self.config.http_timeout),
            };
            match api.fetch(reference, began).await {
                Err(Stopped::Decision(Decision::Refresh)) if !refreshed => refreshed = true,
                fetched => return Ok(fetched),
            }
        }
    }

    /// The message of the event that the reference stands for. It is as old as the fetching: that is when the shop said
    /// so.
    async fn stands_for(
        &self,
        attempt: &Attempt<'_>,
        message: &Message,
        event: Event,
        began: Timestamp,
    ) -> Step<Message> {
        let subject = match &event {
            Event::OrderPlaced(order) | Event::OrderUpdated(order) => order.id.clone(),
            Event::CustomerUpdated(customer) => self.consent_key(attempt, customer).await?.subject,
            Event::PromotionScheduled(promotion) => promotion.id.clone(),
            Event::PromotionCancelled(cancellation) => cancellation.id.clone(),
        };
        Ok(Message {
            subject,
            time: event.revision_time(),
            received_at: began,
            sequence: None,
            payload: Payload::Event(event),
            ..message.clone()
        })
    }
}

/// Whether the object is still to be fetched: not if the last fetching began after this reference was received, since
/// it saw the change already.
fn relevance(row: &Row, reference: &Reference, received_at: Timestamp) -> Relevance {
    let is_seen = |known: &Revision| known.received_at >= received_at && known.rank >= rank(reference);
    if row.revision.as_ref().is_some_and(is_seen) { Relevance::Superseded } else { Relevance::Open }
}

/// An order that was fetched because it changed still has to be delivered as a new one: only that tells of consent.
fn rank(reference: &Reference) -> u8 {
    u8::from(reference.event == EventType::OrderPlaced)
}

/// A shop has one secret for its API; its sources may be of several platforms.
fn of_platform(
    secret: Arc<PlatformSecret>,
    reference: &Reference,
    attempt: &Attempt<'_>,
) -> Result<Arc<PlatformSecret>, SecretError> {
    if secret.platform() == reference.platform {
        return Ok(secret);
    }
    Err(SecretError::Malformed {
        name: format!("{}/platform", attempt.shop),
        pointer: String::new(),
        detail: format!("it is for {}, and the webhook came from {}", secret.platform(), reference.platform),
    })
}

/// The delivery is to come back, and the object will be fetched again then, not before: this is no attempt of the
/// fetching.
async fn put_back(attempt: &Attempt<'_>, claimed: &Row, after: Duration) -> Settlement {
    let after = if after.is_zero() { PUT_BACK } else { after };
    let wait = SignedDuration::try_from(after).unwrap_or_default();
    let not_before = attempt.now().checked_add(wait).ok();
    let next = |row| Row { not_before, ..transition::released(row, attempt.event_id) };
    match attempt.store(claimed, next).await {
        Ok(_) => Settlement::Back { after },
        Err(error) => attempt.ledger_failed(&error),
    }
}

/// The shop answers so slowly that the time was over before all was read.
async fn out_of_time(attempt: &Attempt<'_>, claimed: &Row) -> Settlement {
    if attempt.now().duration_since(attempt.received.sent_at) < RETRY_FOR {
        return put_back(attempt, claimed, PUT_BACK).await;
    }
    let failure = failure("retries_exhausted", "the shop's API takes longer than a worker has");
    attempt.fail(claimed, &Decision::Park { failure }).await
}
