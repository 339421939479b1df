//! Maps customers and subscribers of BigCommerce's API, v3
//! (<https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/customers>,
//! <https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/subscribers>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NoEvent, value::time};
use crate::{
    event::{self, Event, EventType},
    source::{
        Unusable,
        payload::{at, country, first, list, text},
    },
};

/// The consent that is about marketing mail; the other one is about reminders of carts.
const NEWSLETTER: &str = "marketing_newsletter";

/// A customer as an event. It says nothing about consent: its only box is about reviews and abandoned carts.
pub(crate) fn map_customer(customer: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    let address = list(customer, &["addresses"]).first().unwrap_or(&Value::Null);
    let data = json!({
        "id": text(customer, &["id"]),
        "email": text(customer, &["email"]),
        "first_name": text(customer, &["first_name"]),
        "last_name": text(customer, &["last_name"]),
        "company": text(customer, &["company"]).or_else(|| text(address, &["company"])),
        "phone": text(customer, &["phone"]).or_else(|| text(address, &["phone"])),
        "postcode": text(address, &["postal_code"]),
        "city": text(address, &["city"]),
        "country": country(text(address, &["country_code"])),
        "updated_at": revision(customer, began),
    });
    event(&data, began)
}

/// A subscriber as an event.
pub(crate) fn map_subscriber(subscriber: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    let given = consent(subscriber);
    if given == Consent::NeverGiven {
        return Err(NoEvent::Skipped("never_subscribed"));
    }
    let given = match given {
        Consent::Given => Some(true),
        Consent::Withdrawn => Some(false),
        Consent::NeverGiven | Consent::Unknown => None,
    };
    let at = revision(subscriber, began);
    let data = json!({
        "email": text(subscriber, &["email"]),
        "first_name": text(subscriber, &["first_name"]),
        "last_name": text(subscriber, &["last_name"]),
        "marketing_consent": given,
        "consent_at": given.map(|_| at),
        "source": text(subscriber, &["source"]),
        "updated_at": at,
    });
    event(&data, began)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Consent {
    Given,
    Withdrawn,
    NeverGiven,
    Unknown,
}

/// What the list of consents says. One without the newsletter means that the person has unsubscribed or never subscribed;
/// the latter shows in that nothing was changed since the entry was made.
fn consent(subscriber: &Value) -> Consent {
    let Some(consents) = at(subscriber, &["consents"]).and_then(Value::as_array) else { return Consent::Unknown };
    let created = time(subscriber, &["date_created"]);
    if consents.iter().any(|consent| consent == NEWSLETTER) {
        Consent::Given
    } else if created.is_some() && created == time(subscriber, &["date_modified"]) {
        Consent::NeverGiven
    } else {
        Consent::Withdrawn
    }
}

/// When it became as it is, never later than it was asked for.
fn revision(object: &Value, began: Timestamp) -> Timestamp {
    time(object, &["date_modified"]).or_else(|| time(object, &["date_created"])).unwrap_or(began).min(began)
}

fn event(data: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    if first(data, &[&["email"]]).is_none() {
        return Err(NoEvent::Skipped("no_email"));
    }
    let kind = EventType::CustomerUpdated;
    event::read(data, |place| Event::read(place, kind, began)).map_err(|faults| Unusable::Faults(faults).into())
}
