//! What a shop chooses holds on every platform alike, and so do the names of events and the times that are believed.

use super::*;
use crate::{
    event::Event,
    message::Payload,
    shop::Platform::{self, Bigcommerce, Shopify, Shopware, Woocommerce},
};

/// A sample as its platform sends it.
struct Sample {
    platform: Platform,
    name: &'static str,
    /// What the platform says in headers.
    headers: &'static [(&'static str, &'static str)],
    endpoint: &'static str,
    /// The type that it becomes, now or when it was fetched.
    becomes: &'static str,
    /// The shop it says it is from.
    origin: &'static str,
}

const ORDERS: &str = "order-updated";
const CUSTOMERS: &str = "customer-updated";
const SHOPIFY: &str = "acme.myshopify.com";
const SHOPIFY_CONSENT: &str = "customers_email_marketing_consent/update";

const fn sample_of(
    platform: Platform,
    name: &'static str,
    headers: &'static [(&'static str, &'static str)],
    becomes: &'static str,
) -> Sample {
    let endpoint = if matches!(becomes.as_bytes(), [b'o', ..]) { ORDERS } else { CUSTOMERS };
    let origin = match platform {
        Shopify => SHOPIFY,
        Woocommerce => "shop.example.com",
        Bigcommerce => "abc123xyz",
        _ => "acme.example.com",
    };
    Sample { platform, name, headers, endpoint, becomes, origin }
}

#[rustfmt::skip]
const SAMPLES: [Sample; 16] = [
    sample_of(Shopify, "orders-create", &[("x-shopify-topic", "orders/create"), ("x-shopify-shop-domain", SHOPIFY)], "order.placed"),
    sample_of(Shopify, "orders-create", &[("x-shopify-topic", "orders/paid"), ("x-shopify-shop-domain", SHOPIFY)], "order.updated"),
    sample_of(Shopify, "customers-create", &[("x-shopify-topic", "customers/update"), ("x-shopify-shop-domain", SHOPIFY)], "customer.updated"),
    sample_of(Shopify, "customers_email_marketing_consent-update", &[("x-shopify-topic", SHOPIFY_CONSENT), ("x-shopify-shop-domain", SHOPIFY)], "customer.updated"),
    sample_of(Woocommerce, "order-created", &[("x-wc-webhook-topic", "order.created"), ("x-wc-webhook-source", "https://shop.example.com/")], "order.placed"),
    sample_of(Woocommerce, "order-updated", &[("x-wc-webhook-topic", "order.updated"), ("x-wc-webhook-source", "https://shop.example.com/")], "order.updated"),
    sample_of(Woocommerce, "customer-updated", &[("x-wc-webhook-topic", "customer.updated"), ("x-wc-webhook-source", "https://shop.example.com/")], "customer.updated"),
    sample_of(Shopware, "checkout-order-placed", &[], "order.placed"),
    sample_of(Shopware, "state_enter-order-state-cancelled", &[], "order.updated"),
    sample_of(Shopware, "flow-action", &[], "order.updated"),
    sample_of(Shopware, "customer-written", &[], "customer.updated"),
    sample_of(Shopware, "newsletter-confirm", &[], "customer.updated"),
    sample_of(Bigcommerce, "store-order-created", &[], "order.placed"),
    sample_of(Bigcommerce, "store-order-refund-created", &[], "order.updated"),
    sample_of(Bigcommerce, "store-customer-updated", &[], "customer.updated"),
    sample_of(Bigcommerce, "store-subscriber-updated", &[], "customer.updated"),
];

impl Sample {
    fn request(&self, endpoint: &str, change: impl FnOnce(&mut Value)) -> Request<Bytes> {
        let mut body = sample(&format!("sources/{}/{}", self.platform, self.name));
        change(&mut body);
        let headers = self
            .headers
            .iter()
            .fold(post(&format!("/webhooks/acme/{endpoint}")), |request, (name, value)| request.header(*name, *value));
        platforms::sign(self.platform, headers.body(body.to_string().into()).unwrap())
    }

    /// How it ends in a shop with these settings.
    async fn ending(&self, endpoint: &str, settings: Value) -> (String, World) {
        let mut secret = platforms::everything();
        secret.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let world = World::with(secret);
        let receipt = world.receive(self.request(endpoint, |_| {})).await.receipt;
        (receipt.reason.unwrap_or(receipt.status), world)
    }
}

#[tokio::test]
async fn types_that_are_not_forwarded_are_ignored_and_those_that_are_come_through() {
    for sample in &SAMPLES {
        let name = format!("{} {:?}", sample.name, sample.headers);
        let others = ["order.placed", "order.updated", "customer.updated"].into_iter().filter(|t| *t != sample.becomes);
        for (forward, end) in
            [(json!([]), "not_forwarded"), (others.collect(), "not_forwarded"), (json!([sample.becomes]), "queued")]
        {
            let (found, world) = sample.ending(sample.endpoint, json!({"forward": forward})).await;
            assert_eq!(found, end, "{name} {forward}");
            assert_eq!(world.sent().len(), usize::from(end == "queued"), "{name}");
        }
        let elsewhere = if sample.endpoint == ORDERS { CUSTOMERS } else { ORDERS };
        // An action of the Flow Builder is about what its endpoint is about.
        let end = if sample.name == "flow-action" { "no_customer_id_in_flow_action" } else { "wrong_endpoint" };
        assert_eq!(sample.ending(elsewhere, json!({})).await.0, end, "{name}");
        assert_eq!(sample.ending("promotion-scheduled", json!({})).await.0, "wrong_endpoint", "{name}");
    }
}

#[tokio::test]
async fn webhooks_of_another_shop_are_rejected_without_their_bodies_whatever_their_topic() {
    for sample in &SAMPLES {
        let (found, world) =
            sample.ending(sample.endpoint, json!({"origins": ["one.example.com", sample.origin]})).await;
        assert_eq!(found, "queued", "{}", sample.name);
        assert!(world.parked().is_empty());
        for settings in [json!({"origins": ["one.example.com"]}), json!({"origins": ["x"], "forward": []})] {
            let (found, world) = sample.ending(sample.endpoint, settings).await;
            assert_eq!(found, "wrong_shop", "{}", sample.name);
            assert!(world.sent().is_empty());
            assert!(!world.parked().remove(0).body.contains("data_base64"), "{}", sample.name);
        }
    }
}

#[tokio::test]
async fn a_webhook_that_comes_again_is_the_same_event_and_no_other_is() {
    let mut known = std::collections::HashSet::new();
    for sample in &SAMPLES {
        let world = World::with(platforms::everything());
        for _ in 0..2 {
            // The samples signed as Standard Webhooks say all have one id: their topics tell them apart.
            world.receive(sample.request(sample.endpoint, |_| {})).await.assert(202, "queued", None);
            world.pass(60);
        }
        let ids: Vec<_> = world.sent().into_iter().map(|message| message.id).collect();
        assert_eq!(ids[0], ids[1], "{}", sample.name);
        assert!(known.insert(ids[0].clone()), "{}", sample.name);
    }
}

/// Of times that a shop writes, those that decide what is newer are never later than the receipt.
#[tokio::test]
async fn a_shop_whose_clock_is_ahead_is_believed_up_to_the_receipt_and_its_webhooks_are_taken() {
    let ahead = "2026-11-21T12:00:00";
    let now = Timestamp::from_second(NOW).unwrap();
    let set = |at: &'static [&'static str], text: String| {
        move |body: &mut Value| {
            for place in at {
                *body.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = json!(text);
            }
        }
    };
    let with_zone = format!("{ahead}Z");
    for (sample, places, text) in [
        (&SAMPLES[0], &["/updated_at"][..], &with_zone),
        (&SAMPLES[2], &["/updated_at", "/email_marketing_consent/consent_updated_at"], &with_zone),
        (&SAMPLES[3], &["/email_marketing_consent/consent_updated_at"], &with_zone),
        (&SAMPLES[4], &["/date_modified_gmt"], &ahead.to_owned()),
        (&SAMPLES[6], &["/date_modified_gmt"], &ahead.to_owned()),
        (&SAMPLES[7], &["/data/payload/order/updatedAt"], &with_zone),
        (&SAMPLES[11], &["/data/payload/newsletterRecipient/updatedAt"], &with_zone),
    ] {
        let world = World::with(platforms::everything());
        world.receive(sample.request(sample.endpoint, set(places, text.clone()))).await.assert(202, "queued", None);
        let Payload::Event(event) = world.sent().remove(0).payload else { panic!("an event") };
        assert_eq!(event.revision_time(), Some(now), "{}", sample.name);
        if let Event::CustomerUpdated(customer) = event {
            assert!(customer.consent_at.is_none_or(|at| at == now), "{}", sample.name);
        }
    }
    // A buyer's decision has a time of its own.
    let with_decision = |body: &mut Value| {
        body["customer"]["email_marketing_consent"] =
            json!({"state": "subscribed", "consent_updated_at": with_zone, "opt_in_level": null});
    };
    let world = World::with(platforms::everything());
    world.receive(SAMPLES[0].request(ORDERS, with_decision)).await.assert(202, "queued", None);
    let Payload::Event(Event::OrderPlaced(order)) = world.sent().remove(0).payload else { panic!("an order") };
    assert_eq!(order.customer.consent_at, Some(now));
}
