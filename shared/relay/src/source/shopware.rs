//! Shopware 6: lower-case hexadecimal HMAC-SHA-256 over the raw body under the secret that the shop was given when it
//! registered (<https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html>).
//!
//! Everything that says what a webhook is stands in its signed body. `timestamp` in it is the time of sending, new with
//! each attempt, and says nothing about the event; no window is laid over it, because a queue that stood still for hours
//! is no attack, and a replayed event is recognised by its id.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{
    Context, Json, Outcome, Proof, Reading, Source, Verdict, Webhook,
    payload::{at, canonical, first, text},
    signature::{hmac_sha256, same},
};
use crate::{
    event::EventType,
    message::{Reference, ReferenceKind},
    secret::SourceSecret,
    shop::Platform,
    text::hex,
};

mod amount;
mod customer;
mod flow;
mod newsletter;
mod order;
pub(crate) mod registration;
mod state;
mod topic;
mod written;

pub(crate) use flow::NUMBER;

pub(super) struct Shopware;

const SIGNATURE: &str = "shopware-shop-signature";
/// The same on all attempts; sent since the webhooks' rework in 6.7.12, before that only in the body.
const EVENT_ID: &str = "x-shopware-event-id";
/// Counts all events of a shop.
const SEQUENCE: &str = "x-shopware-sequence";
/// The id of the language that the shop was in.
const LANGUAGE_ID: &str = "sw-context-language";
/// The locale of that language, or of the person at the administration's screen.
const LOCALE: &str = "sw-user-language";

impl Source for Shopware {
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, _now: Timestamp) -> Verdict {
        let Some(claimed) = webhook.header(SIGNATURE) else { return Verdict::default() };
        let mut verdict = Verdict::default();
        for secret in &secret.signing_secrets {
            verdict.computed += 1;
            if is_signed(claimed, secret, webhook.body) {
                verdict.proof = Some(Proof::Signature);
            }
        }
        verdict
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let (body, unusable) = match webhook.json() {
            Ok(body) => (body, None),
            Err(unusable) => (Json::Null, Some(unusable)),
        };
        let header = |name| webhook.header(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let sequence = header(SEQUENCE).or_else(|| text(&body, &["source", "sequence"]));
        Reading {
            topic: text(&body, &["data", "event"])
                .or_else(|| text(&body, &["source", "action"]).map(|action| format!("flow_action:{action}"))),
            delivery: header(EVENT_ID).or_else(|| text(&body, &["source", "eventId"])).or_else(|| fingerprint(&body)),
            origin: text(&body, &["source", "url"]).and_then(|url| origin(&url)),
            sequence: sequence.and_then(|number| number.parse().ok()),
            outcome: unusable.map_or_else(|| outcome(&body, webhook, context), Outcome::Unusable),
        }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        &[EVENT_ID, SEQUENCE, LANGUAGE_ID, LOCALE]
    }
}

/// What stands for the id that events did not have before 6.4.11: what is sent again differs in its `timestamp` alone.
fn fingerprint(body: &Json<'_>) -> Option<String> {
    let mut rest = body.to_value();
    rest.as_object_mut()?.remove("timestamp")?;
    Some(hex(&hmac_sha256(b"event", &[rest.to_string().as_bytes()])))
}

/// Whether the text is the lower-case hexadecimal signature over these bytes.
fn is_signed(claimed: &str, secret: &SecretString, bytes: &[u8]) -> bool {
    same(hex(&hmac_sha256(secret.expose_secret().as_bytes(), &[bytes])).as_bytes(), claimed.as_bytes())
}

/// The shop's host, with its port if it is not the scheme's own. The path is left out: it says nothing about whose shop
/// it is.
fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn outcome(body: &Json<'_>, webhook: &Webhook<'_>, context: &Context<'_>) -> Outcome {
    let Some(name) = text(body, &["data", "event"]) else {
        let is_flow_action = text(body, &["source", "action"]).is_some();
        return if is_flow_action { flow::read(body, context) } else { Outcome::Ignored("no_topic") };
    };
    let payload = at(body, &["data", "payload"]).unwrap_or(&Json::Null);
    let circumstances = Circumstances::of(&name, webhook, context);
    match topic::Topic::of(&name) {
        topic::Topic::Ignored(reason) => Outcome::Ignored(reason),
        topic::Topic::Written(kind) => written::read(payload, kind, context),
        topic::Topic::Event(kind, subject) => context.unwanted(kind).map_or_else(
            || {
                let holder = payload.get(subject.field()).unwrap_or(&Json::Null);
                subject.map(holder, kind, &circumstances)
            },
            Outcome::Ignored,
        ),
    }
}

/// What a payload is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Order,
    Customer,
    Newsletter,
}

impl Subject {
    /// Where the payload holds it.
    const fn field(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Customer => "customer",
            Self::Newsletter => "newsletterRecipient",
        }
    }

    fn map(self, object: &Json<'_>, kind: EventType, circumstances: &Circumstances<'_>) -> Outcome {
        let mapped = match self {
            Self::Order if !order::is_complete(object) && text(object, &["id"]).is_some() => {
                return lacking(object, kind);
            }
            Self::Order => order::map(object, circumstances),
            Self::Customer => customer::map(object, circumstances),
            Self::Newsletter => newsletter::map(object, circumstances),
        };
        match mapped {
            Ok(data) => canonical(&data, kind, circumstances.received_at).into(),
            Err(reason) => Outcome::Ignored(reason),
        }
    }
}

/// What the shop's API says of the object that a reference names, mapped as if a webhook had brought it. `began` is when
/// it was read. An order without its associations is ignored as `incomplete`.
pub(crate) fn fetched(kind: ReferenceKind, event: EventType, object: &Value, began: Timestamp) -> Outcome {
    let circumstances = Circumstances { received_at: began, event: None, language: None };
    let subject = match kind {
        ReferenceKind::Order => Subject::Order,
        ReferenceKind::Customer => Subject::Customer,
        ReferenceKind::Consent => Subject::Newsletter,
    };
    match subject.map(&object.into(), event, &circumstances) {
        Outcome::References(_) => Outcome::Ignored("incomplete"),
        outcome => outcome,
    }
}

/// An order whose buyer, lines or currency the shop did not load is fetched.
fn lacking(order: &Json<'_>, event: EventType) -> Outcome {
    let id = text(order, &["id"]).unwrap_or_default();
    Outcome::References(vec![reference(ReferenceKind::Order, id, event)])
}

fn reference(kind: ReferenceKind, id: String, event: EventType) -> Reference {
    Reference { platform: Platform::Shopware, kind, id, event }
}

/// Whether it is an id as Shopware gives them: 32 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Why there is no event although the payload is sound.
type Ignored = &'static str;

/// What is known about an object beside the object.
struct Circumstances<'c> {
    /// When it was received, or read.
    received_at: Timestamp,
    /// The event's name, if an event brought it.
    event: Option<&'c str>,
    /// A language's id and its locale, as far as the headers tell.
    language: Option<(&'c str, &'c str)>,
}

impl<'c> Circumstances<'c> {
    fn of(event: &'c str, webhook: &Webhook<'c>, context: &Context<'_>) -> Self {
        // What happens in the administration has the locale of the person at its screen.
        let is_of_buyer = event.starts_with("checkout.") || event.starts_with("newsletter.");
        let language = webhook.header(LANGUAGE_ID).zip(webhook.header(LOCALE)).filter(|_| is_of_buyer);
        Self { received_at: context.received_at, event: Some(event), language }
    }

    /// The locale of the object's language.
    fn language(&self, object: &Json<'_>) -> Option<String> {
        let loaded = first(object, &[&["language", "locale", "code"], &["language", "translationCode", "code"]]);
        let id = text(object, &["languageId"]);
        let of_header = self.language.filter(|(known, _)| Some(*known) == id.as_deref());
        loaded.or_else(|| of_header.map(|(_, locale)| locale.to_owned()))
    }

    /// The latest of these times, never later than we heard of it.
    fn latest(&self, times: impl IntoIterator<Item = Option<Timestamp>>) -> Timestamp {
        times.into_iter().flatten().max().unwrap_or(self.received_at).min(self.received_at)
    }
}
