//! Maps Shopify's orders. All amounts are those in the shop's currency, which the plain fields hold; what the buyer saw
//! is in `presentment_money` and not used.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Circumstances, Ignored, customer::buyer, id, no_email};
use crate::{
    event::OrderStatus,
    source::{
        Json,
        payload::{add_up, at, decimal, first, is_true, labels, list, named, text, time},
    },
};

/// Any order topic's payload as the data of `order.placed` and `order.updated`.
pub(super) fn map(order: &Json<'_>, circumstances: &Circumstances, with_tests: bool) -> Result<Value, Ignored> {
    if (circumstances.test || is_true(order, &["test"])) && !with_tests {
        return Err("test_order");
    }
    let email = first(order, &[&["email"], &["contact_email"], &["customer", "email"]]);
    let Some(email) = email else {
        if !order.is_object() {
            // Not an order at all: the reader says so.
            return Ok(order.to_value());
        }
        let customer = at(order, &["customer"]).unwrap_or(&Json::Null);
        return Err(no_email(&[order, customer], &["email", "contact_email"]));
    };
    Ok(json!({
        "id": id(order, "id"),
        "number": first(order, &[&["name"], &["order_number"]]),
        "placed_at": first(order, &[&["created_at"], &["processed_at"]]),
        "updated_at": circumstances.revision(time(order, &["updated_at"])),
        "status": status(order),
        "payment": text(order, &["financial_status"]),
        "fulfilment": text(order, &["fulfillment_status"]).unwrap_or_else(|| "none".into()),
        "test": circumstances.test || is_true(order, &["test"]),
        "language": text(order, &["customer_locale"]),
        "sales_channel": text(order, &["source_name"]),
        "customer": buyer(order, &email, circumstances),
        "items": list(order, &["line_items"]).iter().map(item).collect::<Vec<_>>(),
        "total": total(order),
        "coupons": list(order, &["discount_codes"]).iter().filter_map(|code| text(code, &["code"])).collect::<Vec<_>>(),
        "tags": labels(order, &["tags"]),
        "custom": named(list(order, &["note_attributes"])),
    }))
}

/// The furthest an order has come. Shopify has no field for that.
fn status(order: &Json<'_>) -> OrderStatus {
    let payment = text(order, &["financial_status"]);
    let is_fulfilled = text(order, &["fulfillment_status"]).as_deref() == Some("fulfilled");
    match payment.as_deref() {
        _ if at(order, &["cancelled_at"]).is_some() => OrderStatus::Cancelled,
        Some("refunded") => OrderStatus::Refunded,
        Some("partially_refunded") => OrderStatus::PartiallyRefunded,
        _ if is_fulfilled => OrderStatus::Fulfilled,
        Some("paid") => OrderStatus::Paid,
        _ => OrderStatus::Placed,
    }
}

fn item(line: &Json<'_>) -> Value {
    let mut custom = named(list(line, &["properties"]));
    for field in ["product_id", "variant_id", "variant_title", "vendor"] {
        if let Some(value) = text(line, &[field]) {
            custom.entry(field).or_insert(Value::String(value));
        }
    }
    // `quantity` stays as it was ordered.
    if let Some(left) = decimal(line, &["current_quantity"]).filter(|left| Some(*left) != decimal(line, &["quantity"]))
    {
        custom.entry("current_quantity").or_insert_with(|| json!(left.to_string()));
    }
    json!({
        "id": id(line, "id"),
        "name": first(line, &[&["name"], &["title"], &["sku"]]).unwrap_or_else(|| "Unnamed item".into()),
        "sku": text(line, &["sku"]),
        "quantity": text(line, &["quantity"]),
        "unit_price": text(line, &["price"]),
        "total": line_total(line).map(|total| total.to_string()),
        "custom": custom,
    })
}

/// Price times quantity less what discounts took from this line.
fn line_total(line: &Json<'_>) -> Option<Decimal> {
    let whole = decimal(line, &["price"])?.checked_mul(decimal(line, &["quantity"])?)?;
    let allocations = list(line, &["discount_allocations"]);
    let discount = if allocations.is_empty() {
        decimal(line, &["total_discount"])
    } else {
        add_up(allocations.iter().map(|allocation| decimal(allocation, &["amount"])))
    };
    whole.checked_sub(discount.unwrap_or_default())
}

fn total(order: &Json<'_>) -> Map<String, Value> {
    let shipping = text(order, &["total_shipping_price_set", "shop_money", "amount"])
        .or_else(|| sum(list(order, &["shipping_lines"]), |line| decimal(line, &["price"])).map(|sum| sum.to_string()));
    let fields = [
        ("amount", json!(in_shop_money(order, "total_price"))),
        ("currency", json!(currency(order))),
        ("tax", json!(in_shop_money(order, "total_tax"))),
        ("tax_included", json!(at(order, &["taxes_included"]).and_then(Json::as_bool))),
        ("shipping", json!(shipping)),
        ("discount", json!(in_shop_money(order, "total_discounts"))),
        ("refunded", json!(refunded(order).map(|sum| sum.to_string()))),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// An amount of the order in the shop's currency.
fn in_shop_money(order: &Json<'_>, field: &str) -> Option<String> {
    first(order, &[&[field], &[&format!("{field}_set"), "shop_money", "amount"]])
}

fn currency(order: &Json<'_>) -> Option<String> {
    first(order, &[&["currency"], &["total_price_set", "shop_money", "currency_code"]])
}

/// What was paid back: the sum of the refunds' transactions, unknown if one of them is in another currency.
fn refunded(order: &Json<'_>) -> Option<Decimal> {
    let currency = currency(order);
    let transactions = at(order, &["refunds"])?.as_array()?.iter().flat_map(|refund| list(refund, &["transactions"]));
    // Nothing, with as many decimals as the currency has.
    let mut sum = Decimal::new(
        0,
        in_shop_money(order, "total_price")
            .and_then(|total| total.parse::<Decimal>().ok())
            .map_or(2, |total| total.scale()),
    );
    for transaction in transactions {
        let is_refund = text(transaction, &["kind"]).as_deref() == Some("refund");
        let succeeded = text(transaction, &["status"]).is_none_or(|status| status == "success");
        if is_refund && succeeded {
            let other = text(transaction, &["currency"]).is_some_and(|own| Some(own) != currency);
            sum = sum.checked_add(decimal(transaction, &["amount"]).filter(|_| !other)?)?;
        }
    }
    Some(sum)
}

/// The sum of a number in each of these, if there are any and all have it.
fn sum(values: &[Json<'_>], number: impl Fn(&Json<'_>) -> Option<Decimal>) -> Option<Decimal> {
    if values.is_empty() { None } else { add_up(values.iter().map(number)) }
}
