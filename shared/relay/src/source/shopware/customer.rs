//! Maps Shopware's customers, alone and inside orders.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Circumstances, Ignored};
use crate::source::{
    Json,
    payload::{at, country, first, list, text, time},
};

/// A customer as the data of `customer.updated`. It says nothing about consent: that is told by the newsletter's events.
pub(super) fn map(customer: &Json<'_>, circumstances: &Circumstances<'_>) -> Result<Value, Ignored> {
    if customer.is_object() && text(customer, &["email"]).is_none() {
        return Err("no_email");
    }
    let addresses = ["defaultBillingAddress", "activeBillingAddress", "defaultShippingAddress"];
    let address = addresses.into_iter().find_map(|name| at(customer, &[name])).unwrap_or(&Json::Null);
    let mut data = person(customer, customer, address);
    data.insert("language".into(), json!(circumstances.language(customer)));
    data.insert("custom".into(), Value::Object(further(customer)));
    let changed = [time(customer, &["updatedAt"]), time(customer, &["createdAt"])];
    data.insert("updated_at".into(), json!(circumstances.latest(changed)));
    Ok(Value::Object(data))
}

/// The buyer of an order: as the order itself names them, since that stays when the account is changed or deleted.
pub(super) fn buyer(order: &Json<'_>, circumstances: &Circumstances<'_>) -> Value {
    let named = at(order, &["orderCustomer"]).unwrap_or(&Json::Null);
    let account = at(named, &["customer"]).unwrap_or(&Json::Null);
    let mut data = person(named, account, billing_address(order));
    data.insert("id".into(), json!(text(named, &["customerId"]).or_else(|| text(account, &["id"]))));
    let language = circumstances.language(order).or_else(|| circumstances.language(account));
    data.insert("language".into(), json!(language));
    Value::Object(data)
}

/// What customers alone and in orders have in common. `named` has the name and address, `account` the rest.
fn person(named: &Json<'_>, account: &Json<'_>, address: &Json<'_>) -> Map<String, Value> {
    let fallback = |field: &str| text(address, &[field]);
    let vat_id = |of: &Json<'_>| list(of, &["vatIds"]).iter().find_map(|id| id.as_str().map(str::to_owned));
    let fields = [
        ("id", json!(text(account, &["id"]))),
        ("email", json!(first(named, &[&["email"], &["customer", "email"]]))),
        ("first_name", json!(text(named, &["firstName"]).or_else(|| fallback("firstName")))),
        ("last_name", json!(text(named, &["lastName"]).or_else(|| fallback("lastName")))),
        ("company", json!(text(named, &["company"]).or_else(|| fallback("company")))),
        ("vat_id", json!(vat_id(named).or_else(|| vat_id(account)).or_else(|| fallback("vatId")))),
        ("phone", json!(fallback("phoneNumber"))),
        ("postcode", json!(fallback("zipcode"))),
        ("city", json!(fallback("city"))),
        ("country", json!(country(text(address, &["country", "iso"])))),
        ("birthday", json!(birthday(account))),
        ("tags", json!(tags(account))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The order's billing address: loaded under its own name, or among all of its addresses.
fn billing_address<'v>(order: &'v Json<'v>) -> &'v Json<'v> {
    let among_all = || {
        let id = text(order, &["billingAddressId"])?;
        list(order, &["addresses"]).iter().find(|address| text(address, &["id"]).as_ref() == Some(&id))
    };
    at(order, &["billingAddress"]).or_else(among_all).unwrap_or(&Json::Null)
}

/// A day; in JSON it has a time of day and an offset that mean nothing.
fn birthday(account: &Json<'_>) -> Option<Date> {
    text(account, &["birthday"])?.get(..10)?.parse().ok()
}

/// The names of an object's tags.
pub(super) fn tags(of: &Json<'_>) -> Vec<String> {
    list(of, &["tags"]).iter().filter_map(|tag| text(tag, &["name"])).collect()
}

/// The object's own fields, and how its owner came to the shop. PHP writes an empty object as `[]`.
pub(super) fn further(of: &Json<'_>) -> Map<String, Value> {
    let mut further = match at(of, &["customFields"]).map(Json::to_value) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    for (field, name) in
        [("customerNumber", "customer_number"), ("affiliateCode", "affiliate_code"), ("campaignCode", "campaign_code")]
    {
        if let Some(value) = text(of, &[field]) {
            further.entry(name).or_insert(Value::String(value));
        }
    }
    further
}
