//! One entry of a backfill: read and mapped as its webhook would have been, under the shop's own choices.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::shape;
use crate::{
    event::{Event, Fault, FaultCode, Faults},
    ingest::{event_id, ids_checked},
    ledger::Consent,
    message::{Kind, Message, Payload, ReferenceKind, RowKey},
    secret::{InstallationKey, SourceSecret, WebhookSecret},
    shop::{Destination, Platform, ShopName},
    source::{Authentic, Outcome, Unusable},
};

/// What stands for the topic in the ids of these events, so that a webhook of the same bytes is another event.
const TOPIC: &str = "backfill";

/// Reads a shop's entries.
pub struct Entries {
    shop: ShopName,
    key: Arc<InstallationKey>,
    canonical: Authentic,
    platform: Option<Authentic>,
    tells_consent: bool,
}

/// What an entry is.
pub enum Entry {
    /// Something to be delivered.
    Deliverable(Box<Deliverable>),
    /// Nothing to be delivered, for this reason.
    Ignored(&'static str),
    /// It cannot be used.
    Faulty(Unusable),
    /// It is none of our own events, and nobody said which platform's object it is.
    Unclear,
}

/// An event that an entry holds, or the reference to one.
#[derive(Clone, Debug)]
pub struct Deliverable {
    /// As it is queued, if nothing of it was delivered.
    pub(super) message: Message,
    /// When the entry says that it became as it is.
    pub(super) dated: Option<Timestamp>,
    /// The row of what it is about, as far as the entry tells.
    pub(super) subject: Option<RowKey>,
    /// The row of the person's decision, where there is a person.
    pub(super) person: Option<RowKey>,
    /// The type is the sender's own, not ours.
    pub(super) is_typed: bool,
}

impl Entries {
    /// A reader for a shop's entries. What is none of our own events is an object of `platform`, or of the one platform
    /// that the shop has.
    pub fn new(shop: ShopName, secret: &WebhookSecret, key: Arc<InstallationKey>, platform: Option<Platform>) -> Self {
        let mut of_shop = secret.sources.iter().map(|source| source.platform).filter(|p| *p != Platform::Canonical);
        let only = of_shop.next().filter(|only| of_shop.all(|other| other == *only));
        let vouched = |platform| Authentic::by_operator(Arc::new(choices(secret, platform)));
        Self {
            shop,
            key,
            canonical: vouched(Platform::Canonical),
            platform: platform.or(only).map(vouched),
            tells_consent: true,
        }
    }

    /// The same, leaving out what people decided about marketing mail.
    #[must_use]
    pub fn without_consent(self) -> Self {
        Self { tells_consent: false, ..self }
    }

    /// Reads one entry; `now` is when it is received.
    pub fn read(&self, object: &Value, now: Timestamp) -> Entry {
        if !object.is_object() {
            return Entry::Faulty(fault("must be an object"));
        }
        let is_typed = object.get("type").is_some_and(Value::is_string) && object.get("data").is_some();
        let Some(authentic) = (if is_typed { Some(&self.canonical) } else { self.platform.as_ref() }) else {
            return Entry::Unclear;
        };
        let platform = authentic.secret().platform;
        let event = match ids_checked(shape::outcome(object, authentic, now)) {
            Outcome::Event(Event::PromotionScheduled(_) | Event::PromotionCancelled(_)) => {
                return Entry::Ignored("promotion");
            }
            Outcome::Event(event) if event.is_test() && !authentic.shop.forward_test_orders => {
                return Entry::Ignored("test_order");
            }
            Outcome::Event(Event::CustomerUpdated(customer)) if !self.tells_consent && customer.is_decision_only() => {
                return Entry::Ignored("consent");
            }
            Outcome::Event(event) => Payload::Event(if self.tells_consent { event } else { event.without_consent() }),
            Outcome::References(_) if !self.tells_consent => return Entry::Ignored("consent_unknown"),
            Outcome::References(references) => match <[_; 1]>::try_from(references) {
                Ok([reference]) => Payload::Referenced(reference),
                Err(_) => return Entry::Faulty(fault("names several objects: give each an entry of its own")),
            },
            Outcome::Erase(_) | Outcome::DataRequest(_) => return Entry::Ignored("privacy_request"),
            Outcome::Ignored(reason) => return Entry::Ignored(reason),
            Outcome::Unusable(unusable) => return Entry::Faulty(unusable),
        };
        let id = event_id(&self.shop, platform, Some(TOPIC), None, object.to_string().as_bytes());
        Entry::Deliverable(Box::new(self.deliverable(id, platform, event, object, now, is_typed)))
    }

    fn deliverable(
        &self,
        id: String,
        platform: Platform,
        payload: Payload,
        object: &Value,
        now: Timestamp,
        is_typed: bool,
    ) -> Deliverable {
        let person = match &payload {
            Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => Some(&order.customer),
            Payload::Event(Event::CustomerUpdated(customer)) => Some(&**customer),
            _ => None,
        };
        let person = person.map(|person| self.key.customer_key(&person.email));
        let (subject, time) = match &payload {
            Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => {
                (order.id.clone(), order.updated_at)
            }
            Payload::Event(event) => (person.clone().unwrap_or_default(), event.revision_time()),
            Payload::Referenced(reference) => (reference.id.clone(), None),
            _ => (String::new(), None),
        };
        let message = Message {
            id,
            shop: self.shop.clone(),
            platform,
            subject,
            time,
            received_at: now,
            sequence: None,
            traceparent: None,
            quiet_hours: None,
            silent_after_hours: None,
            payload,
        };
        let row = |kind, subject: String| RowKey {
            shop: Some(self.shop.clone()),
            destination: Destination::Websand,
            kind,
            subject,
        };
        let subject = match &message.payload {
            Payload::Referenced(reference) if reference.kind == ReferenceKind::Order => {
                Some(row(Kind::Order, reference.id.clone()))
            }
            Payload::Referenced(_) => None,
            _ => message.row_key(),
        };
        let dated = time.or_else(|| shape::dated(platform, object)).map(|time| time.min(now));
        Deliverable { dated, subject, person: person.map(|key| row(Kind::Consent, key)), is_typed, message }
    }
}

impl Deliverable {
    /// What the person decided, as far as the entry tells, and when.
    pub(super) fn decision(&self) -> Option<(Consent, Option<Timestamp>)> {
        match &self.message.payload {
            Payload::Event(Event::OrderPlaced(order)) if order.customer.marketing_consent == Some(true) => {
                Some((Consent::Granted, Some(order.customer.consent_at.unwrap_or(order.placed_at))))
            }
            Payload::Event(Event::CustomerUpdated(customer)) => {
                let consent = if customer.marketing_consent? { Consent::Granted } else { Consent::Withdrawn };
                Some((consent, customer.consent_at.or(self.dated)))
            }
            _ => None,
        }
    }

    /// How far an order has come: of two versions of the same time the further one is newer.
    pub(super) fn progress(&self) -> u8 {
        match &self.message.payload {
            Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => order.status.rank(),
            _ => 0,
        }
    }
}

/// The shop's choices about what is forwarded, with a source that needs no credential.
fn choices(secret: &WebhookSecret, platform: Platform) -> WebhookSecret {
    let source = SourceSecret {
        platform,
        signing_secrets: Vec::new(),
        header: None,
        content_types: Vec::new(),
        parameter: None,
        shopware_app: None,
    };
    WebhookSecret {
        sources: vec![source],
        forward: secret.forward.clone(),
        origins: None,
        forward_test_orders: secret.forward_test_orders,
        silent_after_hours: secret.silent_after_hours,
        time_zone: secret.time_zone.clone(),
        quiet_hours: secret.quiet_hours.clone(),
    }
}

fn fault(detail: &str) -> Unusable {
    Unusable::Faults(Faults(vec![Fault {
        pointer: String::new(),
        code: FaultCode::WrongType,
        detail: detail.to_owned(),
    }]))
}
