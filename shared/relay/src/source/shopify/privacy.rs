//! Shopify's privacy requests (<https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>).

use jiff::Timestamp;
use serde_json::Value;

use super::{Circumstances, id, topic::Request};
use crate::{
    event::{FaultCode, read},
    message::{Person, Whose},
    source::{
        Json, Outcome, Unusable,
        payload::{list, text},
    },
};

/// Maps any of the three. One that names nobody is for a person to look at.
///
/// All of them name the shop in their bodies, which nothing else does. The topic stands in a header that is not signed:
/// were the buyer enough, an order sent again under another topic would have them forgotten.
pub(super) fn map(payload: &Json<'_>, circumstances: &Circumstances, request: Request) -> Outcome {
    let requested_at = circumstances.revision(None);
    let person = |orders| person(payload, orders, requested_at).ok_or("customer");
    let outcome = text(payload, &["shop_domain"]).ok_or("shop_domain").and_then(|_| match request {
        Request::ForgetShop => Ok(Outcome::Erase(Whose::Shop { requested_at })),
        Request::Forget => person("orders_to_redact").map(|person| Outcome::Erase(Whose::Person(person))),
        Request::Data => person("orders_requested").map(Outcome::DataRequest),
    });
    // Whatever is wrong, a field of the document itself is.
    let read = read(&Value::Null, |place| {
        outcome.or_else(|field| place.fault_at(field, FaultCode::Missing, "is required").ok_or(())).ok()
    });
    read.unwrap_or_else(|faults| Outcome::Unusable(Unusable::Faults(faults)))
}

/// The person, if anything is said that they could be found by.
fn person(payload: &Json<'_>, orders: &str, requested_at: Timestamp) -> Option<Person> {
    let person = Person {
        email: text(payload, &["customer", "email"]).and_then(|email| email.parse().ok()),
        customer_id: payload.get("customer").and_then(|customer| id(customer, "id")),
        orders: list(payload, &[orders]).iter().filter_map(|order| text(order, &[])).collect(),
        requested_at,
    };
    (person.email.is_some() || person.customer_id.is_some() || !person.orders.is_empty()).then_some(person)
}
