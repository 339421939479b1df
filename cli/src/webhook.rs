//! A webhook as a shop sends it: topic, credential, headers, body.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use jiff::Timestamp;
use relay::{
    event::EventType,
    random::Random,
    secret::{SourceSecret, WebhookSecret},
    shop::Platform,
};
use secrecy::{ExposeSecret, SecretString};

use crate::signing;

mod client;
pub(crate) mod sample;

pub(crate) use client::{Answer, Client, webhook_url};

/// Which event a webhook reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `order.placed`, …
    Canonical(EventType),
    /// `shopify:orders/create`, …
    Shopify(String),
}

impl FromStr for Topic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => EventType::from_name(text).map(Self::Canonical).ok_or_else(|| {
                let known = EventType::ALL.map(EventType::name).join(", ");
                format!("there are {known}; or PLATFORM:TOPIC, such as shopify:orders/create")
            }),
            Some(("canonical", name)) if !name.contains(':') => name.parse(),
            Some(("shopify", topic)) if topic.contains('/') && topic.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self::Shopify(topic.to_owned()))
            }
            Some(_) => Err("must be a canonical type or shopify:TOPIC, such as shopify:orders/create".into()),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canonical(kind) => f.write_str(kind.name()),
            Self::Shopify(topic) => write!(f, "shopify:{topic}"),
        }
    }
}

impl Topic {
    /// Whose topic it is.
    pub(crate) const fn platform(&self) -> Platform {
        match self {
            Self::Canonical(_) => Platform::Canonical,
            Self::Shopify(_) => Platform::Shopify,
        }
    }

    /// The last segment of the URL it is sent to.
    pub(crate) fn endpoint(&self) -> &'static str {
        match self {
            Self::Canonical(EventType::OrderPlaced) => "order-placed",
            Self::Canonical(EventType::CustomerUpdated) => "customer-updated",
            Self::Canonical(EventType::PromotionScheduled) => "promotion-scheduled",
            Self::Canonical(EventType::PromotionCancelled) => "promotion-cancelled",
            Self::Shopify(topic) if topic == "orders/create" => "order-placed",
            Self::Shopify(topic) if topic.starts_with("customers") || topic.starts_with("shop/") => "customer-updated",
            Self::Canonical(EventType::OrderUpdated) | Self::Shopify(_) => "order-updated",
        }
    }
}

/// What a source proves itself with.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// A signature made with this secret.
    Signature(SecretString),
    /// A secret header: its name and value. Canonical sources only.
    Header(String, SecretString),
}

impl Credential {
    /// The newest credential of the shop's source for this topic; by header only where wanted, or where there is no
    /// signing secret.
    pub(crate) fn of_shop(secret: &WebhookSecret, topic: &Topic, by_header: bool) -> Result<Self, String> {
        let platform = topic.platform();
        let mut sources = secret.sources.iter().filter(|source| source.platform == platform).peekable();
        if sources.peek().is_none() {
            let known: Vec<&str> = secret.sources.iter().map(|source| source.platform.name()).collect();
            return Err(format!("the shop has no {platform} source, only {}", known.join(", ")));
        }
        let found = sources.find_map(|source| Self::of_source(source, by_header));
        found.ok_or_else(|| {
            format!("the shop's {platform} source has no {}", if by_header { "header" } else { "secret" })
        })
    }

    fn of_source(source: &SourceSecret, by_header: bool) -> Option<Self> {
        let signature = source.signing_secrets.first().cloned().map(Self::Signature);
        let header =
            source.header.as_ref().and_then(|(name, values)| Some(Self::Header(name.clone(), values.first()?.clone())));
        if by_header { header } else { signature.or(header) }
    }
}

/// A webhook ready to be sent. Its headers hold a signature or a secret: it is not to be shown.
pub(crate) struct Webhook {
    /// The last segment of its URL.
    pub(crate) endpoint: &'static str,
    /// Its id: the same for each repetition of the same webhook.
    pub(crate) id: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Webhook {
    /// Makes and signs one. `origin` is the shop's domain at Shopify.
    pub(crate) fn new(
        topic: &Topic,
        credential: &Credential,
        origin: &str,
        body: Bytes,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Self, String> {
        let id = match topic {
            Topic::Canonical(_) => format!("msg_{:016x}{:016x}", random.next(), random.next()),
            Topic::Shopify(_) => uuid(random),
        };
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        match (topic, credential) {
            (Topic::Canonical(_), Credential::Signature(secret)) => {
                let signed = signing::standard_webhooks(secret, &id, now, &body);
                headers.extend(signed.map_err(|error| error.to_string())?);
            }
            (Topic::Canonical(_), Credential::Header(name, value)) => {
                headers.push((name.clone(), value.expose_secret().to_owned()));
            }
            (Topic::Shopify(name), Credential::Signature(secret)) => {
                let signature = signing::shopify(secret, &body).map_err(|error| error.to_string())?;
                headers.extend(shopify_headers(name, origin, &id, signature, now, random));
            }
            (Topic::Shopify(_), Credential::Header(..)) => return Err("Shopify signs its webhooks".into()),
        }
        Ok(Self { endpoint: topic.endpoint(), id, headers, body })
    }
}

/// What Shopify sends beside the signature; none of it is signed.
fn shopify_headers(
    topic: &str,
    origin: &str,
    id: &str,
    signature: String,
    now: Timestamp,
    random: &dyn Random,
) -> [(String, String); 7] {
    [
        ("x-shopify-hmac-sha256", signature),
        ("x-shopify-topic", topic.to_owned()),
        ("x-shopify-shop-domain", origin.to_owned()),
        ("x-shopify-api-version", "2026-01".to_owned()),
        ("x-shopify-webhook-id", id.to_owned()),
        ("x-shopify-event-id", uuid(random)),
        ("x-shopify-triggered-at", now.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// A random UUID (version 4).
fn uuid(random: &dyn Random) -> String {
    let (high, low) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

#[cfg(test)]
mod tests;
