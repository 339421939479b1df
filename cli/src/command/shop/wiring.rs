//! What to enter in the shop's system: which topic goes to which URL.

use relay::{
    event::EventType,
    secret::WebhookSecret,
    shop::{Platform, ShopName},
};
use serde::Serialize;

use crate::webhook::catalogue::{self, Known, Meaning};

/// One subscription to make in the shop's system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Subscription {
    /// The system.
    pub(super) platform: Platform,
    /// Its name for the event.
    pub(super) topic: &'static str,
    /// Where it has to send it.
    pub(super) url: String,
}

/// Stands for the public address while it is not known.
pub(super) const UNKNOWN_BASE: &str = "https://YOUR-PUBLIC-ADDRESS";

/// Every subscription this shop needs: those whose events it forwards, to destinations it has.
pub(super) fn subscriptions(
    base: Option<&str>,
    shop: &ShopName,
    webhook: &WebhookSecret,
    has_websand: bool,
    has_websale: bool,
) -> Vec<Subscription> {
    let base = base.unwrap_or(UNKNOWN_BASE).trim_end_matches('/');
    let forwarded = |kind: EventType| {
        let forwarded = webhook.forward.as_ref().is_none_or(|types| types.contains(&kind));
        let promotion = matches!(kind, EventType::PromotionScheduled | EventType::PromotionCancelled);
        forwarded && if promotion { has_websale } else { has_websand }
    };
    let registers = webhook.sources.iter().any(|source| source.shopware_app.is_some());
    let wanted = |platform: Platform, known: &Known| match known.meaning {
        Meaning::Event(kind) => forwarded(kind),
        Meaning::Privacy => has_websand,
        Meaning::Besides | Meaning::Ignored => false,
        // WooCommerce's ping comes by itself; a Shopware app has to name the registration's URL.
        Meaning::Handshake => platform == Platform::Shopware && registers,
    };
    let of_source = |platform: Platform| {
        let topics = catalogue::of(platform).iter().filter(move |known| wanted(platform, known));
        topics.map(move |known| Subscription {
            platform,
            topic: known.topic,
            url: format!("{base}/webhooks/{shop}/{}", known.endpoint),
        })
    };
    platforms(webhook).into_iter().flat_map(of_source).collect()
}

/// A shop may have several sources of one platform: they send to the same URLs.
fn platforms(webhook: &WebhookSecret) -> Vec<Platform> {
    let mut platforms: Vec<Platform> = Vec::new();
    for source in &webhook.sources {
        if !platforms.contains(&source.platform) {
            platforms.push(source.platform);
        }
    }
    platforms
}

/// Where in each system the subscriptions are entered.
pub(super) fn hints(webhook: &WebhookSecret) -> Vec<String> {
    platforms(webhook).into_iter().map(|platform| format!("{platform}: {}", hint(platform))).collect()
}

const fn hint(platform: Platform) -> &'static str {
    match platform {
        Platform::Canonical => "POST JSON to these URLs, signed as Standard Webhooks say or with the secret header",
        Platform::Shopify => {
            "in the app's shopify.app.toml: [[webhooks.subscriptions]] with `topics` and `uri`; the three privacy topics \
             as `compliance_topics`"
        }
        Platform::Woocommerce => {
            "WooCommerce > Settings > Advanced > Webhooks: one webhook a topic, API version 3, all with the shop's signing \
             secret in \"Secret\""
        }
        Platform::Shopware => {
            "in the app's manifest.xml: `registration` as <registrationUrl>, each other topic as a <webhook event=… url=…>"
        }
        Platform::Bigcommerce => {
            "POST https://api.bigcommerce.com/stores/HASH/v3/hooks once a scope: scope, destination, is_active, and \
             `headers` if the webhook secret has a header"
        }
    }
}

#[cfg(test)]
mod tests {
    use relay::secret::SourceSecret;

    use super::*;

    fn webhook(platforms: &[Platform], forward: Option<Vec<EventType>>) -> WebhookSecret {
        let source = |platform: &Platform| SourceSecret {
            platform: *platform,
            signing_secrets: Vec::new(),
            header: None,
            content_types: Vec::new(),
            parameter: None,
            shopware_app: None,
        };
        WebhookSecret {
            sources: platforms.iter().map(source).collect(),
            forward,
            origins: None,
            forward_test_orders: false,
            time_zone: None,
            quiet_hours: None,
            silent_after_hours: None,
        }
    }

    #[test]
    fn a_shop_with_two_sources_gets_both_systems_topics() {
        let shop = "acme".parse().unwrap();
        let both = webhook(&[Platform::Shopify, Platform::Canonical], None);
        let all = subscriptions(Some("https://relay.example.com/"), &shop, &both, true, true);
        assert_eq!(all.len(), 17);
        let thrice = webhook(&[Platform::Shopify, Platform::Canonical, Platform::Canonical], None);
        assert_eq!(subscriptions(Some("https://relay.example.com"), &shop, &thrice, true, true), all);
        assert_eq!(
            all.first(),
            Some(&Subscription {
                platform: Platform::Shopify,
                topic: "orders/create",
                url: "https://relay.example.com/webhooks/acme/order-placed".into()
            })
        );
    }

    #[test]
    fn privacy_requests_are_wired_whatever_is_forwarded_and_a_registration_only_for_an_app() {
        let shop = "acme".parse().unwrap();
        let topics = |webhook: &WebhookSecret| -> Vec<String> {
            let all = subscriptions(Some("https://r"), &shop, webhook, true, false);
            all.into_iter().map(|each| format!("{} {}", each.topic, each.url)).collect()
        };
        let off = webhook(&[Platform::Shopify], Some(Vec::new()));
        let privacy = ["customers/data_request", "customers/redact", "shop/redact"];
        assert_eq!(topics(&off), privacy.map(|topic| format!("{topic} https://r/webhooks/acme/customer-updated")));
        let mut shopware = webhook(&[Platform::Shopware], Some(Vec::new()));
        assert_eq!(topics(&shopware), Vec::<String>::new());
        shopware.sources[0].shopware_app = Some(relay::secret::ShopwareApp {
            name: "App".into(),
            secret: "hush".into(),
            shop_url: "https://shop.example.com".into(),
        });
        assert_eq!(topics(&shopware), ["registration https://r/webhooks/acme/shopware"]);
    }

    #[test]
    fn every_platform_has_topics_and_says_where_to_enter_them() {
        let shop = "acme".parse().unwrap();
        for platform in Platform::ALL {
            let webhook = webhook(&[platform], None);
            assert!(subscriptions(None, &shop, &webhook, true, false).len() >= 3, "{platform}");
            assert_eq!(hints(&webhook).len(), 1);
        }
    }

    #[test]
    fn only_what_is_forwarded_to_a_destination_the_shop_has_is_asked_for() {
        let shop = "acme".parse().unwrap();
        let canonical =
            webhook(&[Platform::Canonical], Some(vec![EventType::OrderPlaced, EventType::PromotionCancelled]));
        let topics = |websand, websale| -> Vec<&str> {
            subscriptions(None, &shop, &canonical, websand, websale).iter().map(|s| s.topic).collect()
        };
        assert_eq!(topics(true, true), ["order.placed", "promotion.cancelled"]);
        assert_eq!(topics(true, false), ["order.placed"]);
        assert_eq!(topics(false, true), ["promotion.cancelled"]);
    }
}
