//! BigCommerce: webhooks that only name what they are about. They are signed as Standard Webhooks say, except that the key
//! is the text of the client secret itself, or carry a header that was chosen when the webhook was created
//! (<https://docs.bigcommerce.com/developer/docs/integrations/webhooks/https-webhook-overview>).
//!
//! The body's `hash` is a digest without a key: it proves nothing and is not looked at.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Context, Json, Outcome, Proof, Reading, Source, Unusable, Verdict, Webhook, payload::text, secret_header,
    standard_webhooks,
};
use crate::standard_webhooks::ID;
use crate::{
    alarm::Alarm,
    event::{self, EventType, FaultCode, Reader},
    message::{Reference, ReferenceKind},
    secret::SourceSecret,
    shop::Platform,
    text::word,
};

mod customer;
mod order;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use customer::{map_customer, map_subscriber};
pub(crate) use order::{map_order, reason_to_skip};

/// When an object was changed last, or a webhook made.
pub(crate) fn modified_at(object: &Value) -> Option<Timestamp> {
    let made_at = || Timestamp::from_second(object.get("created_at")?.as_i64()?).ok();
    value::time(&object.into(), &["date_modified"]).or_else(made_at)
}

/// Why there is nothing to deliver although the object is sound.
pub(crate) type Skipped = &'static str;

/// Why an object is no event.
pub(crate) enum NoEvent {
    /// There is nothing to deliver.
    Skipped(Skipped),
    /// It is not what it should be.
    Unusable(Unusable),
}

impl From<Unusable> for NoEvent {
    fn from(unusable: Unusable) -> Self {
        Self::Unusable(unusable)
    }
}

pub(super) struct Bigcommerce;

impl Source for Bigcommerce {
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, now: Timestamp) -> Verdict {
        // The client secret's text is the key, although it looks like something to be decoded.
        let key = |secret: &str| Some(secret.as_bytes().to_vec());
        let verdict = standard_webhooks::verify(webhook, &secret.signing_secrets, now, key);
        if verdict.proof.is_some() || !secret_header::is_right(webhook, secret) {
            return verdict;
        }
        Verdict { proof: Some(Proof::Header), ..verdict }
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let delivery = webhook.header(ID).filter(|id| !id.is_empty()).map(str::to_owned);
        let unread = |delivery, unusable| {
            let outcome = Outcome::Unusable(unusable);
            Reading { topic: None, delivery, origin: None, sequence: None, outcome }
        };
        let document: Value = match serde_json::from_slice(webhook.body) {
            Ok(document) => document,
            Err(fault) => return unread(delivery, fault.into()),
        };
        let tree = Json::from(&document);
        let scope = match event::read(&document, |place| place.required("scope", Reader::text).map(str::to_owned)) {
            Ok(scope) => scope,
            Err(faults) => return unread(delivery, Unusable::Faults(faults)),
        };
        let producer = text(&tree, &["producer"]);
        let outcome = match Subject::of(&scope, &tree) {
            Subject::Referenced { kind, event, id } => match context.unwanted(event) {
                Some(reason) => Outcome::Ignored(reason),
                None => reference(&document, kind, event, id),
            },
            Subject::Ignored(reason) => Outcome::Ignored(reason),
        };
        if matches!(outcome, Outcome::Ignored(DELIVERY_EXCEPTION)) {
            let code = text(&tree, &["data", "error_code"]);
            tracing::error!(
                alarm = %Alarm::DeliveryException,
                producer = producer.as_deref().map(word),
                code = code.as_deref().map(word),
                "BigCommerce says that webhooks did not arrive"
            );
        }
        let origin = producer.as_deref().and_then(|producer| producer.strip_prefix("stores/")).map(str::to_owned);
        Reading { topic: Some(scope), delivery, origin, sequence: None, outcome }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        &[ID]
    }
}

/// BigCommerce could not deliver webhooks to their URL, tells so to another one, and may switch them off.
const DELIVERY_EXCEPTION: &str = "delivery_exception";

/// Where the id of the object stands in a webhook's body.
type IdAt = &'static [&'static str];

/// What a webhook is about.
enum Subject {
    Referenced { kind: ReferenceKind, event: EventType, id: IdAt },
    Ignored(&'static str),
}

impl Subject {
    /// The scopes are those of <https://docs.bigcommerce.com/developer/docs/integrations/webhooks/events>. Those of one
    /// channel say the same as those of the whole store.
    fn of(scope: &str, document: &Json<'_>) -> Self {
        let scope = scope.strip_prefix("store/").unwrap_or(scope);
        let of_channel = scope.strip_prefix("channel/").and_then(|rest| rest.split_once('/'));
        let name = of_channel.map_or(scope, |(_, name)| name);
        let order = |event| {
            let has_order_id = of_channel.is_some() || name.starts_with("order/transaction/");
            let id: IdAt = if has_order_id { &["data", "order_id"] } else { &["data", "id"] };
            Self::Referenced { kind: ReferenceKind::Order, event, id }
        };
        let person = |kind, id| Self::Referenced { kind, event: EventType::CustomerUpdated, id };
        match name {
            "order/created" => order(EventType::OrderPlaced),
            // Until now it was incomplete: it becomes an order with this.
            "order/statusUpdated" if was_incomplete(document) => order(EventType::OrderPlaced),
            "order/updated"
            | "order/statusUpdated"
            | "order/refund/created"
            | "order/transaction/created"
            | "order/transaction/updated" => order(EventType::OrderUpdated),
            "order/archived" => Self::Ignored("archived"),
            "customer/created" | "customer/updated" => person(ReferenceKind::Customer, &["data", "id"]),
            "customer/address/created" | "customer/address/updated" | "customer/address/deleted" => {
                person(ReferenceKind::Customer, &["data", "address", "customer_id"])
            }
            "subscriber/created" | "subscriber/updated" => person(ReferenceKind::Consent, &["data", "id"]),
            // Only the id is told, and nothing can be asked about it any more.
            "customer/deleted" | "subscriber/deleted" => Self::Ignored("deleted"),
            "hook/deliveryException" => Self::Ignored(DELIVERY_EXCEPTION),
            _ => Self::Ignored("unknown_topic"),
        }
    }
}

fn was_incomplete(document: &Json<'_>) -> bool {
    text(document, &["data", "status", "previous_status_id"]).as_deref() == Some("0")
}

fn reference(document: &Value, kind: ReferenceKind, event: EventType, at: IdAt) -> Outcome {
    match event::read(document, |place| id(place, at)) {
        Ok(id) => Outcome::References(vec![Reference { platform: Platform::Bigcommerce, kind, id, event }]),
        Err(faults) => Outcome::Unusable(Unusable::Faults(faults)),
    }
}

/// A whole number, written as a number or, in transactions, as a string.
fn id(place: &Reader<'_>, at: &[&str]) -> Option<String> {
    if let [field, rest @ ..] = at {
        return place.required(field, |place| id(place, rest));
    }
    let number = match place.value() {
        Value::String(text) => text.parse::<u64>().ok(),
        value => value.as_u64(),
    };
    number
        .filter(|number| *number > 0)
        .map(|number| number.to_string())
        .or_else(|| place.fault(FaultCode::Invalid, "must be a whole number above 0"))
}
