//! Delivers orders and customers to Websand.

use std::sync::Arc;

use serde_json::Value;

use super::{
    attempt::{Attempt, failure},
    consent, erase,
    letter::unreadable,
};
use crate::{
    Async,
    config::Destinations,
    destination::websand,
    event::{Customer, Event, Order, OrderStatus},
    http::{CallError, Request},
    ledger::{
        Attention, Consent, Guess, Row, State,
        transition::{Relevance, settled},
    },
    message::{Message, Payload},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    retry::{Call, Decision, decide},
    revision::Revision,
    secret::{OrderUpdates, WebsandSecret},
    shop::Destination,
    shop_api::Limits,
};

mod reference;
#[cfg(test)]
mod tests;

/// Settles messages for Websand.
#[derive(Clone)]
pub struct WebsandForwarder {
    ports: Ports,
    config: Destinations,
    /// What the shops' own APIs still take.
    limits: Arc<Limits>,
}

/// One call that is to be made, and what the row is to know of it afterwards.
struct Delivery {
    call: Call,
    request: fn(&Destinations, &WebsandSecret, &Value) -> Result<Request, CallError>,
    body: Value,
    hash: String,
    revision: Revision,
    order_status: Option<OrderStatus>,
    /// What it says about the consent of a customer.
    said: Option<Consent>,
}

impl Handler for WebsandForwarder {
    fn handle(&self, received: Received) -> Async<'_, Settlement> {
        Box::pin(async move { self.settle(&received).await.unwrap_or_else(|early| early) })
    }
}

/// `Err` is an early end: the message is settled, and nothing more is to be done.
type Step<T> = Result<T, Settlement>;

impl WebsandForwarder {
    /// A forwarder over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config, limits: Arc::default() }
    }

    async fn settle(&self, received: &Received) -> Step<Settlement> {
        let message = match Message::from_json(&received.body) {
            Ok(message) => message,
            Err(error) => return Err(unreadable(&self.ports, received, Destination::Websand, &error).await),
        };
        let Some(key) = message.row_key().filter(|key| key.destination == Destination::Websand) else {
            return Err(unreadable(&self.ports, received, Destination::Websand, &"it is for another queue").await);
        };
        let attempt = Attempt::new(&self.ports, received, &message, key);
        if !attempt.has_time_for(self.config.http_timeout) {
            return Err(Settlement::Back { after: std::time::Duration::ZERO });
        }
        let secret = match self.ports.secrets.websand(attempt.shop).await {
            Ok(secret) => secret,
            Err(error) => return Err(attempt.secret_failed(&error).await),
        };
        match &message.payload {
            Payload::Referenced(reference) => self.referenced(&attempt, reference, &message, secret).await,
            Payload::Erase(whose) => erase::erase(&attempt, whose).await,
            Payload::DataRequest(person) => erase::data_request(&attempt, person).await,
            _ => self.event(&attempt, &message, secret).await,
        }
    }

    /// Delivers an event, as it was received or as it was fetched.
    async fn event(&self, attempt: &Attempt<'_>, message: &Message, secret: Arc<WebsandSecret>) -> Step<Settlement> {
        let revision = message.revision();
        match &message.payload {
            Payload::Event(Event::OrderPlaced(order)) => self.order(attempt, order, revision, false, secret).await,
            Payload::Event(Event::OrderUpdated(order)) => self.order(attempt, order, revision, true, secret).await,
            Payload::Event(Event::CustomerUpdated(customer)) => {
                self.customer(attempt, customer, revision, secret).await
            }
            _ => Err(unreadable(&self.ports, attempt.received, Destination::Websand, &"it is for another queue").await),
        }
    }

    async fn order(
        &self,
        attempt: &Attempt<'_>,
        order: &Order,
        revision: Revision,
        is_update: bool,
        secret: Arc<WebsandSecret>,
    ) -> Step<Settlement> {
        let is_consented = order.customer.marketing_consent == Some(true) || !secret.consented_orders_only;
        let is_of_status = secret.statuses.as_ref().is_none_or(|wanted| wanted.contains(&order.status));
        if !is_of_status || !(is_consented || is_update) {
            return Err(attempt.log_done("filtered"));
        }
        let granted = self.grant_of_order(attempt, &order.customer, revision).await?;
        let body = websand::transaction(order, attempt.shop, &secret, granted);
        let hash = body.as_ref().map(websand::content_hash).unwrap_or_default();
        let policy = secret.updates;
        let relevance = |row: &Row| match row.revision {
            // An update says nothing about consent: it follows an order that was begun because there was consent.
            None if !is_consented && row.version == 0 => Relevance::Superseded,
            _ => relevance(row, revision, &hash, order.status, policy),
        };
        let guess = if is_update { Guess::Unknown } else { Guess::Absent };
        // For the person who looks the order up by its number.
        let note = |row: &mut Row| row.order_number.clone_from(&order.number);
        let claimed = attempt.claim_noting(guess, relevance, note).await?;
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                let failure = failure("currency_not_listed", &error.to_string());
                return Ok(attempt.wait_for_mending(&claimed, failure).await);
            }
        };
        let order_status = Some(order.status);
        let request = websand::transaction_request;
        let (call, said) = (Call::WebsandTransaction, None);
        let delivery = Delivery { call, request, body, hash, revision, order_status, said };
        Ok(self.deliver(attempt, &claimed, secret, delivery).await)
    }

    async fn customer(
        &self,
        attempt: &Attempt<'_>,
        customer: &Customer,
        revision: Revision,
        secret: Arc<WebsandSecret>,
    ) -> Step<Settlement> {
        let said = self.decision_of_customer(attempt, customer, revision).await?;
        let body = websand::subscriber(customer, attempt.shop, &secret, said);
        let hash = websand::content_hash(&body);
        let newer = |row: &Row| match row.revision {
            Some(known) if !revision.is_newer_than(&known) && is_told(row, said) => Relevance::Superseded,
            // An order may have signed the person up since Websand was told the same.
            Some(_) if row.content_hash.as_deref() == Some(&hash) && said != Some(Consent::Withdrawn) => {
                Relevance::Record(revision)
            }
            _ => Relevance::Open,
        };
        let claimed = attempt.claim(Guess::Unknown, newer).await?;
        if said == Some(Consent::Withdrawn) && secret.consent_withdrawn.is_none() {
            // The consent row remembers it, so nothing of ours signs the person up again; but Websand goes on mailing.
            let failure = failure(
                "withdrawal_not_expressible",
                "consent.withdrawn of the shop's websand secret is not set; unsubscribe the person in Websand by hand",
            );
            return Err(attempt.park(Some(claimed), &failure, Attention::WithdrawalNotExpressible).await);
        }
        let request = websand::subscriber_request;
        let delivery =
            Delivery { call: Call::WebsandSubscriber, request, body, hash, revision, order_status: None, said };
        let delivery = match (claimed.revision, &claimed.content_hash) {
            // Of an event whose data is outdated only the decision is told.
            (Some(known), Some(hash)) if !revision.is_newer_than(&known) => {
                let body = websand::subscriber(&customer.consent_only(), attempt.shop, &secret, said);
                Delivery { body, hash: hash.clone(), revision: known, ..delivery }
            }
            _ => delivery,
        };
        Ok(self.deliver(attempt, &claimed, secret, delivery).await)
    }

    /// Whether the order may sign its buyer up.
    async fn grant_of_order(&self, attempt: &Attempt<'_>, customer: &Customer, revision: Revision) -> Step<bool> {
        if customer.marketing_consent != Some(true) {
            return Ok(false);
        }
        let key = self.consent_key(attempt, customer).await?;
        let grants = consent::of_order(&self.ports, &key, consent::revision(customer, revision)).await;
        grants.map_err(|error| attempt.ledger_failed(&error))
    }

    /// What a customer event says about consent, once it is written down.
    async fn decision_of_customer(
        &self,
        attempt: &Attempt<'_>,
        customer: &Customer,
        revision: Revision,
    ) -> Step<Option<Consent>> {
        let Some(given) = customer.marketing_consent else { return Ok(None) };
        let decision = if given { Consent::Granted } else { Consent::Withdrawn };
        let key = self.consent_key(attempt, customer).await?;
        let revision = consent::revision(customer, revision);
        let newest = consent::of_customer(&self.ports, &key, decision, revision, attempt.now()).await;
        let is_newest = newest.map_err(|error| attempt.ledger_failed(&error))?;
        Ok(is_newest.then_some(decision))
    }

    async fn consent_key(&self, attempt: &Attempt<'_>, customer: &Customer) -> Step<crate::message::RowKey> {
        match self.ports.secrets.installation().await {
            Ok(installation) => Ok(consent::row_key(attempt.shop, installation.customer_key(&customer.email))),
            Err(error) => Err(attempt.secret_failed(&error).await),
        }
    }

    /// Makes the call, with fresh credentials once more if they are refused.
    async fn deliver(
        &self,
        attempt: &Attempt<'_>,
        claimed: &Row,
        mut secret: Arc<WebsandSecret>,
        delivery: Delivery,
    ) -> Settlement {
        let mut refreshed = false;
        loop {
            if !attempt.has_time_for(self.config.http_timeout) {
                return attempt.release(claimed).await;
            }
            let request = (delivery.request)(&self.config, &secret, &delivery.body);
            let outcome = match request {
                Ok(request) => self.ports.http.call(request).await,
                Err(error) => Err(error),
            };
            match decide(delivery.call, &outcome, &attempt.circumstances(claimed, refreshed)) {
                Decision::Delivered => {
                    let now = attempt.now();
                    let next = |row| delivered(settled(row, attempt.event_id, State::Delivered, now), &delivery);
                    return attempt.finish(claimed, "delivered", next).await;
                }
                Decision::Refresh => match self.ports.secrets.websand_again(attempt.shop).await {
                    Ok(again) => (secret, refreshed) = (again, true),
                    Err(error) => return attempt.secret_failed_after_claim(claimed, &error).await,
                },
                decision => return attempt.fail(claimed, &decision).await,
            }
        }
    }
}

fn delivered(row: Row, delivery: &Delivery) -> Row {
    Row {
        revision: Some(delivery.revision),
        content_hash: Some(delivery.hash.clone()),
        order_status: delivery.order_status,
        consent: delivery.said.or(row.consent),
        ..row
    }
}

/// Whether Websand was told this decision with an event about the customer, or there is none to tell.
fn is_told(row: &Row, said: Option<Consent>) -> bool {
    said.is_none() || row.consent == said
}

/// Whether an order still has something to say to Websand, under the shop's policy for updates.
fn relevance(row: &Row, revision: Revision, hash: &str, status: OrderStatus, policy: OrderUpdates) -> Relevance {
    let Some(known) = row.revision else { return Relevance::Open };
    if !revision.is_newer_than(&known) || policy == OrderUpdates::None {
        return Relevance::Superseded;
    }
    let nothing_new = row.content_hash.as_deref() == Some(hash)
        || (policy == OrderUpdates::Status && row.order_status == Some(status));
    if nothing_new { Relevance::Record(revision) } else { Relevance::Open }
}
