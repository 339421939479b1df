//! What platforms send in headers beside the body; none of it is signed.

use super::{Circumstances, uuid};

fn owned<const N: usize>(headers: [(&str, String); N]) -> Vec<(String, String)> {
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// <https://shopify.dev/docs/apps/build/webhooks/delivery-structure>
pub(super) fn shopify(topic: &str, id: &str, signature: String, at: &Circumstances<'_>) -> Vec<(String, String)> {
    owned([
        ("x-shopify-hmac-sha256", signature),
        ("x-shopify-topic", topic.to_owned()),
        ("x-shopify-shop-domain", at.origin.to_owned()),
        ("x-shopify-api-version", "2026-01".to_owned()),
        ("x-shopify-webhook-id", id.to_owned()),
        ("x-shopify-event-id", uuid(at.random)),
        ("x-shopify-triggered-at", at.now.to_string()),
    ])
}

/// `class-wc-webhook.php`, `deliver`:
/// <https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php>
pub(super) fn woocommerce(topic: &str, id: &str, signature: String, at: &Circumstances<'_>) -> Vec<(String, String)> {
    let (resource, event) = topic.split_once('.').unwrap_or((topic, ""));
    owned([
        ("x-wc-webhook-source", format!("https://{}/", at.origin)),
        ("x-wc-webhook-topic", topic.to_owned()),
        ("x-wc-webhook-resource", resource.to_owned()),
        ("x-wc-webhook-event", event.to_owned()),
        ("x-wc-webhook-signature", signature),
        ("x-wc-webhook-id", "1".to_owned()),
        ("x-wc-webhook-delivery-id", id.to_owned()),
    ])
}

/// The first four always, the others by the newer delivery only: `WebhookDeliveryService.php` of
/// <https://github.com/shopware/shopware>.
pub(super) fn shopware(id: &str, signature: String, at: &Circumstances<'_>) -> Vec<(String, String)> {
    let mut headers = owned([
        ("shopware-shop-signature", signature),
        ("sw-version", "6.7.0.0".to_owned()),
        ("sw-context-language", "2fbb5fe2e29a4d70aa5854ce7ce3e20b".to_owned()),
        ("sw-user-language", "de-DE".to_owned()),
    ]);
    if at.rework {
        headers.extend(owned([
            ("x-shopware-event-id", id.to_owned()),
            ("x-shopware-sequence", at.now.as_millisecond().to_string()),
            ("x-shopware-attempt", "0".to_owned()),
        ]));
    }
    headers
}
