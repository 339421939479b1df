//! How a shop names itself in its webhooks: by domain, host or the hash of its store.

use relay::{
    secret::WebhookSecret,
    shop::{Platform, ShopName},
};
use url::Url;

/// The origin that a shop's webhooks of this platform have: one of those that it accepts, else an invented one.
pub(crate) fn of_shop(secret: &WebhookSecret, platform: Platform, shop: &ShopName) -> String {
    let registered = secret.sources.iter().filter(|source| source.platform == platform).find_map(|source| {
        let url = Url::parse(&source.shopware_app.as_ref()?.shop_url).ok()?;
        let host = url.host_str()?;
        Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    });
    let accepted = || secret.origins.iter().flatten().find(|origin| is_of(platform, origin)).cloned();
    registered.or_else(accepted).unwrap_or_else(|| invented(platform, shop))
}

/// A shop may have sources of several platforms; what its origins look like tells whose they are.
fn is_of(platform: Platform, origin: &str) -> bool {
    let is_shopify = origin.ends_with(".myshopify.com");
    match platform {
        Platform::Shopify => is_shopify,
        Platform::Bigcommerce => !origin.contains('.'),
        _ => origin.contains('.') && !is_shopify,
    }
}

/// An origin for a shop that accepts any.
pub(crate) fn invented(platform: Platform, shop: &ShopName) -> String {
    match platform {
        Platform::Shopify => format!("{shop}.myshopify.com"),
        Platform::Bigcommerce => shop.as_str().replace('-', ""),
        _ => format!("{shop}.example.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_comes_from_where_the_shop_accepts_it_from() {
        let shop = "acme-de".parse().unwrap();
        let secret = |origins: serde_json::Value| -> WebhookSecret {
            let mut document = serde_json::json!({"sources": [
                {"platform": "woocommerce", "signing_secrets": ["x"]},
                {"platform": "shopware", "signing_secrets": ["x".repeat(64)], "app_name": "A", "app_secret": "x",
                 "shop_url": "https://sw.example.com:8000/shop"},
            ]});
            document["origins"] = origins;
            relay::secret::parse(&document).unwrap()
        };
        let accepted = secret(serde_json::json!(["abc123", "acme.myshopify.com", "woo.example.com"]));
        let of = |secret, platform| of_shop(secret, platform, &shop);
        assert_eq!(of(&accepted, Platform::Shopify), "acme.myshopify.com");
        assert_eq!(of(&accepted, Platform::Woocommerce), "woo.example.com");
        assert_eq!(of(&accepted, Platform::Bigcommerce), "abc123");
        assert_eq!(of(&accepted, Platform::Shopware), "sw.example.com:8000");
        let any = secret(serde_json::Value::Null);
        assert_eq!(of(&any, Platform::Shopify), "acme-de.myshopify.com");
        assert_eq!(of(&any, Platform::Woocommerce), "acme-de.example.com");
        assert_eq!(of(&any, Platform::Bigcommerce), "acmede");
    }
}
