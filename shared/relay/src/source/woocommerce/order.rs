//! Maps WooCommerce's orders, as its REST API writes them
//! (<https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties>).

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Ignored, ORDER_DELETED, Times,
    amount::{Tax, number, written},
    customer::buyer,
    item, meta_data, plain,
};
use crate::{
    event::OrderStatus,
    source::{
        Json,
        payload::{at, first, is_true, list, text},
    },
};

/// Any order topic's payload as the data of `order.placed` and `order.updated`.
pub(super) fn map(order: &Json<'_>, times: &Times) -> Result<Value, Ignored> {
    let state = state(order);
    match state.as_str() {
        "checkout-draft" | "auto-draft" | "draft" | "new" => return Err("incomplete"),
        "trash" => return Err(ORDER_DELETED),
        _ => {}
    }
    let email = text(order, &["billing", "email"]);
    let is_order = ["billing", "line_items"].iter().any(|name| order.get(name).is_some());
    if email.is_none() && is_order {
        return Err("no_email");
    }
    if has_no_products(order) && list(order, &["fee_lines"]).is_empty() {
        // Begun by hand in the shop's administration: what was bought is still to come.
        return Err("incomplete");
    }
    let tax =
        if is_true(order, &["prices_include_tax"]) && item::have_tax(order) { Tax::Included } else { Tax::Excluded };
    let refunded = refunded(order, &state);
    let refund = Refund::of(order, refunded);
    Ok(json!({
        "id": text(order, &["id"]),
        "number": first(order, &[&["number"], &["id"]]),
        "placed_at": times.at(order, "date_created"),
        "updated_at": times.revision(order),
        "status": status(order, &state, refund),
        "payment": payment(order, &state, refund),
        "fulfilment": state,
        "sales_channel": text(order, &["created_via"]),
        "customer": buyer(order, email),
        "items": items(order, tax),
        "total": total(order, tax, refunded),
        "coupons": list(order, &["coupon_lines"]).iter().filter_map(|line| plain(line, &["code"])).collect::<Vec<_>>(),
        "custom": custom(order, tax),
    }))
}

fn has_no_products(order: &Json<'_>) -> bool {
    at(order, &["line_items"]).and_then(Json::as_array).is_some_and(<[_]>::is_empty)
}

/// The order's state in WooCommerce's words. Inside WordPress each begins with `wc-`.
fn state(order: &Json<'_>) -> String {
    let state = text(order, &["status"]).unwrap_or_default();
    state.strip_prefix("wc-").unwrap_or(&state).to_owned()
}

/// The furthest the order has come. Shops may have states of their own: of those only the order's dates tell something.
fn status(order: &Json<'_>, state: &str, refund: Refund) -> OrderStatus {
    let has = |name: &str| at(order, &[name]).is_some();
    match (state, refund) {
        ("cancelled", _) => OrderStatus::Cancelled,
        ("refunded", _) | (_, Refund::Whole) => OrderStatus::Refunded,
        (_, Refund::Part) => OrderStatus::PartiallyRefunded,
        ("completed", _) => OrderStatus::Fulfilled,
        ("processing", _) => OrderStatus::Paid,
        ("pending" | "on-hold" | "failed", _) => OrderStatus::Placed,
        _ if has("date_completed_gmt") || has("date_completed") => OrderStatus::Fulfilled,
        _ if is_paid(order) => OrderStatus::Paid,
        _ => OrderStatus::Placed,
    }
}

fn is_paid(order: &Json<'_>) -> bool {
    ["date_paid_gmt", "date_paid"].iter().any(|name| at(order, &[name]).is_some())
}

/// WooCommerce has no state of payment. `processing` and `completed` are its states of a paid order.
fn payment(order: &Json<'_>, state: &str, refund: Refund) -> &'static str {
    match (state, refund) {
        ("failed", _) => "failed",
        ("refunded", _) | (_, Refund::Whole) => "refunded",
        (_, Refund::Part) => "partially_refunded",
        ("processing" | "completed", _) => "paid",
        _ if is_paid(order) => "paid",
        _ => "unpaid",
    }
}

/// How much of the order's total was paid back.
#[derive(Clone, Copy)]
enum Refund {
    Nothing,
    Part,
    Whole,
}

impl Refund {
    fn of(order: &Json<'_>, refunded: Option<Decimal>) -> Self {
        match (refunded.filter(|sum| *sum > Decimal::ZERO), number(order, &["total"])) {
            (None, _) => Self::Nothing,
            (Some(sum), Some(total)) if sum >= total => Self::Whole,
            (Some(_), _) => Self::Part,
        }
    }
}

/// What was bought: the products, or in an order without any the fees.
fn items(order: &Json<'_>, tax: Tax) -> Vec<Value> {
    if has_no_products(order) {
        return list(order, &["fee_lines"]).iter().map(|line| item::fee(line, tax)).collect();
    }
    list(order, &["line_items"]).iter().map(|line| item::product(line, tax)).collect()
}

/// The order's total is with tax and shipping and after discounts; the amounts beside it are without tax in the payload.
fn total(order: &Json<'_>, tax: Tax, refunded: Option<Decimal>) -> Value {
    let currency = text(order, &["currency"]).map(|code| code.to_uppercase());
    json!({
        "amount": written(order, &["total"]),
        "currency": currency,
        "tax": written(order, &["total_tax"]),
        "tax_included": tax == Tax::Included,
        "shipping": tax.written(order, "shipping_total", "shipping_tax"),
        "discount": tax.written(order, "discount_total", "discount_tax"),
        "refunded": refunded.map(|sum| sum.to_string()),
    })
}

/// What was paid back: refunds are listed with negative totals. Unknown where one of them cannot be read, or where the
/// order is said to be refunded without any.
fn refunded(order: &Json<'_>, state: &str) -> Option<Decimal> {
    let refunds = at(order, &["refunds"])?.as_array()?;
    if refunds.is_empty() && state == "refunded" {
        return None;
    }
    // Nothing, with as many decimals as the order has.
    let nothing = Decimal::new(0, number(order, &["total"]).map_or(2, |total| total.scale()));
    refunds.iter().try_fold(nothing, |sum, refund| sum.checked_sub(number(refund, &["total"])?))
}

/// What has no field of its own: the shop's public meta data, how it is paid and shipped, the fees, the buyer's note.
fn custom(order: &Json<'_>, tax: Tax) -> Map<String, Value> {
    let mut custom = meta_data(order);
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            custom.entry(name).or_insert(value);
        }
    };
    let shipping: Vec<String> =
        list(order, &["shipping_lines"]).iter().filter_map(|line| plain(line, &["method_title"])).collect();
    let fee =
        |line: &Json<'_>| json!({"name": plain(line, &["name"]), "total": tax.written(line, "total", "total_tax")});
    let fees: Vec<Value> = list(order, &["fee_lines"]).iter().map(fee).collect();
    put("payment_method_title", json!(plain(order, &["payment_method_title"])));
    put("shipping_method", if shipping.is_empty() { Value::Null } else { json!(shipping.join(", ")) });
    put("fees", if fees.is_empty() || has_no_products(order) { Value::Null } else { json!(fees) });
    put("customer_note", json!(plain(order, &["customer_note"])));
    custom
}
