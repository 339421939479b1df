//! An order, as a transaction.

use serde_json::{Map, Value};

use super::{
    ITEM, TOTAL, TRANSACTION,
    container::Filling,
    currency::{NoFactor, converted},
    customer,
};
use crate::{
    event::{Item, Money, Order, Total},
    ledger::Consent,
    secret::WebsandSecret,
    shop::ShopName,
};

/// The body of `POST /api/data/transaction`, amounts in the account's currency. `consented` is whether the order may sign
/// its buyer up: it says so, and no newer withdrawal is known.
///
/// # Errors
/// If the shop has `currencies`, and the order's is none of them.
pub fn transaction(order: &Order, shop: &ShopName, secret: &WebsandSecret, consented: bool) -> Result<Value, NoFactor> {
    let said = consented.then_some(Consent::Granted);
    let prefix = secret.id_prefix.clone().unwrap_or_else(|| format!("{shop}-"));
    let converted = converted(order, secret.currencies.as_ref())?;
    let (lines, amounts) = converted.as_ref().map_or((&order.items, &order.total), |(lines, total)| (lines, total));
    let original = |number: usize| converted.as_ref().and_then(|_| order.items.get(number));
    let items: Vec<_> = lines.iter().enumerate().map(|(number, line)| item(line, original(number), secret)).collect();
    let transaction = Filling::of(TRANSACTION, secret)
        .put("_id", prefix + &order.id)
        .put("submit_datetime", order.placed_at.to_string())
        .put("customer", customer::fields(&order.customer, shop, secret, said))
        .put("items", items)
        .put("total", total(amounts, converted.as_ref().map(|_| &order.total), secret))
        .put("order_number", order.number.clone())
        .put("status", order.status.name())
        .put("payment", order.payment.clone())
        .put("fulfilment", order.fulfilment.clone())
        .put("coupons", order.coupons.clone())
        .put("shop", shop.as_str())
        // What is said of no other order needs no field in all others.
        .put("test", order.test.then_some(true))
        .put("order_language", order.language.clone())
        .put("sales_channel", order.sales_channel.clone())
        .put("order_tags", order.tags.clone())
        .finish(&order.custom);
    Ok(Value::Object(Map::from_iter([("transaction".to_owned(), transaction)])))
}

/// A line; `original` is the same in the order's own currency, if that is another than the account's.
fn item(item: &Item, original: Option<&Item>, secret: &WebsandSecret) -> Value {
    Filling::of(ITEM, secret)
        .put("name", item.name.clone())
        .put("item_id", item.id.clone())
        .put("sku", item.sku.clone())
        .put("quantity", Value::Number(item.quantity.into()))
        .put("price", number(item.unit_price))
        .put("line_total", number(item.total))
        .put("original_price", number(original.and_then(|line| line.unit_price)))
        .put("original_line_total", number(original.and_then(|line| line.total)))
        .put("category", item.category.clone())
        .put("url", item.url.clone())
        .put("image_url", item.image_url.clone())
        .finish(&item.custom)
}

fn total(total: &Total, original: Option<&Total>, secret: &WebsandSecret) -> Value {
    let original_amount = |amount: fn(&Total) -> Option<Money>| number(original.and_then(amount));
    Filling::of(TOTAL, secret)
        .put("total", number(Some(total.amount)))
        .put("currency", total.currency.map(String::from))
        .put("tax", number(total.tax))
        .put("tax_included", total.tax_included)
        .put("shipping", number(total.shipping))
        .put("discount", number(total.discount))
        .put("refunded", number(total.refunded))
        .put("original_total", original_amount(|total| Some(total.amount)))
        .put("original_currency", original.and_then(|total| total.currency).map(String::from))
        .put("original_tax", original_amount(|total| total.tax))
        .put("original_shipping", original_amount(|total| total.shipping))
        .put("original_discount", original_amount(|total| total.discount))
        .put("original_refunded", original_amount(|total| total.refunded))
        .finish(&Map::new())
}

fn number(money: Option<Money>) -> Option<Value> {
    money.map(|money| Value::Number(money.to_number()))
}
