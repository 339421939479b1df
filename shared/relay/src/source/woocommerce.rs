//! WooCommerce: HMAC-SHA-256 over the raw body under the webhook's secret, in base64
//! (<https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php>).
//!
//! Only the body is signed: topic and source come in headers that anybody could change. The body is what the shop's REST
//! API (version 3) answers, made when the webhook is sent, which may be minutes after what it reports.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::{
    Context, Json, Outcome, Reading, Source, Unusable, Verdict, Webhook, html,
    payload::{at, canonical, text},
    signature::over_body,
};
use crate::{event::EventType, secret::SourceSecret};

mod amount;
mod customer;
mod item;
mod key;
mod order;

pub(super) struct Woocommerce;

const SIGNATURE: &str = "x-wc-webhook-signature";
const TOPIC: &str = "x-wc-webhook-topic";
/// The URL of the shop.
const SOURCE: &str = "x-wc-webhook-source";

/// Whether it is the unsigned form WooCommerce sends when a webhook is activated: `webhook_id=` and digits, no topic.
/// Anything but 200 keeps the webhook from being activated.
pub(crate) fn is_ping(webhook: &Webhook<'_>) -> bool {
    let digits = webhook.body.strip_prefix(b"webhook_id=").unwrap_or_default();
    let is_form = webhook.header(TOPIC).is_none() && webhook.header(SIGNATURE).is_none();
    is_form && (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

impl Source for Woocommerce {
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, _now: Timestamp) -> Verdict {
        let Some(claimed) = webhook.header(SIGNATURE).and_then(|signature| STANDARD.decode(signature).ok()) else {
            return Verdict::default();
        };
        let keys = secret.signing_secrets.iter().flat_map(|secret| key::keys(secret.expose_secret()));
        over_body(webhook, keys, &claimed)
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let topic = webhook.header(TOPIC).filter(|topic| !topic.is_empty());
        let outcome = match topic.map(Topic::of) {
            Some(Topic::Event(kind)) => context
                .unwanted(kind)
                .map_or_else(|| map(webhook, context, kind).unwrap_or_else(Outcome::Unusable), Outcome::Ignored),
            Some(Topic::Ignored(reason)) => Outcome::Ignored(reason),
            None => Outcome::Ignored("no_topic"),
        };
        Reading {
            topic: topic.map(str::to_owned),
            // The delivery's id is made from the webhook's id and the second: two orders of one second share it.
            delivery: None,
            origin: webhook.header(SOURCE).and_then(host),
            sequence: None,
            outcome,
        }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        &[TOPIC, SOURCE]
    }
}

fn host(source: &str) -> Option<String> {
    url::Url::parse(source).ok()?.host_str().map(str::to_owned)
}

/// What a topic is to us.
enum Topic {
    Event(EventType),
    Ignored(&'static str),
}

impl Topic {
    fn of(name: &str) -> Self {
        match name {
            "order.created" => Self::Event(EventType::OrderPlaced),
            "order.updated" | "order.restored" => Self::Event(EventType::OrderUpdated),
            "customer.created" | "customer.updated" => Self::Event(EventType::CustomerUpdated),
            "order.deleted" => Self::Ignored(ORDER_DELETED),
            "customer.deleted" => Self::Ignored("customer_deleted"),
            _ => Self::Ignored(match name.split('.').next() {
                Some("coupon") => "coupon_topic",
                Some("product") => "product_topic",
                Some("action") => "action_topic",
                _ => "unknown_topic",
            }),
        }
    }
}

/// The order was put into the trash, or is gone.
const ORDER_DELETED: &str = "order_deleted";

/// Why there is no event although the payload is sound.
type Ignored = &'static str;

fn map(webhook: &Webhook<'_>, context: &Context<'_>, kind: EventType) -> Result<Outcome, Unusable> {
    let payload = webhook.json()?;
    if let Some(error) = rest_error(&payload) {
        return Err(error);
    }
    let time_zone = context.authentic.shop.time_zone.clone().unwrap_or(TimeZone::UTC);
    let times = Times { received_at: context.received_at, time_zone };
    let mapped = match kind {
        EventType::CustomerUpdated => customer::map(&payload, &times),
        _ => order::map(&payload, &times),
    };
    Ok(match mapped {
        Ok(data) => canonical(&data, kind, context.received_at).into(),
        Err(reason) => Outcome::Ignored(reason),
    })
}

/// A webhook is made in the name of the user who created it. When that user loses the right to read orders or customers,
/// the body is the REST API's error, duly signed.
fn rest_error(payload: &Json<'_>) -> Option<Unusable> {
    let status = at(payload, &["data", "status"])?.as_u64()?;
    let code = text(payload, &["code"]).filter(|_| at(payload, &["id"]).is_none())?;
    Some(Unusable::RestError { code, status })
}

/// How a payload's times are understood.
struct Times {
    received_at: Timestamp,
    /// The shop's own, as far as its secret says it; otherwise UTC.
    time_zone: TimeZone,
}

impl Times {
    /// The time of this name. `…_gmt` is UTC without saying so; beside it stands the shop's local time, which counts only
    /// where the other is missing.
    fn at(&self, payload: &Json<'_>, name: &str) -> Option<Timestamp> {
        let read = |name: &str, zone: &TimeZone| {
            let text = text(payload, &[name])?;
            let naive = || zone.to_ambiguous_zoned(text.parse::<DateTime>().ok()?).compatible().ok();
            text.parse().ok().or_else(|| naive().map(|zoned| zoned.timestamp()))
        };
        read(&format!("{name}_gmt"), &TimeZone::UTC).or_else(|| read(name, &self.time_zone))
    }

    /// When the subject became as it is, never later than we heard of it.
    fn revision(&self, payload: &Json<'_>) -> Timestamp {
        let known = self.at(payload, "date_modified").or_else(|| self.at(payload, "date_created"));
        known.unwrap_or(self.received_at).min(self.received_at)
    }
}

/// The text at this path as people read it: WordPress keeps some texts with HTML's character references.
fn plain(value: &Json<'_>, path: &[&str]) -> Option<String> {
    plain_text(&text(value, path)?)
}

fn plain_text(html: &str) -> Option<String> {
    text(&Json::String(html::decoded(html).into()), &[])
}

/// The first of several paths that has a text, as people read it.
fn first_plain(value: &Json<'_>, paths: &[&[&str]]) -> Option<String> {
    paths.iter().find_map(|path| plain(value, path))
}

/// `meta_data` as an object. Names that begin with `_` are WordPress's and its plugins' own business.
fn meta_data(owner: &Json<'_>) -> Map<String, Value> {
    let named = |entry: &Json<'_>| {
        let name = text(entry, &["key"]).filter(|name| !name.starts_with('_'))?;
        let value = match at(entry, &["value"])? {
            Json::String(text) => Value::String(plain_text(text)?),
            value => value.to_value(),
        };
        Some((name, value))
    };
    super::payload::list(owner, &["meta_data"]).iter().filter_map(named).collect()
}
