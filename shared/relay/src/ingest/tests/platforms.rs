//! A shop with a source of every platform, and webhooks signed as each of them signs.

use super::*;
use crate::{shop::Platform, text::hex};

/// The secret of each platform's source, as it stands in the shop's secret.
pub(super) fn source(platform: Platform) -> Value {
    match platform {
        Platform::Canonical => canonical_source(),
        _ => json!({"platform": platform.name(), "signing_secrets": [key(platform)]}),
    }
}

/// A shop that sells on all platforms and lets test orders through.
pub(super) fn everything() -> Value {
    json!({"sources": Platform::ALL.map(source), "test_orders": "forward"})
}

fn key(platform: Platform) -> &'static str {
    match platform {
        Platform::Canonical => "",
        Platform::Shopify => SHOPIFY_KEY,
        Platform::Woocommerce => "wc_invented",
        Platform::Shopware => "shopware_invented",
        Platform::Bigcommerce => "bigcommerce_invented",
    }
}

/// The request with the platform's signature, made now.
pub(super) fn sign(platform: Platform, mut request: Request<Bytes>) -> Request<Bytes> {
    let (body, key) = (request.body().clone(), key(platform).as_bytes());
    let over_body = hmac_sha256(key, &[&body]);
    let standard_webhooks = |key: &[u8]| {
        let code = hmac_sha256(key, &[format!("msg_1.{NOW}.").as_bytes(), &body]);
        let signature = format!("v1,{}", STANDARD.encode(code));
        vec![
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", NOW.to_string()),
            ("webhook-signature", signature),
        ]
    };
    let headers = match platform {
        Platform::Canonical => standard_webhooks(CANONICAL_KEY),
        // Its client secret is the key as it is, whatever the specification says of decoding.
        Platform::Bigcommerce => standard_webhooks(key),
        Platform::Shopify => vec![("x-shopify-hmac-sha256", STANDARD.encode(over_body))],
        Platform::Woocommerce => vec![("x-wc-webhook-signature", STANDARD.encode(over_body))],
        Platform::Shopware => vec![("shopware-shop-signature", hex(&over_body))],
    };
    for (name, value) in headers {
        request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
    }
    request
}
