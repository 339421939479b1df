//! What is to become of a message, by its text: pure.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use serde::Deserialize;

use super::{
    mention::mentions,
    target::{Target, Who},
};
use crate::{
    event::{Audience, Cancellation, Customer, Event, Promotion},
    message::{Message, Payload, Person, ReferenceKind, Rejected, Whose},
    queue::Place,
};

/// The most bytes a rejected webhook's body is unpacked to: twice what is accepted over HTTP.
const MAX_BODY: u64 = 8 * 1024 * 1024;

/// What a message has to do with whom is to be forgotten.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Judged {
    /// Nothing.
    Unconcerned,
    /// It is about them.
    Message,
    /// It is a rejected webhook that holds the address.
    Rejected,
    /// It is a rejected webhook that cannot be looked into.
    Unreadable,
    /// Its audience names the person: the message without the address.
    Audience(String),
    /// Its audience names nobody but the person: the promotion called off instead.
    Nobody(String),
}

/// Judges one message.
pub(super) fn judge(text: &str, place: Place, target: &Target<'_>) -> Judged {
    let Ok(message) = Message::from_json(text) else { return unreadable(text, target) };
    if message.shop != *target.shop {
        return Judged::Unconcerned;
    }
    match &target.who {
        Who::Shop => about_shop(&message, place, target),
        Who::Person { person, .. } => about_person(message, place, target, person),
    }
}

fn about_shop(message: &Message, place: Place, target: &Target<'_>) -> Judged {
    let is_later = message.received_at > target.until;
    // The request that is being worked on is among the waiting messages.
    let is_request = matches!(message.payload, Payload::Erase(_)) && place == Place::Waiting;
    if is_later || is_request {
        return Judged::Unconcerned;
    }
    if matches!(message.payload, Payload::Rejected(_)) { Judged::Rejected } else { Judged::Message }
}

fn about_person(message: Message, place: Place, target: &Target<'_>, person: &Person) -> Judged {
    let concerned = match &message.payload {
        Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => {
            person.orders.contains(&order.id)
                || (is_of(&order.customer, person) && order.placed_at.min(message.received_at) <= target.until)
        }
        Payload::Event(Event::CustomerUpdated(customer)) => is_of(customer, person) && target.covers(&message),
        Payload::Event(Event::PromotionScheduled(_)) => return in_audience(message, target, person),
        Payload::Referenced(reference) => {
            let is_named = match reference.kind {
                ReferenceKind::Order => person.orders.contains(&reference.id),
                ReferenceKind::Customer | ReferenceKind::Consent => person.customer_id.as_ref() == Some(&reference.id),
            };
            is_named && target.covers(&message)
        }
        // Waiting requests are worked on, this one among them. One that was given up is done with this.
        Payload::Erase(Whose::Person(other)) | Payload::DataRequest(other) => {
            place == Place::Dead && is_same(other, person) && target.covers(&message)
        }
        Payload::Rejected(rejected) => return in_rejected(rejected, target),
        Payload::Event(Event::PromotionCancelled(_))
        | Payload::Erase(Whose::Shop { .. })
        | Payload::PromotionDue { .. } => false,
    };
    if concerned { Judged::Message } else { Judged::Unconcerned }
}

fn is_of(customer: &Customer, person: &Person) -> bool {
    person.email.as_ref() == Some(&customer.email)
        || (person.customer_id.is_some() && person.customer_id == customer.id)
}

fn is_same(other: &Person, person: &Person) -> bool {
    (person.email.is_some() && person.email == other.email)
        || (person.customer_id.is_some() && person.customer_id == other.customer_id)
}

fn in_audience(message: Message, target: &Target<'_>, person: &Person) -> Judged {
    let is_covered = target.covers(&message);
    let (Payload::Event(Event::PromotionScheduled(promotion)), Some(email)) = (&message.payload, &person.email) else {
        return Judged::Unconcerned;
    };
    let names = |promotion: &Promotion| match &promotion.audience {
        Some(Audience::Filtered(audience)) => audience.emails.as_ref().is_some_and(|emails| emails.contains(email)),
        _ => false,
    };
    if !is_covered || !names(promotion) {
        return Judged::Unconcerned;
    }
    if let Some(rest) = without(promotion, |candidate| candidate == email) {
        let payload = Payload::Event(Event::PromotionScheduled(Box::new(rest)));
        return Judged::Audience(Message { payload, ..message }.to_json());
    }
    let cancellation = Cancellation { id: promotion.id.clone(), updated_at: promotion.updated_at };
    let payload = Payload::Event(Event::PromotionCancelled(cancellation));
    Judged::Nobody(Message { payload, ..message }.to_json())
}

/// The promotion without some of the addresses of its audience; nothing if none is left. A filter without addresses
/// would reach everybody who passes the others.
pub(crate) fn without(promotion: &Promotion, is_erased: impl Fn(&crate::event::Email) -> bool) -> Option<Promotion> {
    let mut promotion = promotion.clone();
    if let Some(Audience::Filtered(audience)) = &mut promotion.audience
        && let Some(emails) = &mut audience.emails
    {
        emails.retain(|email| !is_erased(email));
        if emails.is_empty() {
            return None;
        }
    }
    Some(promotion)
}

fn in_rejected(rejected: &Rejected, target: &Target<'_>) -> Judged {
    let Who::Person { person: Person { email: Some(email), .. }, .. } = &target.who else { return Judged::Unconcerned };
    let mut texts = rejected.headers.values().chain([&rejected.detail]);
    if texts.any(|text| mentions(text, email.as_str())) {
        return Judged::Rejected;
    }
    match rejected.data_base64.as_deref().map(unpack) {
        Some(None) => Judged::Unreadable,
        Some(Some(body)) if mentions(&body, email.as_str()) => Judged::Rejected,
        _ => Judged::Unconcerned,
    }
}

fn unpack(data: &str) -> Option<String> {
    let packed = STANDARD.decode(data).ok()?;
    let mut body = Vec::new();
    let unpacked = GzDecoder::new(packed.as_slice()).take(MAX_BODY + 1).read_to_end(&mut body).ok()?;
    let is_whole = u64::try_from(unpacked).is_ok_and(|bytes| bytes <= MAX_BODY);
    is_whole.then(|| String::from_utf8_lossy(&body).into_owned())
}

/// What this version cannot read is of no use but for what it holds.
fn unreadable(text: &str, target: &Target<'_>) -> Judged {
    #[derive(Deserialize)]
    struct Envelope {
        source: String,
    }
    let source = serde_json::from_str::<Envelope>(text).map(|envelope| envelope.source).unwrap_or_default();
    let is_of_shop = source.strip_prefix("/shops/").and_then(|rest| rest.strip_prefix(target.shop.as_str()));
    if !is_of_shop.is_some_and(|rest| rest.starts_with('/')) {
        return Judged::Unconcerned;
    }
    let concerned = match &target.who {
        Who::Shop => true,
        Who::Person { person, .. } => person.email.as_ref().is_some_and(|email| mentions(text, email.as_str())),
    };
    if concerned { Judged::Message } else { Judged::Unconcerned }
}
