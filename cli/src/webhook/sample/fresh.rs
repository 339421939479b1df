//! Makes a recorded body a new one: another id, and as if it had happened just now.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use relay::{event::EventType, random::Random, shop::Platform};
use serde_json::Value;

use super::{Topic, Wish};

/// Gives the body a new id, moves its times to the present and lets it come from the wished shop.
pub(super) fn tell_anew(
    body: &mut Value,
    topic: &Topic,
    wish: &Wish<'_>,
    now: Timestamp,
    random: &dyn Random,
) -> Result<(), String> {
    let platform = topic.platform();
    let reference = references(platform).iter().find_map(|pointer| instant(body.pointer(pointer)?.as_str()?));
    if let Some(reference) = reference {
        move_by(body, now.as_second() - reference.as_second());
    }
    let promotion = matches!(topic, Topic::Canonical(EventType::PromotionScheduled | EventType::PromotionCancelled));
    let prefix = if promotion { "promotion-" } else { "" };
    if let Some(old) =
        ids(platform).iter().find_map(|pointer| body.pointer(pointer).filter(|id| !id.is_null())).cloned()
    {
        let new = new_id(&old, prefix, wish.id, random).map_err(|()| format!("{platform}'s ids are whole numbers"))?;
        replace(body, &old, &new);
    } else if wish.id.is_some() {
        return Err(format!("the sample for {topic} has no id"));
    }
    envelope(body, topic, wish.origin, now, random);
    Ok(())
}

/// Where a body says when it was last changed: that becomes the present.
const fn references(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Canonical => &["/data/updated_at"],
        Platform::Shopify => &["/updated_at", "/email_marketing_consent/consent_updated_at"],
        // The other times are the shop's local ones.
        Platform::Woocommerce => &["/date_modified_gmt", "/date_created_gmt"],
        Platform::Shopware => &[
            "/data/payload/order/updatedAt",
            "/data/payload/order/createdAt",
            "/data/payload/order/orderDateTime",
            "/data/payload/customer/updatedAt",
            "/data/payload/customer/createdAt",
            "/data/payload/newsletterRecipient/updatedAt",
            "/data/payload/newsletterRecipient/createdAt",
        ],
        Platform::Bigcommerce => &[],
    }
}

/// Where a body has the id of what it is about.
const fn ids(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Canonical => &["/data/id"],
        Platform::Shopify => &["/id", "/customer_id", "/customer/id"],
        Platform::Woocommerce => &["/id"],
        Platform::Shopware => &[
            "/data/payload/order/id",
            "/data/payload/customer/id",
            "/data/payload/newsletterRecipient/id",
            "/data/payload/0/primaryKey",
            "/orderId",
        ],
        Platform::Bigcommerce => &["/data/order_id", "/data/address/customer_id", "/data/id"],
    }
}

/// An id of the same kind: a number, 32 hexadecimal digits, or a text.
fn new_id(old: &Value, prefix: &str, wished: Option<&str>, random: &dyn Random) -> Result<Value, ()> {
    let fresh = 1_000_000_000_000 + random.next() % 9_000_000_000_000;
    match (old, wished) {
        (Value::Number(_), Some(id)) => id.parse::<u64>().map(Value::from).map_err(|_| ()),
        (Value::Number(_), None) => Ok(fresh.into()),
        (_, Some(id)) => Ok(id.into()),
        (Value::String(text), None) if is_hex(text) => Ok(hex(random).into()),
        (_, None) => Ok(format!("{prefix}{fresh}").into()),
    }
}

fn is_hex(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 32 random hexadecimal digits.
pub(in crate::webhook) fn hex(random: &dyn Random) -> String {
    format!("{:016x}{:016x}", random.next(), random.next())
}

/// What the envelope tells of the delivery and the shop, where there is one.
fn envelope(body: &mut Value, topic: &Topic, origin: &str, now: Timestamp, random: &dyn Random) {
    let mut set = |pointer: &str, value: Value| {
        if let Some(place) = body.pointer_mut(pointer) {
            *place = value;
        }
    };
    match topic.platform() {
        Platform::Shopware => {
            // A sample may serve for several topics.
            set("/data/event", topic.name().into());
            set("/timestamp", now.as_second().into());
            set("/source/eventId", hex(random).into());
            set("/source/url", format!("https://{origin}").into());
        }
        Platform::Bigcommerce => {
            set("/scope", topic.name().into());
            set("/created_at", now.as_second().into());
            set("/hash", format!("{}{:08x}", hex(random), random.next() >> 32).into());
            set("/producer", format!("stores/{origin}").into());
        }
        Platform::Shopify => {
            for pointer in ["/shop_domain", "/myshopify_domain"] {
                set(pointer, origin.into());
            }
        }
        Platform::Canonical | Platform::Woocommerce => {}
    }
}

/// The old id becomes the new one wherever it stands, also as text and at the end of a path (`gid://shopify/Order/1`).
fn replace(value: &mut Value, old: &Value, new: &Value) {
    let (from, to) = (plain(old), plain(new));
    match value {
        Value::Array(list) => list.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Object(map) => map.values_mut().for_each(|item| replace(item, old, new)),
        Value::String(text) if *text == from => *text = to,
        Value::String(text) => {
            if let Some(path) = text.strip_suffix(&from).filter(|path| path.ends_with('/')) {
                *text = format!("{path}{to}");
            }
        }
        other if other == old => *other = new.clone(),
        _ => {}
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// An instant, with an offset or, as WooCommerce writes it, in UTC without saying so.
fn instant(text: &str) -> Option<Timestamp> {
    let utc = || Some(text.parse::<DateTime>().ok()?.in_tz("UTC").ok()?.timestamp());
    text.parse().ok().or_else(utc)
}

/// Moves every time in the body.
fn move_by(value: &mut Value, seconds: i64) {
    match value {
        Value::String(text) => {
            if let Some(moved) = moved(text, seconds) {
                *text = moved;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| move_by(item, seconds)),
        Value::Object(map) => {
            // Shopware writes birthdays as times.
            map.iter_mut().filter(|(name, _)| *name != "birthday").for_each(|(_, item)| move_by(item, seconds));
        }
        _ => {}
    }
}

/// The time so many seconds later, to the second, written as it was.
fn moved(text: &str, seconds: i64) -> Option<String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        let later = Timestamp::from_second(at.as_second().saturating_add(seconds)).ok()?;
        let in_php = text.contains('.') && text.ends_with("+00:00");
        return Some(if in_php {
            later.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
        } else {
            later.to_string()
        });
    }
    // A local time; a mere date, such as a birthday, stays.
    let local: DateTime = Some(text).filter(|text| text.len() == 19 && text.contains('T'))?.parse().ok()?;
    let later = local.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    Some(later.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_the_way_their_platform_writes_them() {
        for (text, later) in [
            ("2026-11-21T10:15:00+01:00", Some("2026-11-21T10:15:00Z")),
            ("2026-11-21T10:15:00.557+00:00", Some("2026-11-21T11:15:00.000+00:00")),
            ("2026-11-21T23:30:00", Some("2026-11-22T00:30:00")),
            ("2026-11-21", None),
            ("Nuremberg", None),
        ] {
            assert_eq!(moved(text, 3_600).as_deref(), later, "{text}");
        }
    }

    #[test]
    fn an_id_is_replaced_wherever_it_stands() {
        let mut body = serde_json::json!({"id": 963, "number": "963", "quantity": 9, "self": ["/orders/963", "1963"]});
        replace(&mut body, &963.into(), &7.into());
        assert_eq!(body, serde_json::json!({"id": 7, "number": "7", "quantity": 9, "self": ["/orders/7", "1963"]}));
    }
}
