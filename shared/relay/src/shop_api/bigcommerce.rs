//! BigCommerce's API: orders are in its version 2, customers and subscribers in version 3.
//!
//! The paths are ours; the links in answers are not followed.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::{Fetched, ShopApi, Stopped};
use crate::{
    http::Request,
    message::{Reference, ReferenceKind},
    retry::Call,
    source::bigcommerce::{NoEvent, map_customer, map_order, map_subscriber, reason_to_skip},
};

const CREDENTIAL: &str = "x-auth-token";
/// How many entries a page of a list has at most.
const PAGE: usize = 250;
/// An order of more pages than this is none.
const MAX_PAGES: usize = 40;

/// One store's API.
struct Store<'a> {
    api: &'a ShopApi<'a>,
    hash: &'a str,
    access_token: &'a SecretString,
}

/// Fetches and maps what the reference names.
pub(super) async fn fetch(
    api: &ShopApi<'_>,
    store_hash: &str,
    access_token: &SecretString,
    reference: &Reference,
    began: Timestamp,
) -> Result<Fetched, Stopped> {
    let store = Store { api, hash: store_hash, access_token };
    let id = reference.id.as_str();
    let mapped = match reference.kind {
        ReferenceKind::Order => {
            let order = store.object(&["v2", "orders", id], &[]).await?;
            if let Some(reason) = reason_to_skip(&order) {
                return Ok(Fetched::Skipped(reason));
            }
            let products = store.list(&["v2", "orders", id, "products"]).await?;
            let coupons = store.list(&["v2", "orders", id, "coupons"]).await?;
            map_order(&order, &products, &coupons, reference.event, began).map_err(NoEvent::Unusable)
        }
        ReferenceKind::Customer => {
            let query = [("id:in", id), ("include", "addresses")];
            let found = store.object(&["v3", "customers"], &query).await?;
            let customers = found.get("data").and_then(Value::as_array).ok_or_else(|| store.unreadable())?;
            map_customer(customers.first().ok_or(Stopped::Gone)?, began)
        }
        ReferenceKind::Consent => {
            let found = store.object(&["v3", "customers", "subscribers", id], &[]).await?;
            map_subscriber(found.get("data").ok_or_else(|| store.unreadable())?, began)
        }
    };
    match mapped {
        Ok(event) => Ok(Fetched::Event(event)),
        Err(NoEvent::Skipped(reason)) => Ok(Fetched::Skipped(reason)),
        Err(NoEvent::Unusable(unusable)) => Err(unusable.into()),
    }
}

impl Store<'_> {
    fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Request {
        let mut url = self.api.config.bigcommerce_url.clone();
        // Only a URL that cannot have a path refuses one, and settings take none of those.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["stores", self.hash]).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.request(url)
    }

    fn request(&self, url: Url) -> Request {
        self.api.get(url, (CREDENTIAL, self.access_token.clone()))
    }

    /// An object; an empty answer means that there is none.
    async fn object(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Stopped> {
        match self.api.json(Call::ShopRead, self.get(path, query)).await? {
            Value::Null => Err(Stopped::Gone),
            object @ Value::Object(_) => Ok(object),
            _ => Err(self.unreadable()),
        }
    }

    /// Not what the API's reference says: the next answer may be.
    fn unreadable(&self) -> Stopped {
        self.api.unreadable(Call::ShopRead, "the answer is not of the documented form")
    }

    /// A list, page by page. One without entries is answered with an empty body.
    async fn list(&self, path: &[&str]) -> Result<Vec<Value>, Stopped> {
        let mut entries = Vec::new();
        for page in 1..=MAX_PAGES {
            let query = [("limit", &*PAGE.to_string()), ("page", &*page.to_string())];
            let mut more = match self.api.json(Call::ShopRead, self.get(path, &query)).await? {
                Value::Null => break,
                Value::Array(more) => more,
                _ => return Err(self.unreadable()),
            };
            let is_last = more.len() < PAGE;
            entries.append(&mut more);
            if is_last {
                break;
            }
        }
        Ok(entries)
    }
}
