//! Maps the lines of an order.

use serde_json::{Value, json};

use super::{
    amount::{Tax, number, share, written},
    first_plain, meta_data,
};
use crate::source::{
    Json,
    payload::{list, text},
};

/// A line of `line_items`. Its `price` is what one piece costs after discounts, without tax and unrounded; the price of
/// one is taken from the line's amount before discounts instead, which is decimal.
pub(super) fn product(line: &Json<'_>, tax: Tax) -> Value {
    let mut custom = meta_data(line);
    for field in ["product_id", "variation_id"] {
        // 0 is none.
        if let Some(id) = text(line, &[field]).filter(|id| id != "0") {
            custom.entry(field).or_insert(Value::String(id));
        }
    }
    json!({
        "id": text(line, &["id"]),
        "name": first_plain(line, &[&["name"], &["parent_name"], &["sku"]]).unwrap_or_else(|| "Unnamed item".into()),
        "sku": text(line, &["sku"]),
        "quantity": written(line, &["quantity"]),
        "unit_price": unit_price(line, tax),
        "total": tax.written(line, "total", "total_tax"),
        "image_url": text(line, &["image", "src"]),
        "custom": custom,
    })
}

fn unit_price(line: &Json<'_>, tax: Tax) -> Value {
    let whole = tax.amount(line, "subtotal", "subtotal_tax").or_else(|| tax.amount(line, "total", "total_tax"));
    let quantity = number(line, &["quantity"]);
    let derived = whole.zip(quantity).and_then(|(whole, quantity)| share(whole, quantity));
    derived.map_or_else(|| written(line, &["price"]), |price| json!(price.to_string()))
}

/// A line of `fee_lines`, where an order has nothing else: what was bought is then called a fee.
pub(super) fn fee(line: &Json<'_>, tax: Tax) -> Value {
    let total = tax.written(line, "total", "total_tax");
    json!({
        "id": text(line, &["id"]),
        "name": first_plain(line, &[&["name"]]).unwrap_or_else(|| "Fee".into()),
        "quantity": 1.to_string(),
        "unit_price": total,
        "total": total,
        "custom": meta_data(line),
    })
}

/// Whether all lines say how much tax is on them.
pub(super) fn have_tax(order: &Json<'_>) -> bool {
    let has_tax = |line: &Json<'_>| ["subtotal_tax", "total_tax"].iter().all(|name| number(line, &[name]).is_some());
    list(order, &["line_items"]).iter().all(has_tax)
        && list(order, &["fee_lines"]).iter().all(|fee| number(fee, &["total_tax"]).is_some())
}
