//! An order, as a transaction.

use serde_json::{Map, Value, json};

use super::{ITEM, TOTAL, TRANSACTION, container::Filling, customer};
use crate::{
    event::{Item, Money, Order, Total},
    ledger::Consent,
    secret::WebsandSecret,
    shop::ShopName,
};

/// The body of `POST /api/data/transaction`. `consented` is whether the order may sign its buyer up: it says so, and no
/// newer withdrawal is known.
pub fn transaction(order: &Order, shop: &ShopName, secret: &WebsandSecret, consented: bool) -> Value {
    let said = consented.then_some(Consent::Granted);
    let prefix = secret.id_prefix.clone().unwrap_or_else(|| format!("{shop}-"));
    let items: Vec<_> = order.items.iter().map(|line| item(line, secret)).collect();
    let transaction = Filling::of(TRANSACTION, secret)
        .put("_id", prefix + &order.id)
        .put("submit_datetime", order.placed_at.to_string())
        .put("customer", customer::fields(&order.customer, shop, secret, said))
        .put("items", items)
        .put("total", total(&order.total, secret))
        .put("order_number", order.number.clone())
        .put("status", order.status.name())
        .put("payment", order.payment.clone())
        .put("fulfilment", order.fulfilment.clone())
        .put("coupons", order.coupons.clone())
        .put("shop", shop.as_str())
        .finish(&order.custom);
    json!({ "transaction": transaction })
}

fn item(item: &Item, secret: &WebsandSecret) -> Value {
    Filling::of(ITEM, secret)
        .put("name", item.name.clone())
        .put("sku", item.sku.clone())
        .put("quantity", Value::Number(item.quantity.into()))
        .put("price", item.unit_price.map(number))
        .put("category", item.category.clone())
        .finish(&item.custom)
}

fn total(total: &Total, secret: &WebsandSecret) -> Value {
    Filling::of(TOTAL, secret)
        .put("total", number(total.amount))
        .put("currency", total.currency.map(String::from))
        .put("tax", total.tax.map(number))
        .put("shipping", total.shipping.map(number))
        .put("discount", total.discount.map(number))
        .put("refunded", total.refunded.map(number))
        .finish(&Map::new())
}

fn number(money: Money) -> Value {
    Value::Number(money.to_number())
}
