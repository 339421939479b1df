//! Maps customers and subscribers of BigCommerce's API, v3
//! (<https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/customers>,
//! <https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/subscribers>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NoEvent, value::time};
use crate::{
    event::{Event, EventType},
    source::{
        Json,
        payload::{at, canonical, country, list, text},
    },
};

/// The consent that is about marketing mail; the other one is about reminders of carts.
const NEWSLETTER: &str = "marketing_newsletter";

/// A customer as an event. It says nothing about consent: its only box is about reviews and abandoned carts.
pub(crate) fn map_customer(customer: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    let customer = &Json::from(customer);
    let address = list(customer, &["addresses"]).first().unwrap_or(&Json::Null);
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

/// A subscriber as an event: the decision alone. Their name is with their orders and their account, and told here it
/// would make what those say look older than it is.
pub(crate) fn map_subscriber(subscriber: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    let subscriber = &Json::from(subscriber);
    let consents = at(subscriber, &["consents"]).and_then(Json::as_array).ok_or(NoEvent::Skipped("no_decision"))?;
    let created = time(subscriber, &["date_created"]);
    let is_unchanged = created.is_some() && created == time(subscriber, &["date_modified"]);
    let given = consents.iter().any(|consent| consent.as_str() == Some(NEWSLETTER));
    if !given && is_unchanged {
        // Whoever left has been there before. This is somebody who did not tick the box at the checkout.
        return Err(NoEvent::Skipped("never_subscribed"));
    }
    let data = json!({
        "email": text(subscriber, &["email"]),
        "marketing_consent": given,
        // A later change may be one of the name, so only the first entry is sure to be the person's own act.
        "consent_at": created.filter(|_| is_unchanged).map(|at| at.min(began)),
        "updated_at": revision(subscriber, began),
    });
    event(&data, began)
}

/// When it became as it is, never later than it was asked for.
fn revision(object: &Json<'_>, began: Timestamp) -> Timestamp {
    time(object, &["date_modified"]).or_else(|| time(object, &["date_created"])).unwrap_or(began).min(began)
}

fn event(data: &Value, began: Timestamp) -> Result<Event, NoEvent> {
    if data["email"].is_null() {
        return Err(NoEvent::Skipped("no_email"));
    }
    Ok(canonical(data, EventType::CustomerUpdated, began)?)
}
