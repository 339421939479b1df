//! Maps Shopify's customers, alone and inside orders.

use serde_json::{Map, Value, json};

use super::{Circumstances, Ignored, consent::Consent, id, no_email};
use crate::source::{
    Json,
    payload::{country, first, labels, text, time},
};

/// `customers/create` and `customers/update` as the data of `customer.updated`.
pub(super) fn map(payload: &Json<'_>, circumstances: &Circumstances) -> Result<Value, Ignored> {
    let email = text(payload, &["email"]);
    if email.is_none() && payload.is_object() {
        return Err(no_email(&[payload], &["email"]));
    }
    let updated_at = circumstances.revision(time(payload, &["updated_at"]));
    let consent = Consent::of_customer(payload);
    Ok(json!({
        "id": id(payload, "id"),
        "email": email,
        "first_name": first(payload, &[&["first_name"], &["default_address", "first_name"]]),
        "last_name": first(payload, &[&["last_name"], &["default_address", "last_name"]]),
        "company": text(payload, &["default_address", "company"]),
        "phone": first(payload, &[&["phone"], &["default_address", "phone"]]),
        "postcode": text(payload, &["default_address", "zip"]),
        "city": text(payload, &["default_address", "city"]),
        "country": country(text(payload, &["default_address", "country_code"])),
        "language": text(payload, &["locale"]),
        "tags": labels(payload, &["tags"]),
        "marketing_consent": consent.given,
        "double_opt_in": consent.confirmed,
        "consent_at": consent.at.map(|at| at.min(circumstances.received_at)),
        "updated_at": updated_at,
    }))
}

/// The buyer of an order. Names come from the customer, else from the billing address.
pub(super) fn buyer(order: &Json<'_>, email: &str, circumstances: &Circumstances) -> Value {
    let address = |field: &str| {
        first(
            order,
            &[&["billing_address", field], &["customer", "default_address", field], &["shipping_address", field]],
        )
    };
    let consent = Consent::of_order(order);
    let mut buyer = Map::new();
    let mut put = |field: &str, value: Value| buyer.insert(field.to_owned(), value);
    put("id", json!(order.get("customer").and_then(|customer| id(customer, "id"))));
    put("email", json!(email));
    put("first_name", json!(text(order, &["customer", "first_name"]).or_else(|| address("first_name"))));
    put("last_name", json!(text(order, &["customer", "last_name"]).or_else(|| address("last_name"))));
    put("company", json!(address("company")));
    put("phone", json!(first(order, &[&["phone"], &["customer", "phone"]]).or_else(|| address("phone"))));
    put("postcode", json!(address("zip")));
    put("city", json!(address("city")));
    put("country", json!(country(address("country_code"))));
    put("language", json!(text(order, &["customer_locale"])));
    put("tags", json!(labels(order, &["customer", "tags"])));
    put("marketing_consent", json!(consent.given));
    put("double_opt_in", json!(consent.confirmed));
    put("consent_at", json!(consent.at.map(|at| at.min(circumstances.received_at))));
    Value::Object(buyer)
}
