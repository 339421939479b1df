//! Maps WooCommerce's customers, alone and inside orders. No payload says anything about consent: plugins that ask for it
//! each keep it in a place of their own.

use serde_json::{Map, Value, json};

use super::{Ignored, Times, first_plain, meta_data, plain};
use crate::source::{
    Json,
    payload::{at, country, first, text},
};

/// `customer.created` and `customer.updated` as the data of `customer.updated`.
pub(super) fn map(customer: &Json<'_>, times: &Times) -> Result<Value, Ignored> {
    let email = first(customer, &[&["email"], &["billing", "email"]]);
    let is_customer = ["email", "billing", "username"].iter().any(|name| customer.get(name).is_some());
    if email.is_none() && is_customer {
        return Err("no_email");
    }
    let mut data = person(customer, email);
    let mut custom = meta_data(customer);
    for field in ["is_paying_customer", "role"] {
        if let Some(value) = at(customer, &[field]).filter(|value| matches!(value, Json::Bool(_) | Json::String(_))) {
            custom.entry(field).or_insert_with(|| value.to_value());
        }
    }
    data.insert("id".into(), json!(id(customer, "id")));
    data.insert("updated_at".into(), json!(times.revision(customer)));
    data.insert("custom".into(), Value::Object(custom));
    Ok(Value::Object(data))
}

/// The buyer of an order. A guest has the customer id 0.
pub(super) fn buyer(order: &Json<'_>, email: Option<String>) -> Value {
    let mut data = person(order, email);
    data.insert("id".into(), json!(id(order, "customer_id")));
    Value::Object(data)
}

fn id(owner: &Json<'_>, field: &str) -> Option<String> {
    text(owner, &[field]).filter(|id| id != "0")
}

/// Names and address: the customer's own name where there is one, and the billing address unless only the shipping
/// address says where it is.
fn person(owner: &Json<'_>, email: Option<String>) -> Map<String, Value> {
    let name = |field: &str| first_plain(owner, &[&[field], &["billing", field], &["shipping", field]]);
    let has_place = |address: &&str| ["postcode", "city"].iter().any(|field| text(owner, &[address, field]).is_some());
    let address = ["billing", "shipping"].into_iter().find(has_place).unwrap_or("billing");
    let fields = [
        ("email", email),
        ("first_name", name("first_name")),
        ("last_name", name("last_name")),
        ("company", plain(owner, &["billing", "company"])),
        ("phone", text(owner, &["billing", "phone"])),
        ("postcode", text(owner, &[address, "postcode"])),
        ("city", plain(owner, &[address, "city"])),
        ("country", country(text(owner, &[address, "country"]))),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), json!(value))).collect()
}
