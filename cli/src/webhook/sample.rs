//! The built-in bodies: the same files the documentation shows, with fresh ids and times.

use jiff::Timestamp;
use relay::{
    event::{Channel, EventType},
    random::Random,
};
use serde_json::Value;

use super::Topic;

/// The sample for a topic, told as if it happened just now. `channel` chooses among the promotions, `id` names the
/// order, customer or promotion; otherwise it is a new one each time.
pub(crate) fn body(
    topic: &Topic,
    channel: Channel,
    id: Option<&str>,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Value, String> {
    let text =
        text(topic, channel).ok_or_else(|| format!("there is no sample for {topic}: give the body with --file"))?;
    let mut body: Value = serde_json::from_str(text).map_err(|error| format!("the sample for {topic}: {error}"))?;
    let fresh = 1_000_000_000_000 + random.next() % 9_000_000_000_000;
    match topic {
        Topic::Canonical(kind) => {
            let prefix = if matches!(kind, EventType::PromotionScheduled) { "promotion-" } else { "" };
            body["data"]["id"] = id.map_or_else(|| format!("{prefix}{fresh}").into(), Value::from);
            let reference = body["data"]["updated_at"].clone();
            shift(&mut body, &reference, now);
        }
        Topic::Shopify(_) => {
            let id = id.map_or(Ok(fresh), str::parse).map_err(|_| "Shopify's ids are whole numbers")?;
            body["id"] = id.into();
            let kind = if body.get("line_items").is_some() { "Order" } else { "Customer" };
            body["admin_graphql_api_id"] = format!("gid://shopify/{kind}/{id}").into();
            let reference = body["updated_at"].clone();
            shift(&mut body, &reference, now);
        }
    }
    Ok(body)
}

fn text(topic: &Topic, channel: Channel) -> Option<&'static str> {
    macro_rules! event {
        ($path:literal) => {
            include_str!(concat!("../../../events/", $path, ".json"))
        };
    }
    Some(match topic {
        Topic::Canonical(EventType::OrderPlaced) => event!("canonical/order.placed"),
        Topic::Canonical(EventType::OrderUpdated) => event!("canonical/order.updated"),
        Topic::Canonical(EventType::CustomerUpdated) => event!("canonical/customer.updated"),
        Topic::Canonical(EventType::PromotionScheduled) => match channel {
            Channel::Push => event!("canonical/promotion.scheduled.push"),
            Channel::News => event!("canonical/promotion.scheduled.news"),
            Channel::Teaser => event!("canonical/promotion.scheduled.teaser"),
            Channel::PersonalisedPush => event!("canonical/promotion.scheduled.personalised_push"),
        },
        Topic::Canonical(EventType::PromotionCancelled) => event!("canonical/promotion.cancelled"),
        Topic::Shopify(topic) => match topic.as_str() {
            // Shopify sends the same object for all of these.
            "orders/create" | "orders/updated" | "orders/paid" | "orders/fulfilled" | "orders/cancelled" => {
                event!("sources/shopify/orders-create")
            }
            "customers/create" | "customers/update" => event!("sources/shopify/customers-create"),
            _ => return None,
        },
    })
}

/// Moves every instant so far that the reference becomes the present, whole seconds.
fn shift(value: &mut Value, reference: &Value, now: Timestamp) {
    let Some(Ok(reference)) = reference.as_str().map(str::parse::<Timestamp>) else { return };
    move_by(value, now.as_second() - reference.as_second());
}

fn move_by(value: &mut Value, seconds: i64) {
    match value {
        Value::String(text) => {
            if let Ok(at) = text.parse::<Timestamp>()
                && let Ok(moved) = Timestamp::from_second(at.as_second().saturating_add(seconds))
            {
                *text = moved.to_string();
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| move_by(item, seconds)),
        Value::Object(map) => map.values_mut().for_each(|item| move_by(item, seconds)),
        _ => {}
    }
}
