//! Shopify: HMAC-SHA-256 over the raw body under the app's client secret, in base64
//! (<https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>).
//!
//! Only the body is signed: topic, shop domain and ids come in headers that anybody could change.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    Context, Outcome, Proof, Reading, Source, Unusable, Verdict, Webhook,
    signature::{hmac_sha256, same},
};
use crate::{
    event::{self, Event, EventType},
    secret::SourceSecret,
};

mod customer;
mod order;

pub(super) struct Shopify;

/// A header's name in the form sent today and in the form of the announced Events API.
type Header = [&'static str; 2];

const SIGNATURE: Header = ["x-shopify-hmac-sha256", "shopify-hmac-sha256"];
const TOPIC: Header = ["x-shopify-topic", "shopify-topic"];
const SHOP_DOMAIN: Header = ["x-shopify-shop-domain", "shopify-shop-domain"];
/// One merchant's action; the same for all its deliveries.
const EVENT_ID: Header = ["x-shopify-event-id", "shopify-event-id"];
/// One delivery, the same on its retries.
const WEBHOOK_ID: Header = ["x-shopify-webhook-id", "shopify-webhook-id"];
const TRIGGERED_AT: Header = ["x-shopify-triggered-at", "shopify-triggered-at"];
const TEST: Header = ["x-shopify-test", "shopify-test"];

fn header<'w>(webhook: &Webhook<'w>, names: Header) -> Option<&'w str> {
    names.into_iter().find_map(|name| webhook.header(name)).filter(|text| !text.is_empty())
}

impl Source for Shopify {
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, _now: Timestamp) -> Verdict {
        let Some(claimed) = header(webhook, SIGNATURE).and_then(|signature| STANDARD.decode(signature).ok()) else {
            return Verdict::default();
        };
        let mut verdict = Verdict::default();
        for secret in &secret.signing_secrets {
            let code = hmac_sha256(secret.expose_secret().as_bytes(), &[webhook.body]);
            verdict.computed += 1;
            if same(&code, &claimed) {
                verdict.proof = Some(Proof::Signature);
            }
        }
        verdict
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let topic = header(webhook, TOPIC);
        let outcome = match topic.map(Topic::of) {
            Some(Topic::Event(kind)) => context
                .unwanted(kind)
                .map_or_else(|| map(webhook, context, kind).unwrap_or_else(Outcome::Unusable), Outcome::Ignored),
            Some(Topic::ToldByOrder) => Outcome::Ignored("told_by_orders_updated"),
            Some(Topic::Unknown) => Outcome::Ignored("unknown_topic"),
            None => Outcome::Ignored("no_topic"),
        };
        let delivery = header(webhook, EVENT_ID).or_else(|| header(webhook, WEBHOOK_ID));
        Reading {
            topic: topic.map(str::to_owned),
            delivery: delivery.map(str::to_owned),
            origin: header(webhook, SHOP_DOMAIN).map(str::to_owned),
            sequence: None,
            outcome,
        }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        const NEEDED: [Header; 6] = [TOPIC, SHOP_DOMAIN, EVENT_ID, WEBHOOK_ID, TRIGGERED_AT, TEST];
        NEEDED.as_flattened()
    }
}

/// What a topic is to us.
enum Topic {
    Event(EventType),
    /// Its body has no buyer or is no order; `orders/updated` comes beside it and carries the same change.
    ToldByOrder,
    Unknown,
}

impl Topic {
    fn of(name: &str) -> Self {
        match name {
            "orders/create" => Self::Event(EventType::OrderPlaced),
            "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => Self::Event(EventType::OrderUpdated),
            "customers/create" | "customers/update" => Self::Event(EventType::CustomerUpdated),
            "refunds/create" | "orders/edited" => Self::ToldByOrder,
            _ => Self::Unknown,
        }
    }
}

/// Why there is no event although the payload is sound.
type Ignored = &'static str;

/// What the headers add to a payload.
struct Circumstances {
    received_at: Timestamp,
    triggered_at: Option<Timestamp>,
    /// The header says that it is a test.
    test: bool,
}

impl Circumstances {
    fn of(webhook: &Webhook<'_>, context: &Context<'_>) -> Self {
        Self {
            received_at: context.received_at,
            triggered_at: header(webhook, TRIGGERED_AT).and_then(|time| time.parse().ok()),
            test: header(webhook, TEST) == Some("true"),
        }
    }

    /// When the subject became as it is, never later than we heard of it.
    fn revision(&self, updated_at: Option<Timestamp>) -> Timestamp {
        updated_at.or(self.triggered_at).unwrap_or(self.received_at).min(self.received_at)
    }
}

fn map(webhook: &Webhook<'_>, context: &Context<'_>, kind: EventType) -> Result<Outcome, Unusable> {
    let payload = webhook.json()?;
    let circumstances = Circumstances::of(webhook, context);
    let mapped = match kind {
        EventType::CustomerUpdated => customer::map(&payload, &circumstances),
        _ => order::map(&payload, &circumstances, context.authentic.shop.forward_test_orders),
    };
    Ok(match mapped {
        Ok(data) => canonical(&data, kind, context.received_at).into(),
        Err(reason) => Outcome::Ignored(reason),
    })
}

/// What is mapped passes the same checks as what shops write in our own format.
fn canonical(data: &Value, kind: EventType, now: Timestamp) -> Result<Event, Unusable> {
    event::read(data, |place| Event::read(place, kind, now)).map_err(Unusable::Faults)
}

/// An address is missing: because the buyer gave none, or because Shopify keeps it from apps that were not approved for
/// protected customer data, which leaves out the very keys
/// (<https://shopify.dev/docs/apps/launch/protected-customer-data>).
fn no_email(holders: &[&Value], keys: &[&str]) -> Ignored {
    let has_key = |holder: &&Value| keys.iter().any(|key| holder.get(key).is_some());
    if holders.iter().any(has_key) { "no_email" } else { "email_withheld_by_platform" }
}
