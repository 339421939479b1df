//! The secrets of a test shop: what makes a shop.

use serde_json::{Value, json};

use crate::webhook::{CANONICAL_SECRET, HEADER, SHOPIFY_SECRET};

/// `…/webhook`: a Shopify and a canonical source.
pub fn webhook() -> Value {
    json!({"sources": [
        {"platform": "shopify", "signing_secrets": [SHOPIFY_SECRET]},
        {"platform": "canonical", "signing_secrets": [CANONICAL_SECRET]},
    ]})
}

/// `…/websand` for this account.
pub fn websand(account: &str) -> Value {
    json!({"account": account, "api_key": "key-of-the-tests",
        "consent": {"granted": {"field": "marketing_consent", "value": "marketing_consent_true"}}})
}

/// `…/websale` for this subshop, which tells shops apart at a shared sandbox.
pub fn websale(subshop: &str) -> Value {
    json!({"shop_id": subshop, "subshop": subshop, "username": "api", "password": "right",
        "poll": {"interval": 1, "deadline": 600}})
}

/// `status_callback` in `…/websale`: the shop is told at this sandbox, signed as it expects without being told otherwise.
pub fn status_callback(sandbox: &str, shop: &str) -> Value {
    json!({"url": format!("{sandbox}/callbacks/{shop}"), "signing_secret": "whsec_c2hvcHJlbGF5LXNhbmRib3gtY2FsbGJhY2tz"})
}

/// All secrets of a shop of the embedded host.
pub fn secrets(name: &str) -> [(String, Value); 3] {
    let named = |kind: &str| format!("shoprelay/{name}/{kind}");
    [(named("webhook"), webhook()), (named("websand"), websand(name)), (named("websale"), websale(name))]
}

/// `…/webhook` of a source with one signing secret.
pub fn signed(platform: &str, secret: &str) -> Value {
    json!({"platform": platform, "signing_secrets": [secret]})
}

/// `…/webhook` of a shop that cannot sign: WEBSALE's server-side events.
pub fn by_header() -> Value {
    let (name, value) = HEADER;
    json!({"platform": "canonical", "header": {"name": name, "values": [value]}, "parameter": "payload",
        "content_types": ["application/json", "application/x-www-form-urlencoded"]})
}
