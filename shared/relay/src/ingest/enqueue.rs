//! Puts what a webhook came to on the queue.

use std::future;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    answer::{Refusal, Reply},
    found,
    plan::Plan,
    quiet,
    reject::Body,
    settle::{Settling, unqueued},
};
use crate::{
    event::{Email, Event},
    message::{Message, Payload, Person, Reference, Whose},
    queue::QueueError,
};

/// How many references of one webhook are put on the queue side by side. A shop that changes hundreds of orders in one go
/// names them all in one webhook, and one after the other they would take longer than an answer may.
const SENDS_AT_ONCE: usize = 16;

impl Settling<'_> {
    /// Queues an event.
    pub(super) async fn queue_event(
        &mut self,
        id: String,
        sequence: Option<u64>,
        event: Event,
    ) -> Result<Reply, Reply> {
        let subject = self.subject(&event).await?;
        self.note.subject = Some(subject.clone());
        let shop = &self.authentic.shop;
        let (plan, quiet_hours) = match &event {
            Event::PromotionScheduled(promotion) => {
                let plan = Plan::of(promotion, shop.time_zone.as_ref());
                (Some(Box::new(plan)), quiet::of(promotion, shop))
            }
            _ => (None, None),
        };
        let time = event.revision_time();
        let mut message = Message { time, sequence, quiet_hours, ..self.message(id, subject, Payload::Event(event)) };
        let mut sent = self.ingest.queue.send(&message).await;
        if matches!(sent, Err(QueueError::TooLarge { .. })) && drop_item_details(&mut message) {
            sent = self.ingest.queue.send(&message).await;
        }
        match sent {
            Ok(()) => Ok(Reply::Queued { id: message.id, plan }),
            Err(QueueError::TooLarge { .. }) if self.can_mend() => Err(Reply::Refused(Refusal::TooLarge)),
            Err(error @ QueueError::TooLarge { .. }) => {
                self.reject(message.id, "too_large", &error.to_string(), Body::Kept).await
            }
            Err(error) => Err(unqueued(&error)),
        }
    }

    /// Queues references, each as a message of its own: all of them, or the webhook is not taken.
    pub(super) async fn references(
        &mut self,
        id: &str,
        sequence: Option<u64>,
        references: Vec<Reference>,
    ) -> Result<Reply, Reply> {
        self.note.subject = references.first().map(|reference| reference.id.clone());
        self.note.event_type = references.first().map(|reference| reference.event.name());
        let queue = &self.ingest.queue;
        let sends = references.into_iter().enumerate().map(|(number, reference)| {
            let id = if number == 0 { id.to_owned() } else { format!("{id}-{number}") };
            let subject = reference.id.clone();
            let message = Message { sequence, ..self.message(id, subject, Payload::Referenced(reference)) };
            async move { queue.send(&message).await }
        });
        let sent = stream::iter(sends).buffered(SENDS_AT_ONCE).try_for_each(|()| future::ready(Ok(()))).await;
        sent.map_err(|error| unqueued(&error))?;
        Ok(Reply::Queued { id: id.to_owned(), plan: None })
    }

    /// Queues a privacy request.
    pub(super) async fn privacy(&mut self, id: String, payload: Payload) -> Result<Reply, Reply> {
        let person = match &payload {
            Payload::Erase(Whose::Person(person)) | Payload::DataRequest(person) => Some(person),
            _ => None,
        };
        let subject = match person {
            Some(Person { email: Some(email), .. }) => self.customer_key(email).await?,
            Some(Person { customer_id: Some(customer), .. }) => format!("customer/{customer}"),
            _ => self.shop.to_string(),
        };
        self.note.subject = Some(subject.clone());
        let message = self.message(id.clone(), subject, payload);
        self.ingest.queue.send(&message).await.map_err(|error| unqueued(&error))?;
        Ok(Reply::Queued { id, plan: None })
    }

    fn message(&self, id: String, subject: String, payload: Payload) -> Message {
        Message {
            id,
            shop: self.shop.clone(),
            platform: self.authentic.secret().platform,
            subject,
            time: None,
            received_at: self.note.at,
            sequence: None,
            traceparent: self.traceparent(),
            quiet_hours: None,
            silent_after_hours: self.authentic.shop.silent_after_hours,
            payload,
        }
    }

    async fn customer_key(&self, email: &Email) -> Result<String, Reply> {
        let key = found(self.ingest.secrets.installation().await)?;
        Ok(key.ok_or(Reply::Unavailable("installation_key_missing"))?.customer_key(email))
    }

    /// What the event is about: never an address.
    async fn subject(&self, event: &Event) -> Result<String, Reply> {
        Ok(match event {
            Event::OrderPlaced(order) | Event::OrderUpdated(order) => order.id.clone(),
            Event::PromotionScheduled(promotion) => promotion.id.clone(),
            Event::PromotionCancelled(cancellation) => cancellation.id.clone(),
            Event::CustomerUpdated(customer) => self.customer_key(&customer.email).await?,
        })
    }
}

/// Takes the further fields off an order's items; tells whether there were any.
pub(crate) fn drop_item_details(message: &mut Message) -> bool {
    let Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) = &mut message.payload else {
        return false;
    };
    order.items.iter_mut().fold(false, |any, item| {
        let details = std::mem::take(&mut item.custom);
        any || !details.is_empty()
    })
}
