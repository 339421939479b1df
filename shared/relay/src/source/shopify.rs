//! Shopify: HMAC-SHA-256 over the raw body under the app's client secret, in base64
//! (<https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>).
//!
//! Only the body is signed: topic, shop domain and ids come in headers that anybody could change.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{
    Context, Family, Json, Outcome, Reading, Source, Unusable, Verdict, Webhook,
    payload::{canonical, first, text},
    signature::over_body,
};
use crate::{
    alarm::Alarm,
    event::{Event, EventType},
    secret::SourceSecret,
    text::word,
};

mod consent;
mod customer;
mod order;
mod privacy;
mod topic;

use topic::{Topic, UNINSTALLED};

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
        over_body(webhook, secret.signing_secrets.iter().map(ExposeSecret::expose_secret), &claimed)
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let name = header(webhook, TOPIC);
        let circumstances = Circumstances::of(webhook, context);
        let mut origin = header(webhook, SHOP_DOMAIN).map(str::to_owned);
        let outcome = match name.map(Topic::of) {
            Some(Topic::Event(kind)) => wanted(webhook, context, kind, |payload| {
                let data = if kind == EventType::CustomerUpdated {
                    customer::map(payload, &circumstances)
                } else {
                    order::map(payload, &circumstances, context.authentic.shop.forward_test_orders)
                };
                mapped(data, kind, context.received_at).into()
            }),
            Some(Topic::Consent) => wanted(webhook, context, EventType::CustomerUpdated, |payload| {
                consent::map(payload, &circumstances, context.received_at)
            }),
            // No choice of the shop's keeps these away, and no mistake in a URL, as long as its function can pass them on.
            Some(Topic::Privacy(_)) if context.family == Family::Promotion => Outcome::Ignored("wrong_endpoint"),
            Some(Topic::Privacy(request)) => match webhook.json() {
                Ok(payload) => {
                    // One URL takes those of all shops that have the app, and this, unlike the header, is signed.
                    origin = text(&payload, &["shop_domain"]).or(origin);
                    privacy::map(&payload, &circumstances, request)
                }
                Err(unusable) => Outcome::Unusable(unusable),
            },
            Some(Topic::Ignored(reason)) => Outcome::Ignored(reason),
            None => Outcome::Ignored("no_topic"),
        };
        sound_alarm(&outcome, origin.as_deref());
        let delivery = header(webhook, EVENT_ID).or_else(|| header(webhook, WEBHOOK_ID));
        Reading {
            topic: name.map(str::to_owned),
            delivery: delivery.map(str::to_owned),
            origin,
            sequence: None,
            outcome,
        }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        const NEEDED: [Header; 6] = [TOPIC, SHOP_DOMAIN, EVENT_ID, WEBHOOK_ID, TRIGGERED_AT, TEST];
        NEEDED.as_flattened()
    }
}

/// Maps the payload, if the shop wants events of this type here.
fn wanted(
    webhook: &Webhook<'_>,
    context: &Context<'_>,
    kind: EventType,
    map: impl FnOnce(&Json<'_>) -> Outcome,
) -> Outcome {
    match (context.unwanted(kind), webhook.json()) {
        (Some(reason), _) => Outcome::Ignored(reason),
        (None, Ok(payload)) => map(&payload),
        (None, Err(unusable)) => Outcome::Unusable(unusable),
    }
}

/// Some of what is ignored means that something is wrong, which nobody sees in Shopify.
fn sound_alarm(outcome: &Outcome, shop_domain: Option<&str>) {
    let (alarm, meaning) = match outcome {
        Outcome::Ignored(UNINSTALLED) => {
            (Alarm::AppUninstalled, "the app was removed from the shop: no more webhooks will come")
        }
        Outcome::Ignored(EMAIL_WITHHELD) => {
            let meaning = "the app has no access to protected customer data: nothing can be forwarded";
            (Alarm::EmailWithheldByPlatform, meaning)
        }
        _ => return,
    };
    let shop_domain = shop_domain.map(word);
    tracing::error!(%alarm, shop_domain, meaning, "Shopify");
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

    /// Of what is read from the shop's API.
    const fn of_fetching(began: Timestamp) -> Self {
        Self { received_at: began, triggered_at: None, test: false }
    }

    /// When the subject became as it is, never later than we heard of it.
    fn revision(&self, updated_at: Option<Timestamp>) -> Timestamp {
        updated_at.or(self.triggered_at).unwrap_or(self.received_at).min(self.received_at)
    }
}

/// An event, or why there is none.
pub(crate) type Mapped = Result<Result<Event, Ignored>, Unusable>;

fn mapped(data: Result<Value, Ignored>, kind: EventType, now: Timestamp) -> Mapped {
    match data {
        Ok(data) => canonical(&data, kind, now).map(Ok),
        Err(reason) => Ok(Err(reason)),
    }
}

impl From<Mapped> for Outcome {
    fn from(mapped: Mapped) -> Self {
        match mapped {
            Ok(Ok(event)) => Self::Event(event),
            Ok(Err(reason)) => Self::Ignored(reason),
            Err(unusable) => Self::Unusable(unusable),
        }
    }
}

/// An address is missing: because the buyer gave none, or because Shopify keeps it from apps that were not approved for
/// protected customer data, which leaves out the very keys
/// (<https://shopify.dev/docs/apps/launch/protected-customer-data>).
fn no_email(holders: &[&Json<'_>], keys: &[&str]) -> Ignored {
    let has_key = |holder: &&Json<'_>| keys.iter().any(|key| holder.get(key).is_some());
    if holders.iter().any(has_key) { "no_email" } else { EMAIL_WITHHELD }
}

const EMAIL_WITHHELD: &str = "email_withheld_by_platform";

/// An id: a number beyond what floating point holds, a string, or the end of a global one (`gid://shopify/Order/1`).
fn id(object: &Json<'_>, field: &str) -> Option<String> {
    let id = first(object, &[&[field], &["admin_graphql_api_id"]])?;
    Some(id.rsplit('/').next().map_or(id.clone(), str::to_owned))
}

/// What the shop's API answers for an order, as the event it stands for. No test order's is.
pub(crate) fn map_order(order: &Value, kind: EventType, began: Timestamp) -> Mapped {
    mapped(order::map(&order.into(), &Circumstances::of_fetching(began), false), kind, began)
}

/// What the shop's API answers for a customer.
pub(crate) fn map_customer(customer: &Value, began: Timestamp) -> Mapped {
    mapped(customer::map(&customer.into(), &Circumstances::of_fetching(began)), EventType::CustomerUpdated, began)
}

/// The decision in what the shop's API answers for a customer.
pub(crate) fn map_consent(customer: &Value, began: Timestamp) -> Mapped {
    consent::of_customer(&customer.into(), &Circumstances::of_fetching(began), began)
}
