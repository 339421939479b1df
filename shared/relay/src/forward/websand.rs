//! Delivers orders and customers to Websand.

use std::{sync::Arc, time::Duration};

use post::Post;
use telling::{Word, not_told};
use updates::relevance;

use super::{
    attempt::{Attempt, Taken, failure},
    consent::Decision,
    erase,
    letter::unreadable,
    passage::Passage,
    traffic::Traffic,
};
use crate::{
    Async,
    config::Destinations,
    destination::websand,
    erase::tombstone,
    event::{Customer, Event, Order, OrderStatus},
    ledger::{
        Guess, Matter, Row, State,
        transition::{Relevance, settled},
    },
    message::{Message, Payload, RowKey},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    retry::Call,
    revision::Revision,
    secret::WebsandSecret,
    shop::Destination,
    shop_api::{Limits, Tokens},
};

mod post;
mod reference;
mod telling;
#[cfg(test)]
mod tests;
mod updates;

/// Settles messages for Websand.
#[derive(Clone)]
pub struct WebsandForwarder {
    ports: Ports,
    config: Destinations,
    /// What the shops' own APIs still take.
    limits: Arc<Limits>,
    tokens: Arc<Tokens>,
    traffic: Arc<Traffic>,
}

/// What an event's data come to: a call, and what the row is to know of it afterwards.
struct Delivery {
    post: Post,
    hash: String,
    revision: Revision,
    order_status: Option<OrderStatus>,
    /// Whether it says what the person decided, too.
    carries: bool,
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
        Self {
            ports: ports.discreet(),
            config,
            limits: Arc::default(),
            tokens: Arc::default(),
            traffic: Arc::default(),
        }
    }

    async fn settle(&self, received: &Received) -> Step<Settlement> {
        let message = match Message::from_json(&received.body) {
            Ok(message) => message,
            Err(error) => return Err(unreadable(&self.ports, received, Destination::Websand, &error).await),
        };
        let Some(key) = message.row_key().filter(|key| key.destination == Destination::Websand) else {
            return Err(unreadable(&self.ports, received, Destination::Websand, &"it is for another queue").await);
        };
        let passage = Passage::open(&self.ports, &self.traffic, received, &message.shop, Destination::Websand).await?;
        passage.heard(&message);
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
        if let Some(settled) = erase::request(&attempt, &message.payload).await {
            return settled;
        }
        let secret = match self.ports.secrets.websand(attempt.shop).await {
            Ok(secret) => secret,
            Err(error) => {
                attempt.note_secret(Matter::Secret, &error);
                return Err(attempt.secret_failed(&error).await);
            }
        };
        passage.right(Matter::Secret);
        match &message.payload {
            Payload::Referenced(reference) => Box::pin(self.referenced(&attempt, reference, message, secret)).await,
            _ => self.event(&attempt, message, secret).await,
        }
    }

    /// Delivers an event, as it was received or as it was fetched.
    async fn event(&self, attempt: &Attempt<'_>, message: &Message, secret: Arc<WebsandSecret>) -> Step<Settlement> {
        let revision = message.revision();
        let call = match &message.payload {
            Payload::Event(Event::CustomerUpdated(_)) => Call::WebsandSubscriber,
            _ => Call::WebsandTransaction,
        };
        attempt.enter(call, secret.requests_per_second.map(|rate| self.config.share(rate))).await?;
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
        if !secret.forwards(order, is_update) {
            return Err(erase::suppressed(attempt, "filtered").await);
        }
        let person = self.person(attempt, &order.customer).await?;
        if tombstone::stops_order(person.row(), order, revision.received_at) {
            return Err(self.forgotten(attempt, person).await);
        }
        let customer_key = person.customer_key();
        // Of what changed later nothing is known about consent.
        let decision = if is_update { None } else { Decision::of_order(order, revision) };
        let word = self.word(attempt, person, decision, &secret).await?;
        let carries = word.carried(&secret).is_some();
        let body = websand::transaction(order, attempt.shop, &secret, carries);
        // Decisions have a row of their own: they neither make data new nor keep them from being so.
        let undecided = carries.then(|| websand::transaction(order, attempt.shop, &secret, false));
        let hash = undecided.as_ref().unwrap_or(&body).as_ref().map(websand::content_hash).unwrap_or_default();
        let policy = secret.updates;
        let relevance = |row: &Row| match row.revision {
            // An update says nothing about consent: it follows an order that was begun because there was consent.
            None if !is_consented && row.version == 0 => Relevance::Superseded,
            _ => relevance(row, revision, &hash, order.status, policy),
        };
        let guess = if is_update { Guess::Unknown } else { Guess::Absent };
        // For the person who looks the order up by its number, or has to forget its buyer.
        let note = |row: &mut Row| {
            row.order_number = order.shown_number();
            row.customer = Some(customer_key.clone());
        };
        let claimed = attempt.try_claim(guess, relevance, note).await;
        let (body, claimed) = match (body, claimed) {
            (Err(error), Ok(Taken::Ours(claimed))) => {
                let failure = failure("currency_not_listed", &error.to_string());
                return Ok(not_told(word, attempt.wait_for_mending(&claimed, failure).await).await);
            }
            (body, claimed) => (body.unwrap_or_default(), claimed),
        };
        let post = Post { call: Call::WebsandTransaction, request: websand::transaction_request, body };
        let delivery = Delivery { post, hash, revision, order_status: Some(order.status), carries };
        Ok(self.deliver(attempt, claimed, delivery, word, &order.customer, secret).await)
    }

    async fn customer(
        &self,
        attempt: &Attempt<'_>,
        customer: &Customer,
        revision: Revision,
        secret: Arc<WebsandSecret>,
    ) -> Step<Settlement> {
        let person = self.person(attempt, customer).await?;
        if tombstone::stops_event(person.row(), &revision) {
            return Err(self.forgotten(attempt, person).await);
        }
        let decision = Decision::of_customer(customer, revision);
        let word = self.word(attempt, person, decision, &secret).await?;
        if customer.is_decision_only() {
            return Ok(self.decision(attempt, word, customer, secret).await);
        }
        let said = word.carried(&secret);
        let body = websand::subscriber(customer, attempt.shop, &secret, said);
        let hash = websand::content_hash(&websand::subscriber(customer, attempt.shop, &secret, None));
        let newer = |row: &Row| match row.revision {
            Some(known) if !revision.is_newer_than(&known) => Relevance::Superseded,
            Some(_) if row.content_hash.as_deref() == Some(&hash) => Relevance::Record(revision),
            _ => Relevance::Open,
        };
        let claimed = attempt.try_claim(Guess::Unknown, newer, |_| {}).await;
        let post = Post { call: Call::WebsandSubscriber, request: websand::subscriber_request, body };
        let delivery = Delivery { post, hash, revision, order_status: None, carries: said.is_some() };
        Ok(self.deliver(attempt, claimed, delivery, word, customer, secret).await)
    }

    /// Delivers an event's data if its row was claimed, and tells of the decision: with the data, else alone.
    async fn deliver(
        &self,
        attempt: &Attempt<'_>,
        claimed: Step<Taken>,
        delivery: Delivery,
        word: Word<'_>,
        customer: &Customer,
        secret: Arc<WebsandSecret>,
    ) -> Settlement {
        let delivered = match claimed {
            Ok(Taken::Ours(claimed)) => {
                let posted = self.post(attempt, &claimed, secret.clone(), &delivery.post).await;
                match posted {
                    Ok(()) => attempt.finish(&claimed, "delivered", |row| delivered(attempt, row, &delivery)).await,
                    Err(settlement) => return not_told(word, settlement).await,
                }
            }
            Ok(Taken::Superseded) => return self.decision(attempt, word, customer, secret).await,
            Ok(Taken::Busy(after)) => return not_told(word, Settlement::Back { after }).await,
            Err(settlement) => return not_told(word, settlement).await,
        };
        let told = match word {
            Word::Nothing => Settlement::Done,
            Word::Later(waiting) => Settlement::Back { after: waiting.after },
            Word::Decision(telling) if delivery.carries => telling.told().await,
            Word::Decision(telling) => self.tell(telling, customer, secret).await,
        };
        if delivered == Settlement::Done { told } else { delivered }
    }
}

fn delivered(attempt: &Attempt<'_>, row: Row, delivery: &Delivery) -> Row {
    Row {
        revision: Some(delivery.revision),
        content_hash: Some(delivery.hash.clone()),
        order_status: delivery.order_status,
        ..settled(row, attempt.event_id, State::Delivered, attempt.now())
    }
}
