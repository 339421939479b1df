//! The built-in bodies: the same files the documentation shows, with fresh ids and times.

use jiff::Timestamp;
use relay::{
    event::{Channel, EventType},
    random::Random,
    shop::Platform,
};
use serde_json::Value;

use super::{Topic, catalogue};

mod fresh;

pub(super) use fresh::hex;

/// What a sample is to be like.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'w> {
    /// Which of the promotions.
    pub(crate) channel: Channel,
    /// The id of the order, customer or promotion; otherwise it is a new one each time.
    pub(crate) id: Option<&'w str>,
    /// The shop's domain, host or store hash, where the body tells it.
    pub(crate) origin: &'w str,
}

/// The sample for a topic, told as if it happened just now.
pub(crate) fn body(topic: &Topic, wish: &Wish<'_>, now: Timestamp, random: &dyn Random) -> Result<Value, String> {
    let Some(text) = text(topic, wish.channel) else {
        return Err(format!(
            "there is no sample for {topic}: give the body with --file. There are\n{}",
            catalogue::overview_of(topic.platform()).trim_end()
        ));
    };
    let mut body: Value = serde_json::from_str(text).map_err(|error| format!("the sample for {topic}: {error}"))?;
    fresh::tell_anew(&mut body, topic, wish, now, random)?;
    Ok(body)
}

macro_rules! samples {
    ($($folder:literal: $($name:literal),+;)+) => {
        &[$($(($folder, $name, include_str!(concat!("../../../events/", $folder, "/", $name, ".json")))),+),+]
    };
}

/// All of them: folder, name and text.
const SAMPLES: &[(&str, &str, &str)] = samples! {
    "canonical": "order.placed", "order.updated", "customer.updated", "promotion.scheduled.push",
        "promotion.scheduled.news", "promotion.scheduled.teaser", "promotion.scheduled.personalised_push",
        "promotion.cancelled";
    "sources/shopify": "orders-create", "customers-create", "customers_email_marketing_consent-update",
        "customers-data_request", "customers-redact", "shop-redact";
    "sources/woocommerce": "order-created", "order-updated", "customer-created", "customer-updated";
    "sources/shopware": "checkout-order-placed", "state_enter-order-state-cancelled", "order-written", "flow-action",
        "checkout-customer-register", "customer-written", "newsletter-register", "newsletter-confirm",
        "newsletter-unsubscribe", "app-deleted";
    "sources/bigcommerce": "store-order-created", "store-order-updated", "store-order-statusUpdated",
        "store-order-refund-created", "store-order-transaction-created", "store-customer-created",
        "store-customer-updated", "store-customer-address-updated", "store-subscriber-created",
        "store-subscriber-updated";
};

fn text(topic: &Topic, channel: Channel) -> Option<&'static str> {
    let (folder, name) = match topic {
        Topic::Canonical(EventType::PromotionScheduled) => {
            ("canonical".to_owned(), format!("promotion.scheduled.{}", channel.name()))
        }
        Topic::Canonical(kind) => ("canonical".to_owned(), kind.name().to_owned()),
        Topic::Of(platform, name) => {
            let like = topic.known().and_then(|known| known.like);
            return find(&folder(*platform), &file(name)).or_else(|| find(&folder(*platform), &file(like?)));
        }
    };
    find(&folder, &name)
}

fn folder(platform: Platform) -> String {
    format!("sources/{platform}")
}

/// The name of a topic's file.
fn file(topic: &str) -> String {
    topic.replace(['/', '.'], "-")
}

fn find(folder: &str, name: &str) -> Option<&'static str> {
    SAMPLES.iter().find(|sample| sample.0 == folder && sample.1 == name).map(|(_, _, text)| *text)
}

#[cfg(test)]
mod tests;
