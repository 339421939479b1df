//! BigCommerce: orders of API V2, customers and subscribers of V3
//! (<https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders>).

use hyper::HeaderMap;
use serde_json::{Value, json};

use super::{Keys, exists, header, object};
use crate::sandbox::{answer::Answer, call::Call, route::Target};

/// How many requests a store may make in a window, and how long a window is
/// (<https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits>).
const QUOTA: u32 = 150;
const WINDOW_MILLIS: u32 = 30_000;
/// The object in lists.
const LISTED: u64 = 1;

pub(super) fn call(keys: &Keys, target: &Target, headers: &HeaderMap) -> Result<(Answer, Value), Answer> {
    if !keys.accept(header(headers, "x-auth-token")) {
        return Err(Answer::refused(401, "the header X-Auth-Token must hold the store's access token"));
    }
    // A list without an id is asked for one object, whichever it is.
    let id = target.id.unwrap_or(LISTED);
    let found = exists(&id.to_string());
    let answer = match target.call {
        Call::BigcommerceOrder if target.id.is_none() => {
            Answer::json(200, &json!([named(include_str!("objects/bigcommerce/order.json"), id)?]))
        }
        Call::BigcommerceSubscriber if target.id.is_none() => {
            let data = named(include_str!("objects/bigcommerce/subscriber.json"), id)?;
            Answer::json(200, &json!({ "data": [data], "meta": {} }))
        }
        // A list of V3 answers an unknown id with an empty list.
        Call::BigcommerceCustomers => {
            let list = if found { vec![named(include_str!("objects/bigcommerce/customer.json"), id)?] } else { vec![] };
            let count = list.len();
            Answer::json(
                200,
                &json!({ "data": list, "meta": { "pagination": { "total": count, "total_pages": count } } }),
            )
        }
        _ if !found => return Err(Answer::refused(404, "there is no such object")),
        Call::BigcommerceSubscriber => {
            let data = named(include_str!("objects/bigcommerce/subscriber.json"), id)?;
            Answer::json(200, &json!({ "data": data, "meta": {} }))
        }
        // V2 answers with no content where a list, or a page of it, is empty.
        _ if page(&target.query) > 1 => Answer::raw(204, ""),
        Call::BigcommerceProducts => {
            Answer::json(200, &of_order(include_str!("objects/bigcommerce/products.json"), id)?)
        }
        Call::BigcommerceCoupons => Answer::json(200, &of_order(include_str!("objects/bigcommerce/coupons.json"), id)?),
        _ => Answer::json(200, &named(include_str!("objects/bigcommerce/order.json"), id)?),
    };
    let answer = answer
        .with("X-Rate-Limit-Requests-Left", (QUOTA - 1).to_string())
        .with("X-Rate-Limit-Requests-Quota", QUOTA.to_string())
        .with("X-Rate-Limit-Time-Reset-Ms", WINDOW_MILLIS.to_string())
        .with("X-Rate-Limit-Time-Window-Ms", WINDOW_MILLIS.to_string());
    Ok((answer, json!({ "store": target.owner, "id": id })))
}

fn page(query: &str) -> u32 {
    let page = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
    page.and_then(|(_, page)| page.parse().ok()).unwrap_or(1)
}

fn named(text: &str, id: u64) -> Result<Value, Answer> {
    let mut object = object(text)?;
    object["id"] = id.into();
    Ok(object)
}

fn of_order(text: &str, id: u64) -> Result<Value, Answer> {
    let mut list = object(text)?;
    for part in list.as_array_mut().into_iter().flatten() {
        part["order_id"] = id.into();
    }
    Ok(list)
}
