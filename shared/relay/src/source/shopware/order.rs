//! Maps Shopware's orders, in the currency that the buyer paid in.

use std::collections::HashSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    Circumstances, Ignored,
    amount::{amount, decimal},
    customer::{buyer, further, tags},
    state::States,
};
use crate::source::{
    Json,
    payload::{add_up, at, first, list, text, time},
};

/// Whether the shop loaded what an order consists of. Without a currency the amounts mean something only if they are in
/// the shop's own, whose factor is 1.
pub(super) fn is_complete(order: &Json<'_>) -> bool {
    let has_currency = text(order, &["currency", "isoCode"]).is_some();
    let is_own_currency = decimal(order, &["currencyFactor"]) == Some(Decimal::ONE);
    at(order, &["orderCustomer"]).is_some()
        && !list(order, &["lineItems"]).is_empty()
        && (has_currency || is_own_currency)
}

/// An order as the data of `order.placed` and `order.updated`.
pub(super) fn map(order: &Json<'_>, circumstances: &Circumstances<'_>) -> Result<Value, Ignored> {
    if !order.is_object() {
        // Not an order at all: the reader says so.
        return Ok(order.to_value());
    }
    let customer = buyer(order, circumstances);
    if is_complete(order) && customer["email"].is_null() {
        return Err("no_email");
    }
    let states = States::of(order, circumstances.event);
    let lines = list(order, &["lineItems"]);
    let ids: HashSet<String> = lines.iter().filter_map(|line| text(line, &["id"])).collect();
    let (discounts, goods): (Vec<&Json<'_>>, Vec<&Json<'_>>) =
        lines.iter().filter(|line| !is_part(line, &ids)).partition(|line| is_discount(line));
    // An order may have nothing but credits: then they are what it is about.
    let (discounts, goods) = if goods.is_empty() { (goods, discounts) } else { (discounts, goods) };
    Ok(json!({
        "id": text(order, &["id"]),
        "number": text(order, &["orderNumber"]),
        "placed_at": first(order, &[&["orderDateTime"], &["createdAt"]]),
        "updated_at": circumstances.latest(times(order)),
        "status": states.status(),
        "payment": states.payment,
        "fulfilment": states.fulfilment.unwrap_or_else(|| "none".into()),
        "language": circumstances.language(order),
        "sales_channel": first(order, &[
            &["salesChannel", "translated", "name"], &["salesChannel", "name"], &["salesChannelId"],
        ]),
        "customer": customer,
        "items": goods.into_iter().map(item).collect::<Vec<_>>(),
        "total": total(order, &discounts),
        "coupons": coupons(&discounts),
        "tags": tags(order),
        "custom": further(order),
    }))
}

/// All times at which something about the order changed. Payments and deliveries have their own, and a payment that
/// comes in does not touch the order's.
fn times(order: &Json<'_>) -> impl Iterator<Item = Option<jiff::Timestamp>> {
    let of = |object: &Json<'_>| [time(object, &["updatedAt"]), time(object, &["createdAt"])];
    let parts = ["transactions", "deliveries"].into_iter().flat_map(|name| list(order, &[name]));
    of(order).into_iter().chain([time(order, &["orderDateTime"])]).chain(parts.flat_map(of))
}

/// A part of another line (a bundle's), in whose price it is contained.
fn is_part(line: &Json<'_>, ids: &HashSet<String>) -> bool {
    text(line, &["parentId"]).is_some_and(|parent| ids.contains(&parent))
}

/// Promotions and credits are lines too, with a negative price.
fn is_discount(line: &Json<'_>) -> bool {
    match text(line, &["type"]).as_deref() {
        Some("promotion") => true,
        Some("discount" | "credit") => decimal(line, &["totalPrice"]).is_some_and(|price| price.is_sign_negative()),
        _ => false,
    }
}

fn item(line: &Json<'_>) -> Value {
    let options = list(line, &["payload", "options"])
        .iter()
        .filter_map(|option| Some(format!("{}: {}", text(option, &["group"])?, text(option, &["option"])?)));
    let options = options.collect::<Vec<_>>().join(", ");
    json!({
        "id": text(line, &["id"]),
        "name": first(line, &[&["label"], &["payload", "productNumber"]]).unwrap_or_else(|| "Unnamed item".into()),
        "sku": text(line, &["payload", "productNumber"]),
        "quantity": text(line, &["quantity"]),
        "unit_price": amount(line, &["unitPrice"]),
        "total": amount(line, &["totalPrice"]),
        "image_url": text(line, &["cover", "url"]),
        "custom": custom([("product_id", text(line, &["productId"])), ("options", Some(options))]),
    })
}

fn custom<const N: usize>(fields: [(&str, Option<String>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|text| !text.is_empty())?)));
    given.map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

fn total(order: &Json<'_>, discounts: &[&Json<'_>]) -> Value {
    let tax_status = first(order, &[&["taxStatus"], &["price", "taxStatus"]]);
    let discount = add_up(discounts.iter().map(|line| decimal(line, &["totalPrice"])));
    json!({
        // Never `price.rawTotal`: that is the sum before it is rounded to what is paid.
        "amount": amount(order, &["amountTotal"]).or_else(|| amount(order, &["price", "totalPrice"])),
        "currency": text(order, &["currency", "isoCode"]),
        "tax": tax(order, tax_status.as_deref()).map(|tax| tax.to_string()),
        "tax_included": tax_status.as_deref().and_then(|status| match status {
            "gross" => Some(true),
            "net" => Some(false),
            // There is no tax that could be included.
            _ => None,
        }),
        "shipping": amount(order, &["shippingTotal"]).or_else(|| amount(order, &["shippingCosts", "totalPrice"])),
        "discount": discount.map(|sum| sum.abs().to_string()),
    })
}

fn tax(order: &Json<'_>, status: Option<&str>) -> Option<Decimal> {
    let taxes = list(order, &["price", "calculatedTaxes"]);
    match status {
        Some("tax-free") => Some(Decimal::ZERO),
        _ if taxes.is_empty() => None,
        _ => add_up(taxes.iter().map(|tax| decimal(tax, &["tax"]))),
    }
}

/// The codes that buyers typed; promotions without one apply by themselves.
fn coupons(discounts: &[&Json<'_>]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for code in discounts.iter().filter_map(|line| text(line, &["payload", "code"])) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}
