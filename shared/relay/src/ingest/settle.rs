//! What is done with an authentic webhook: it is read and checked against the shop's wishes.

use serde_json::Value;

use super::{
    Endpoint, Ingest, Note,
    answer::{Refusal, Reply},
    digest, quiet,
    reject::Body,
};
use crate::{
    alarm::Alarm,
    event::{self, Event},
    message::{Payload, Whose},
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
    tracing::error!(alarm = %Alarm::QueueUnreachable, %error, "a webhook could not be stored");
    Reply::Unavailable("queue_unreachable")
}

/// Events come with ids that were checked when they were read. References and privacy requests do not, and theirs stand
/// in row keys and log lines just as well.
pub(crate) fn ids_checked(outcome: Outcome) -> Outcome {
    let ids: Vec<&String> = match &outcome {
        Outcome::References(references) => references.iter().map(|reference| &reference.id).collect(),
        Outcome::Erase(Whose::Person(person)) | Outcome::DataRequest(person) => person.customer_id.iter().collect(),
        _ => Vec::new(),
    };
    let faults =
        ids.into_iter().find_map(|id| event::read(&Value::from(id.as_str()), |place| place.id().map(drop)).err());
    faults.map_or(outcome, |faults| Outcome::Unusable(Unusable::Faults(faults)))
}

impl Settling<'_> {
    /// Reads, checks and queues. `Err` is an early answer.
    pub(super) async fn settle(mut self) -> Result<Reply, Reply> {
        let Reading { topic, delivery, origin, sequence, outcome } = self.read();
        let platform = self.authentic.secret().platform;
        let id = digest::event_id(&self.shop, platform, topic.as_deref(), delivery.as_deref(), self.webhook.body);
        self.note.topic = topic;
        self.note.event_id = Some(id.clone());
        if self.is_foreign(origin.as_deref(), &outcome) {
            let shop = self.shop.as_str();
            tracing::error!(alarm = %Alarm::WrongShop, shop, "a webhook of another shop came to this one's URL");
            return self.reject(id, "wrong_shop", "it comes from none of this shop's origins", Body::Dropped).await;
        }
        match ids_checked(outcome) {
            Outcome::Event(event) => self.event(id, sequence, event).await,
            Outcome::References(references) => self.references(&id, sequence, references).await,
            Outcome::Erase(whose) => self.privacy(id, Payload::Erase(whose)).await,
            Outcome::DataRequest(person) => self.privacy(id, Payload::DataRequest(person)).await,
            Outcome::Ignored(reason) => Ok(Reply::Ignored(reason)),
            Outcome::Unusable(unusable) => {
                let code = unusable.code();
                self.unusable(id, code, unusable).await
            }
        }
    }

    async fn event(&mut self, id: String, sequence: Option<u64>, event: Event) -> Result<Reply, Reply> {
        self.note.event_type = Some(event.event_type().name());
        if event.is_test() && !self.authentic.shop.forward_test_orders {
            return Ok(Reply::Ignored("test_order"));
        }
        if let Event::PromotionScheduled(promotion) = &event
            && let Err(faults) = quiet::check(promotion, &self.authentic.shop)
        {
            return self.unusable(id, "quiet_hours", Unusable::Faults(faults)).await;
        }
        if let Err(faults) = self.check_callback(&event).await? {
            return self.unusable(id, "callback_host", Unusable::Faults(faults)).await;
        }
        self.queue_event(id, sequence, event).await
    }

    fn read(&self) -> Reading {
        let context = Context { authentic: &self.authentic, family: self.endpoint.family(), received_at: self.note.at };
        self.authentic.source().read(&self.webhook, &context)
    }

    /// Whether it comes from a shop that is none of those this URL is for.
    fn is_foreign(&self, origin: Option<&str>, outcome: &Outcome) -> bool {
        let Some(origins) = &self.authentic.shop.origins else { return false };
        match origin {
            Some(origin) => !origins.iter().any(|accepted| accepted.eq_ignore_ascii_case(origin)),
            // Our own format names no origin, and what is no JSON at all cannot name one.
            None => {
                self.authentic.secret().platform != Platform::Canonical
                    && !matches!(outcome, Outcome::Unusable(Unusable::NotJson { .. }))
            }
        }
    }

    /// Whether the sender writes our own format and learns from the answer what is wrong with it.
    pub(super) fn can_mend(&self) -> bool {
        self.authentic.secret().platform == Platform::Canonical && self.authentic.proof == Proof::Signature
    }

    /// All others than those who can mend it could only repeat it, or give up on us: it is parked.
    async fn unusable(&self, id: String, code: &'static str, unusable: Unusable) -> Result<Reply, Reply> {
        let refusal = match unusable {
            Unusable::NotJson { line, column } if self.can_mend() => Refusal::NotJson { line, column },
            Unusable::ContentType if self.can_mend() => Refusal::ContentType,
            Unusable::Faults(faults) if self.can_mend() => Refusal::Faults(faults),
            unusable => return self.reject(id, code, &unusable.to_string(), Body::Kept).await,
        };
        Err(Reply::Refused(refusal))
    }

    /// The request's trace context, if it has a well-formed one (W3C Trace Context, version 00).
    pub(super) fn traceparent(&self) -> Option<String> {
        let text = self.webhook.header("traceparent")?;
        let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        (lengths == [2, 32, 16, 2] && text.split('-').all(is_hex)).then(|| text.to_owned())
    }
}
