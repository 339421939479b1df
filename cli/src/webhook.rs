//! A webhook as a shop sends it: topic, credential, headers, body.

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use relay::{
    random::Random,
    secret::{SourceSecret, WebhookSecret},
    shop::Platform,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::signing;

pub(crate) mod catalogue;
mod client;
mod headers;
pub(crate) mod origin;
pub(crate) mod registration;
pub(crate) mod sample;
mod topic;

pub(crate) use client::{Answer, Client, webhook_url};
pub(crate) use topic::Topic;

/// What a source proves itself with.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// A signature made with this secret.
    Signature(SecretString),
    /// A secret header: its name and value. Canonical sources and BigCommerce only.
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
    method: Method,
    /// The last segment of its URL.
    pub(crate) endpoint: &'static str,
    query: Option<String>,
    /// Its id: the same for each repetition of the same webhook.
    pub(crate) id: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

/// What a webhook depends on beside its topic and its body.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances<'c> {
    /// The shop's domain or host at its platform; BigCommerce's hash of the store.
    pub(crate) origin: &'c str,
    /// As Shopware's newer delivery sends it (`WEBHOOKS_REWORK`): with event id and sequence in headers.
    pub(crate) rework: bool,
    /// When it is sent.
    pub(crate) now: Timestamp,
    /// Chance, for ids.
    pub(crate) random: &'c dyn Random,
}

impl Webhook {
    /// Makes and signs one.
    pub(crate) fn new(
        topic: &Topic,
        credential: &Credential,
        body: Bytes,
        circumstances: &Circumstances<'_>,
    ) -> Result<Self, String> {
        let id = id(topic, &body, circumstances.random);
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let signed = match (topic.platform(), credential) {
            (Platform::Canonical, Credential::Signature(secret)) => {
                signing::standard_webhooks(secret, &id, circumstances.now, &body)
            }
            (Platform::Bigcommerce, Credential::Signature(secret)) => {
                Ok(signing::bigcommerce(secret, &id, circumstances.now, &body))
            }
            (Platform::Canonical | Platform::Bigcommerce, Credential::Header(name, value)) => {
                Ok(vec![(name.clone(), value.expose_secret().to_owned())])
            }
            (Platform::Shopify, Credential::Signature(secret)) => signing::base64_over_body(secret, &body)
                .map(|signature| headers::shopify(topic.name(), &id, signature, circumstances)),
            (Platform::Woocommerce, Credential::Signature(secret)) => signing::base64_over_body(secret, &body)
                .map(|signature| headers::woocommerce(topic.name(), &id, signature, circumstances)),
            (Platform::Shopware, Credential::Signature(secret)) => {
                signing::shopware(secret, &body).map(|signature| headers::shopware(&id, signature, circumstances))
            }
            (platform, Credential::Header(..)) => return Err(format!("{platform} signs its webhooks")),
        };
        headers.extend(signed.map_err(|error| error.to_string())?);
        Ok(Self { method: Method::POST, endpoint: topic.endpoint(), query: None, id, headers, body })
    }

    /// What WooCommerce sends when a webhook is activated: a form, unsigned, without a topic.
    pub(crate) fn woocommerce_ping(endpoint: &'static str) -> Self {
        Self {
            method: Method::POST,
            endpoint,
            query: None,
            id: "1".to_owned(),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: Bytes::from_static(b"webhook_id=1"),
        }
    }
}

/// Shopware's is in the body, and a header repeats it; everybody else's is in a header.
fn id(topic: &Topic, body: &[u8], random: &dyn Random) -> String {
    match topic.platform() {
        Platform::Canonical => format!("msg_{}", sample::hex(random)),
        Platform::Shopify | Platform::Bigcommerce => uuid(random),
        Platform::Woocommerce => sample::hex(random),
        Platform::Shopware => {
            let body: Option<Value> = serde_json::from_slice(body).ok();
            let id = body.as_ref().and_then(|body| body.pointer("/source/eventId")?.as_str());
            id.map_or_else(|| sample::hex(random), str::to_owned)
        }
    }
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
