//! What is done with an authentic webhook: it is read, checked against the shop's wishes, and queued.

use super::{
    Endpoint, Ingest, Note,
    answer::{Refusal, Reply},
    digest, found,
    plan::Plan,
    quiet,
    reject::Body,
};
use crate::{
    event::Event,
    message::{Message, Payload},
    queue::QueueError,
    shop::{Platform, ShopName},
    source::{Authentic, Context, Outcome, Proof, Reading, Unusable, Webhook},
};

/// An authentic webhook on its way.
pub(super) struct Settling<'a> {
    pub(super) ingest: &'a Ingest,
    pub(super) webhook: Webhook<'a>,
    pub(super) shop: ShopName,
    pub(super) endpoint: Endpoint,
    pub(super) authentic: Authentic,
    pub(super) note: &'a mut Note,
}

/// A queue that did not confirm; the shop sends the webhook again.
pub(super) fn unqueued(error: &QueueError) -> Reply {
    tracing::error!(alarm = "queue_unreachable", %error, "a webhook could not be stored");
    Reply::Unavailable("queue_unreachable")
}

impl Settling<'_> {
    /// Reads, checks and queues. `Err` is an early answer.
    pub(super) async fn settle(mut self) -> Result<Reply, Reply> {
        let Reading { topic, delivery, outcome } = self.read();
        let platform = self.authentic.secret().platform;
        let id = digest::event_id(&self.shop, platform, topic.as_deref(), delivery.as_deref(), self.webhook.body);
        self.note.topic = topic;
        self.note.event_id = Some(id.clone());
        if self.is_foreign() {
            let shop = self.shop.as_str();
            tracing::error!(alarm = "wrong_shop", shop, "a webhook of another shop came to this one's URL");
            return self.reject(id, "wrong_shop", "it comes from none of this shop's origins", Body::Dropped).await;
        }
        let event = match outcome {
            Outcome::Event(event) => event,
            Outcome::Ignored(reason) => return Ok(Reply::Ignored(reason)),
            Outcome::Unusable(unusable) => {
                let code = unusable.code();
                return self.unusable(id, code, unusable).await;
            }
        };
        self.note.event_type = Some(event.event_type().name());
        if event.is_test() && !self.authentic.shop.forward_test_orders {
            return Ok(Reply::Ignored("test_order"));
        }
        if let Err(faults) = quiet::check(&event, &self.authentic.shop) {
            return self.unusable(id, "quiet_hours", Unusable::Faults(faults)).await;
        }
        self.queue(id, event).await
    }

    fn read(&self) -> Reading {
        let context = Context { authentic: &self.authentic, family: self.endpoint.family(), received_at: self.note.at };
        self.authentic.source().read(&self.webhook, &context)
    }

    /// Whether it comes from a shop that is none of those this URL is for.
    fn is_foreign(&self) -> bool {
        let Some(origins) = &self.authentic.shop.origins else { return false };
        match self.authentic.source().origin(&self.webhook) {
            Some(origin) => !origins.iter().any(|accepted| accepted.eq_ignore_ascii_case(origin)),
            // Our own format names no origin.
            None => self.authentic.secret().platform != Platform::Canonical,
        }
    }

    /// Whether the sender writes our own format and learns from the answer what is wrong with it.
    fn can_mend(&self) -> bool {
        self.authentic.secret().platform == Platform::Canonical && self.authentic.proof == Proof::Signature
    }

    /// All others than those who can mend it could only repeat it, or give up on us: it is parked.
    async fn unusable(&self, id: String, code: &'static str, unusable: Unusable) -> Result<Reply, Reply> {
        if !self.can_mend() {
            return self.reject(id, code, &unusable.to_string(), Body::Kept).await;
        }
        Err(Reply::Refused(match unusable {
            Unusable::NotJson { line, column } => Refusal::NotJson { line, column },
            Unusable::ContentType => Refusal::ContentType,
            Unusable::Faults(faults) => Refusal::Faults(faults),
        }))
    }

    async fn queue(&mut self, id: String, event: Event) -> Result<Reply, Reply> {
        let subject = self.subject(&event).await?;
        self.note.subject = Some(subject.clone());
        let plan = match &event {
            Event::PromotionScheduled(promotion) => {
                Some(Box::new(Plan::of(promotion, self.authentic.shop.time_zone.as_ref())))
            }
            _ => None,
        };
        let mut message = Message {
            id,
            shop: self.shop.clone(),
            platform: self.authentic.secret().platform,
            subject,
            time: event.revision_time(),
            received_at: self.note.at,
            sequence: None,
            traceparent: self.traceparent(),
            payload: Payload::Event(event),
        };
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

    /// What the event is about: never an address.
    async fn subject(&self, event: &Event) -> Result<String, Reply> {
        Ok(match event {
            Event::OrderPlaced(order) | Event::OrderUpdated(order) => order.id.clone(),
            Event::PromotionScheduled(promotion) => promotion.id.clone(),
            Event::PromotionCancelled(cancellation) => cancellation.id.clone(),
            Event::CustomerUpdated(customer) => {
                let key = found(self.ingest.secrets.installation().await)?;
                let key = key.ok_or(Reply::Unavailable("installation_key_missing"))?;
                key.customer_key(&customer.email)
            }
        })
    }

    /// The request's trace context, if it has a well-formed one (W3C Trace Context, version 00).
    pub(super) fn traceparent(&self) -> Option<String> {
        let text = self.webhook.header("traceparent")?;
        let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        (lengths == [2, 32, 16, 2] && text.split('-').all(is_hex)).then(|| text.to_owned())
    }
}

/// Takes the further fields off an order's items; tells whether there were any.
fn drop_item_details(message: &mut Message) -> bool {
    let Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) = &mut message.payload else {
        return false;
    };
    order.items.iter_mut().fold(false, |any, item| {
        let details = std::mem::take(&mut item.custom);
        any || !details.is_empty()
    })
}
