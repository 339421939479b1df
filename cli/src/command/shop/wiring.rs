//! What to enter in the shop's system: which topic goes to which URL.

use relay::{
    event::EventType,
    secret::WebhookSecret,
    shop::{Platform, ShopName},
};
use serde::Serialize;

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

/// A topic, the endpoint's last segment, and the canonical types that come of it.
type Topic = (&'static str, &'static str, &'static [EventType]);

const CANONICAL: &[Topic] = &[
    ("order.placed", "order-placed", &[EventType::OrderPlaced]),
    ("order.updated", "order-updated", &[EventType::OrderUpdated]),
    ("customer.updated", "customer-updated", &[EventType::CustomerUpdated]),
    ("promotion.scheduled", "promotion-scheduled", &[EventType::PromotionScheduled]),
    ("promotion.cancelled", "promotion-cancelled", &[EventType::PromotionCancelled]),
];

/// Topic names as Shopify's webhook reference has them.
const SHOPIFY: &[Topic] = &[
    ("orders/create", "order-placed", &[EventType::OrderPlaced]),
    ("orders/updated", "order-updated", &[EventType::OrderUpdated]),
    ("orders/paid", "order-updated", &[EventType::OrderUpdated]),
    ("orders/fulfilled", "order-updated", &[EventType::OrderUpdated]),
    ("orders/cancelled", "order-updated", &[EventType::OrderUpdated]),
    ("customers/create", "customer-updated", &[EventType::CustomerUpdated]),
    ("customers/update", "customer-updated", &[EventType::CustomerUpdated]),
];

const fn topics(platform: Platform) -> &'static [Topic] {
    match platform {
        Platform::Canonical => CANONICAL,
        Platform::Shopify => SHOPIFY,
        Platform::Woocommerce | Platform::Shopware | Platform::Bigcommerce => &[],
    }
}

/// Every subscription this shop needs: those whose events it forwards, to destinations it has.
pub(super) fn subscriptions(
    base: Option<&str>,
    shop: &ShopName,
    webhook: &WebhookSecret,
    has_websand: bool,
    has_websale: bool,
) -> Vec<Subscription> {
    let base = base.unwrap_or(UNKNOWN_BASE).trim_end_matches('/');
    let wanted = |kind: &EventType| {
        let forwarded = webhook.forward.as_ref().is_none_or(|types| types.contains(kind));
        let promotion = matches!(kind, EventType::PromotionScheduled | EventType::PromotionCancelled);
        forwarded && if promotion { has_websale } else { has_websand }
    };
    let of_source = |platform: Platform| {
        let topics = topics(platform).iter().filter(|(_, _, types)| types.iter().any(wanted));
        topics.map(move |(topic, endpoint, _)| Subscription {
            platform,
            topic,
            url: format!("{base}/webhooks/{shop}/{endpoint}"),
        })
    };
    // A shop may have several sources of one platform: they send to the same URLs.
    let mut platforms: Vec<Platform> = Vec::new();
    for source in &webhook.sources {
        if !platforms.contains(&source.platform) {
            platforms.push(source.platform);
        }
    }
    platforms.into_iter().flat_map(of_source).collect()
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
        }
    }

    #[test]
    fn a_shop_with_two_sources_gets_both_systems_topics() {
        let shop = "acme".parse().unwrap();
        let both = webhook(&[Platform::Shopify, Platform::Canonical], None);
        let all = subscriptions(Some("https://relay.example.com/"), &shop, &both, true, true);
        assert_eq!(all.len(), 12);
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
    fn every_topic_goes_where_a_test_webhook_of_it_goes() {
        for (topic, endpoint, _) in CANONICAL {
            assert_eq!(topic.parse::<crate::webhook::Topic>().unwrap().endpoint(), *endpoint, "{topic}");
        }
        for (topic, endpoint, _) in SHOPIFY {
            let topic: crate::webhook::Topic = format!("shopify:{topic}").parse().unwrap();
            assert_eq!(topic.endpoint(), *endpoint);
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
