//! Maps Shopify's customers, alone and inside orders.

use serde_json::{Map, Value, json};

use super::{Circumstances, Ignored, no_email};
use crate::source::payload::{country, first, is_true, labels, text, time};

/// `customers/create` and `customers/update` as the data of `customer.updated`.
pub(super) fn map(payload: &Value, circumstances: &Circumstances) -> Result<Value, Ignored> {
    let email = text(payload, &["email"]);
    if email.is_none() && payload.is_object() {
        return Err(no_email(&[payload], &["email"]));
    }
    let updated_at = circumstances.revision(time(payload, &["updated_at"]));
    let consent = Consent::of_customer(payload);
    Ok(json!({
        "id": text(payload, &["id"]),
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
pub(super) fn buyer(order: &Value, email: &str, circumstances: &Circumstances) -> Value {
    let address = |field: &str| {
        first(
            order,
            &[&["billing_address", field], &["customer", "default_address", field], &["shipping_address", field]],
        )
    };
    let consent = Consent::of_order(order);
    let mut buyer = Map::new();
    let mut put = |field: &str, value: Value| buyer.insert(field.to_owned(), value);
    put("id", json!(text(order, &["customer", "id"])));
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

/// What a payload says about consent to e-mail marketing: given, withdrawn, or nothing.
#[derive(Default)]
struct Consent {
    given: Option<bool>,
    confirmed: bool,
    at: Option<jiff::Timestamp>,
}

impl Consent {
    /// A state that is neither `subscribed` nor `unsubscribed` (`not_subscribed`, `pending`, `redacted`, `invalid`) is no
    /// decision of the customer's. Payloads since API version 2025-01 have none at all.
    fn of_customer(customer: &Value) -> Self {
        const STATE: &str = "email_marketing_consent";
        match text(customer, &[STATE, "state"]).as_deref() {
            Some(state @ ("subscribed" | "unsubscribed")) => {
                let given = state == "subscribed";
                let confirmed = text(customer, &[STATE, "opt_in_level"]).as_deref() == Some("confirmed_opt_in");
                let at = time(customer, &[STATE, "consent_updated_at"]);
                Self { given: Some(given), confirmed: given && confirmed, at }
            }
            Some(_) => Self::default(),
            None => Self::of_legacy(customer, "accepts_marketing"),
        }
    }

    /// Before there were states, `false` was both "never asked" and "withdrawn": it says nothing.
    fn of_legacy(value: &Value, flag: &str) -> Self {
        let given = is_true(value, &[flag]);
        let confirmed = text(value, &["marketing_opt_in_level"]).as_deref() == Some("confirmed_opt_in");
        Self {
            given: given.then_some(true),
            confirmed: given && confirmed,
            at: time(value, &["accepts_marketing_updated_at"]).filter(|_| given),
        }
    }

    /// An order can only say that consent was given, and the customer's own state has the last word on it.
    fn of_order(order: &Value) -> Self {
        let customer = order.get("customer").unwrap_or(&Value::Null);
        if text(customer, &["email_marketing_consent", "state"]).is_some() {
            let consent = Self::of_customer(customer);
            return if consent.given == Some(true) { consent } else { Self::default() };
        }
        let accepts = is_true(order, &["buyer_accepts_marketing"]);
        Self { given: accepts.then_some(true), ..Self::of_legacy(customer, "accepts_marketing") }.when(accepts)
    }

    fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::default() }
    }
}
