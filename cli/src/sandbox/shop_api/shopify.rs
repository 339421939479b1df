//! Shopify's Admin API (REST): the objects that its webhooks hold, too
//! (<https://shopify.dev/docs/api/admin-rest/latest/resources/order>).

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::{Keys, exists, header, object};
use crate::sandbox::{answer::Answer, call::Call, route::Target};

pub(super) fn call(keys: &Keys, target: &Target, headers: &HeaderMap) -> Result<(Answer, Value), Answer> {
    if !keys.accept(header(headers, "x-shopify-access-token")) {
        return Err(Answer::refused(401, "the header X-Shopify-Access-Token must hold the app's token"));
    }
    let id = target.id.unwrap_or_default();
    if !exists(&id.to_string()) {
        return Err(Answer::refused(404, "there is no such object"));
    }
    let (name, text) = if target.call == Call::ShopifyOrder {
        ("order", include_str!("../../../../events/sources/shopify/orders-create.json"))
    } else {
        ("customer", include_str!("../../../../events/sources/shopify/customers-create.json"))
    };
    let mut object = object(text)?;
    object["id"] = id.into();
    // Requests in the bucket and its size (https://shopify.dev/docs/api/admin-rest/usage/rate-limits).
    let answer = Answer::json(200, &json!({ name: object })).with("X-Shopify-Shop-Api-Call-Limit", "1/40");
    Ok((answer, json!({ "id": id })))
}
