//! Maps orders of BigCommerce's API, v2
//! (<https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders>).
//!
//! All amounts are in the currency that the buyer pays in, which is `default_currency_code`; `currency_code` is the one in
//! which prices were shown. Amounts in the store's own currency are not told, only a rate.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Skipped,
    value::{amount, sum, time},
};
use crate::{
    event::{Event, EventType, OrderStatus},
    source::{
        Json, Unusable,
        payload::{at, canonical, country, decimal, first, is_true, list, text},
    },
};

/// Why there is nothing to deliver of this order, if so.
pub(crate) fn reason_to_skip(order: &Value) -> Option<Skipped> {
    let order = &Json::from(order);
    if text(order, &["status_id"]).as_deref() == Some("0") {
        // The buyer has not come to the end of the checkout: it is no order yet, and may never become one.
        Some("incomplete")
    } else if text(order, &["billing_address", "email"]).is_none() {
        Some("no_email")
    } else {
        None
    }
}

/// An order with its products and coupons as an event. `began` is when it was asked for.
pub(crate) fn map_order(
    order: &Value,
    products: &[Value],
    coupons: &[Value],
    kind: EventType,
    began: Timestamp,
) -> Result<Event, Unusable> {
    let [products, coupons] = [products, coupons].map(|all| all.iter().map(Json::from).collect::<Vec<_>>());
    let data = data(&order.into(), &products, &coupons, began);
    canonical(&data, kind, began)
}

fn data(order: &Json<'_>, products: &[Json<'_>], coupons: &[Json<'_>], began: Timestamp) -> Value {
    let tax_included = at(order, &["is_tax_inclusive_pricing"]).and_then(Json::as_bool);
    json!({
        "id": text(order, &["id"]),
        "number": text(order, &["id"]),
        "placed_at": time(order, &["date_created"]),
        // Without one it is as new as the answer, and never newer.
        "updated_at": time(order, &["date_modified"]).unwrap_or(began).min(began),
        "status": status(order),
        "payment": text(order, &["payment_status"]),
        "fulfilment": fulfilment(order),
        "language": text(order, &["customer_locale"]),
        "sales_channel": text(order, &["order_source"]),
        "customer": buyer(order, began),
        "items": products.iter().map(|product| item(product, tax_included)).collect::<Vec<_>>(),
        "total": total(order, tax_included),
        "coupons": coupons.iter().filter_map(|coupon| text(coupon, &["code"])).collect::<Vec<_>>(),
        "custom": custom(order),
    })
}

/// What a status means to us. Shops may rename them, but not give them other ids
/// (<https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders/order-status/get-order-statuses>).
fn status(order: &Json<'_>) -> OrderStatus {
    match at(order, &["status_id"]).and_then(Json::as_u64) {
        // Partially shipped, awaiting pickup, shipment or fulfilment, disputed: it was paid.
        Some(3 | 8 | 9 | 11 | 13) => OrderStatus::Paid,
        // Shipped, completed.
        Some(2 | 10) => OrderStatus::Fulfilled,
        Some(14) => OrderStatus::PartiallyRefunded,
        Some(4) => OrderStatus::Refunded,
        // Cancelled, declined.
        Some(5 | 6) => OrderStatus::Cancelled,
        // Pending, awaiting payment, manual verification required.
        _ => OrderStatus::Placed,
    }
}

fn fulfilment(order: &Json<'_>) -> &'static str {
    let count = |field: &str| decimal(order, &[field]).unwrap_or_default();
    let (shipped, total) = (count("items_shipped"), count("items_total"));
    match at(order, &["status_id"]).and_then(Json::as_u64) {
        Some(2 | 10) => "shipped",
        Some(3) => "partially_shipped",
        _ if shipped.is_zero() => "none",
        _ if shipped < total => "partially_shipped",
        _ => "shipped",
    }
}

/// The buyer. The box on the checkout page tells of consent when it is ticked, at that time; when it is not ticked, the
/// person may have consented elsewhere.
fn buyer(order: &Json<'_>, began: Timestamp) -> Value {
    let billing = |field: &str| text(order, &["billing_address", field]);
    let consents = is_true(order, &["is_email_opt_in"]);
    let consent_at = time(order, &["date_created"]).filter(|_| consents).map(|at| at.min(began));
    json!({
        // Guests have the id 0.
        "id": text(order, &["customer_id"]).filter(|id| id != "0"),
        "email": billing("email"),
        "first_name": billing("first_name"),
        "last_name": billing("last_name"),
        "company": billing("company"),
        "phone": billing("phone"),
        "postcode": billing("zip"),
        "city": billing("city"),
        "country": country(billing("country_iso2")),
        "language": text(order, &["customer_locale"]),
        "marketing_consent": consents.then_some(true),
        "consent_at": consent_at,
    })
}

fn item(product: &Json<'_>, tax_included: Option<bool>) -> Value {
    let price =
        |with_tax, without_tax| amount(product, &[if tax_included == Some(false) { without_tax } else { with_tax }]);
    json!({
        "id": text(product, &["id"]),
        "name": first(product, &[&["name"], &["name_customer"], &["sku"]]).unwrap_or_else(|| "Unnamed item".into()),
        "sku": text(product, &["sku"]),
        "quantity": text(product, &["quantity"]),
        "unit_price": price("price_inc_tax", "price_ex_tax"),
        "total": price("total_inc_tax", "total_ex_tax"),
        "custom": details(product),
    })
}

/// The options that were chosen, then what else tells products apart.
fn details(product: &Json<'_>) -> Map<String, Value> {
    let option = |option: &Json<'_>| {
        let name = first(option, &[&["display_name"], &["name"]])?;
        Some((name, Value::String(first(option, &[&["display_value"], &["value"]])?)))
    };
    let mut details: Map<String, Value> = list(product, &["product_options"]).iter().filter_map(option).collect();
    for field in ["product_id", "variant_id", "brand"] {
        // What the shop's catalogue does not know has the id 0.
        if let Some(value) = text(product, &[field]).filter(|value| value != "0") {
            details.entry(field).or_insert(Value::String(value));
        }
    }
    details
}

fn total(order: &Json<'_>, tax_included: Option<bool>) -> Value {
    let shipping = if tax_included == Some(false) { "shipping_cost_ex_tax" } else { "shipping_cost_inc_tax" };
    json!({
        "amount": amount(order, &["total_inc_tax"]),
        "currency": first(order, &[&["default_currency_code"], &["currency_code"]]),
        "tax": amount(order, &["total_tax"]),
        "tax_included": tax_included,
        "shipping": amount(order, &[shipping]),
        // What coupons took off is not part of the other.
        "discount": sum(order, &["discount_amount", "coupon_discount"]),
        "refunded": amount(order, &["refunded_amount"]),
    })
}

/// The rest that is of use. Notes of the staff and messages of the buyer stay where they are.
fn custom(order: &Json<'_>) -> Map<String, Value> {
    let paid_in = text(order, &["default_currency_code"]);
    let other_currency = |field: &str| text(order, &[field]).filter(|code| Some(code) != paid_in.as_ref());
    let store_currency = other_currency("store_default_currency_code");
    let rate = text(order, &["store_default_to_transactional_exchange_rate"]).filter(|_| store_currency.is_some());
    let fields = [
        ("channel_id", text(order, &["channel_id"])),
        ("payment_method", text(order, &["payment_method"])),
        ("shown_currency", other_currency("currency_code")),
        ("store_currency", store_currency),
        ("store_currency_rate", rate),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?)))).collect()
}
