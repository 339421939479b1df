//! Sources: who sends webhooks, how they prove it, and what their payloads mean in our words.
//!
//! A source is pure and synchronous: it is given bytes and a secret and returns a value. Adding a platform is one file
//! with a [`Source`] and one line in [`of`].

use ::http::HeaderMap;
use jiff::Timestamp;

use crate::{
    event::{Event, EventType, Faults},
    message::{Person, Reference, Whose},
    secret::SourceSecret,
    shop::Platform,
};

mod authenticate;
pub(crate) mod bigcommerce;
pub(crate) mod canonical;
mod html;
mod json;
mod payload;
mod secret_header;
pub(crate) mod shopify;
pub(crate) mod shopware;
pub(crate) mod signature;
mod standard_webhooks;
#[cfg(test)]
mod tests;
pub(crate) mod woocommerce;

pub use authenticate::{Authentic, Proof, Verdict, authenticate};
pub(crate) use json::Json;

/// A webhook as it came: the raw request.
#[derive(Clone, Copy)]
pub struct Webhook<'w> {
    /// Its headers.
    pub headers: &'w HeaderMap,
    /// Its exact bytes.
    pub body: &'w [u8],
}

impl<'w> Webhook<'w> {
    /// A header's text, without blanks around it.
    pub fn header(&self, name: &str) -> Option<&'w str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// The body as JSON.
    fn json(&self) -> Result<Json<'w>, Unusable> {
        Ok(Json::parse(self.body)?)
    }
}

impl From<serde_json::Error> for Unusable {
    fn from(fault: serde_json::Error) -> Self {
        Self::NotJson { line: fault.line(), column: fault.column() }
    }
}

/// A system that sends webhooks.
pub trait Source: Sync {
    /// Checks the credential of a webhook over its raw bytes.
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, now: Timestamp) -> Verdict;

    /// Parses and maps an authentic webhook.
    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading;

    /// The headers that reading needs, beside the body.
    fn needed_headers(&self) -> &'static [&'static str];
}

/// The source of a platform.
pub fn of(platform: Platform) -> &'static dyn Source {
    match platform {
        Platform::Canonical => &canonical::Canonical,
        Platform::Shopify => &shopify::Shopify,
        Platform::Woocommerce => &woocommerce::Woocommerce,
        Platform::Shopware => &shopware::Shopware,
        Platform::Bigcommerce => &bigcommerce::Bigcommerce,
    }
}

/// What reading depends on beside the webhook itself.
pub struct Context<'c> {
    /// How the webhook proved to be authentic, and the shop's choices.
    pub authentic: &'c Authentic,
    /// What this endpoint takes.
    pub family: Family,
    /// When the webhook was received.
    pub received_at: Timestamp,
}

impl Context<'_> {
    /// Why an event of this type is not wanted here, if it is not: `forward` of the shop's secret, or another endpoint.
    pub(crate) fn unwanted(&self, kind: EventType) -> Option<&'static str> {
        let forwarded = self.authentic.shop.forward.as_ref().is_none_or(|types| types.contains(&kind));
        if Family::of(kind) != self.family {
            Some("wrong_endpoint")
        } else if !forwarded {
            Some("not_forwarded")
        } else {
            None
        }
    }
}

/// The kinds of things events are about; each has its endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Order,
    Customer,
    Promotion,
}

impl Family {
    /// The family of a type.
    pub const fn of(kind: EventType) -> Self {
        match kind {
            EventType::OrderPlaced | EventType::OrderUpdated => Self::Order,
            EventType::CustomerUpdated => Self::Customer,
            EventType::PromotionScheduled | EventType::PromotionCancelled => Self::Promotion,
        }
    }
}

/// What an authentic webhook says.
pub struct Reading {
    /// The platform's topic, as far as it is known.
    pub topic: Option<String>,
    /// The platform's own id of the event or delivery, the same when it is delivered again.
    pub delivery: Option<String>,
    /// The shop that the webhook says it comes from, where the platform tells: a domain, a host or a store's hash, as it
    /// stands in `origins` of the shop's secret.
    pub origin: Option<String>,
    /// The platform's sequence number, if it numbers its webhooks.
    pub sequence: Option<u64>,
    /// What it means to us.
    pub outcome: Outcome,
}

/// What an authentic webhook means to us.
pub enum Outcome {
    /// An event.
    Event(Event),
    /// It does not hold what it is about: that is fetched from the shop's API, by a worker. Never empty.
    References(Vec<Reference>),
    /// A person, or a whole shop, is to be forgotten.
    Erase(Whose),
    /// A person wants to know what is held about them.
    DataRequest(Person),
    /// Nothing to do, for this reason.
    Ignored(&'static str),
    /// It cannot be used.
    Unusable(Unusable),
}

impl From<Result<Event, Unusable>> for Outcome {
    fn from(result: Result<Event, Unusable>) -> Self {
        match result {
            Ok(event) => Self::Event(event),
            Err(unusable) => Self::Unusable(unusable),
        }
    }
}

/// Why an authentic webhook cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The body is not JSON.
    #[error("the body is not JSON at line {line}, column {column}")]
    NotJson {
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// The content type is not one that this source sends.
    #[error("the content type is not one of this source's")]
    ContentType,
    /// The platform's own API failed inside the shop, and its error came instead of the object.
    #[error("the shop sent an error of its REST API instead of the object: {code}, status {status}")]
    RestError {
        /// What the API calls it.
        code: String,
        /// The status it would have had as an answer.
        status: u64,
    },
    /// The body is JSON, but not what it should be.
    #[error("{0}")]
    Faults(Faults),
}

impl Unusable {
    /// A short code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "not_json",
            Self::ContentType => "content_type",
            Self::RestError { .. } => "rest_error",
            Self::Faults(_) => "unmappable",
        }
    }
}
