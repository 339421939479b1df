//! The shops' own APIs, where a worker reads what a webhook only named.
//!
//! Every object exists, whatever its id, and is told as if it had always had this id; only ids that end in 404 do not.
//! So a test webhook with any id leads to an order. Nothing can be changed here.

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::{answer::Answer, call::Party, route::Target};

mod bigcommerce;
mod shopify;
mod shopware;

/// All of them.
pub(super) struct ShopApis {
    keys: Keys,
    shopware: shopware::Tokens,
}

/// Accepted credentials; none: any but `wrong`.
struct Keys(Vec<String>);

impl Keys {
    fn accept(&self, key: &str) -> bool {
        if self.0.is_empty() {
            !key.is_empty() && !key.ends_with("wrong")
        } else {
            self.0.iter().any(|known| known == key)
        }
    }
}

impl ShopApis {
    pub(super) fn new(keys: Vec<String>) -> Self {
        Self { keys: Keys(keys), shopware: shopware::Tokens::default() }
    }

    /// Answers one call; the second value names the object.
    pub(super) fn call(
        &mut self,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        match target.call.party() {
            Party::Shopware => self.shopware.call(&self.keys, target, headers, body, now),
            Party::Shopify => shopify::call(&self.keys, target, headers),
            _ => bigcommerce::call(&self.keys, target, headers),
        }
    }
}

/// A header's text; empty if there is none.
fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether there is an object of this id.
fn exists(id: &str) -> bool {
    !matches!(id, "" | "0") && !id.ends_with("404")
}

/// One of the built-in objects.
fn object(text: &str) -> Result<Value, Answer> {
    serde_json::from_str(text).map_err(|error| Answer::refused(500, &format!("the sandbox's own object: {error}")))
}
