//! Promotions that an operator hands in: read, checked and planned by the code that receives webhooks. Only a signature
//! is missing, for the operator needs none. Nothing is queued here; the caller sends the message.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{callback, digest::event_id, plan::Plan, quiet};
use crate::{
    event::{Cancellation, Event, EventType, Fault, FaultCode, Faults, Promotion},
    message::{Message, Payload},
    quiet::QuietHours,
    secret::{WebhookSecret, WebsaleSecret},
    shop::{Platform, ShopName},
    source::canonical,
};

#[cfg(test)]
mod tests;
mod trial;

pub use trial::NotTestable;

const SCHEDULED: EventType = EventType::PromotionScheduled;

/// Whose promotions, what the shop wishes, and when they are handed in.
pub struct ByHand<'a> {
    /// The shop.
    pub shop: &'a ShopName,
    /// Its choices about webhooks, if it has any: they name its time zone and its quiet hours.
    pub secret: Option<&'a WebhookSecret>,
    /// Its WEBSALE account: that names where the shop is told how its promotions went.
    pub account: &'a WebsaleSecret,
    /// Now.
    pub now: Timestamp,
}

/// A promotion that is ready to be queued.
#[derive(Debug)]
pub struct Scheduling {
    /// What to queue.
    pub message: Message,
    /// The promotion, with everything its channel defaults to.
    pub promotion: Promotion,
    /// What will happen, as the answer to a webhook has it.
    pub plan: Plan,
}

impl ByHand<'_> {
    /// A schedule: a whole `promotion.scheduled` event, or its `data` alone. `updated_at` is now, if it is left out.
    ///
    /// # Errors
    /// All faults at once, with pointers into the document.
    pub fn schedule(&self, document: Value) -> Result<Scheduling, Faults> {
        let (promotion, is_whole) = self.read(document)?;
        if let Some(wanted) = &promotion.callback_url {
            callback::check(wanted, Some(self.account)).map_err(|faults| pointed(faults, is_whole))?;
        }
        let Some(secret) = self.secret else { return Ok(self.ready(promotion, None)) };
        quiet::check(&promotion, secret).map_err(|faults| pointed(faults, is_whole))?;
        let quiet_hours = quiet::of(&promotion, secret);
        Ok(self.ready(promotion, quiet_hours))
    }

    /// A cancellation. It is at least as new as `known`, the revision that is to be called off: a marketing tool's clock
    /// may run ahead of ours.
    pub fn cancel(&self, id: &str, known: Option<Timestamp>) -> Message {
        let updated_at = known.map_or(self.now, |known| known.max(self.now));
        self.message(Event::PromotionCancelled(Cancellation { id: id.to_owned(), updated_at }))
    }

    /// The promotion in the document, and whether that is a whole event.
    fn read(&self, document: Value) -> Result<(Promotion, bool), Faults> {
        let is_whole = document.get("type").is_some() || document.get("data").is_some();
        let mut whole = if is_whole { document } else { json!({"type": SCHEDULED.name(), "data": document}) };
        if let Some(data) = whole.get_mut("data").and_then(Value::as_object_mut) {
            let updated_at = data.entry("updated_at").or_insert(Value::Null);
            if updated_at.is_null() {
                *updated_at = json!(self.now);
            }
        }
        match whole.get("type").and_then(Value::as_str).and_then(EventType::from_name) {
            Some(other) if other != SCHEDULED => return Err(other_type()),
            _ => (),
        }
        match canonical::event(&whole, self.now) {
            Ok(Event::PromotionScheduled(promotion)) => Ok((*promotion, is_whole)),
            Ok(_) => Err(other_type()),
            Err(faults) => Err(pointed(faults, is_whole)),
        }
    }

    fn ready(&self, promotion: Promotion, quiet_hours: Option<QuietHours>) -> Scheduling {
        let plan = Plan::of(&promotion, self.secret.and_then(|secret| secret.time_zone.as_ref()));
        let event = Event::PromotionScheduled(Box::new(promotion.clone()));
        Scheduling { message: Message { quiet_hours, ..self.message(event) }, promotion, plan }
    }

    fn message(&self, event: Event) -> Message {
        let subject = match &event {
            Event::PromotionScheduled(promotion) => promotion.id.clone(),
            Event::PromotionCancelled(cancellation) => cancellation.id.clone(),
            _ => String::new(),
        };
        let time = event.revision_time();
        let body = json!({"data": event, "received_at": self.now}).to_string();
        let id = event_id(self.shop, Platform::Canonical, Some(event.event_type().name()), None, body.as_bytes());
        Message {
            id,
            shop: self.shop.clone(),
            platform: Platform::Canonical,
            subject,
            time,
            received_at: self.now,
            sequence: None,
            traceparent: None,
            quiet_hours: None,
            silent_after_hours: None,
            payload: Payload::Event(event),
        }
    }
}

fn other_type() -> Faults {
    let detail = format!("must be {}", SCHEDULED.name());
    Faults(vec![Fault { pointer: "/type".into(), code: FaultCode::UnknownValue, detail }])
}

/// Faults of the data alone are where the writer of the file finds them.
fn pointed(mut faults: Faults, is_whole: bool) -> Faults {
    if !is_whole {
        for fault in &mut faults.0 {
            if let Some(inner) = fault.pointer.strip_prefix("/data") {
                fault.pointer = inner.to_owned();
            }
        }
    }
    faults
}
