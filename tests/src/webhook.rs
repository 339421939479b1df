//! Webhooks as shops sign them.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use relay::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::aws::http_client;

/// Shopify's signing secret of all test shops.
pub const SHOPIFY_SECRET: &str = "shopify-secret-of-the-tests";

/// The canonical source's signing secret of all test shops.
pub const CANONICAL_SECRET: &str = "whsec_dGVzdHMtc2lnbi13aXRoLXRoaXMtc2VjcmV0ISE=";

/// The WooCommerce webhook's secret of all test shops.
pub const WOOCOMMERCE_SECRET: &str = "woocommerce-secret-of-the-tests";

/// What Shopware's test shops sign with: an app's shop secret has at least 64 characters.
pub const SHOPWARE_SECRET: &str = "shopware-secret-of-the-tests-which-has-sixty-four-characters-000";

/// The BigCommerce app's client secret of all test shops.
pub const BIGCOMMERCE_SECRET: &str = "bigcommerce-secret-of-the-tests";

/// The secret header of all test shops that cannot sign: name and value.
pub const HEADER: (&str, &str) = ("x-shop-key", "key-of-a-test-shop");

/// One webhook: what a shop sends.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `POST`, usually.
    pub method: Method,
    /// What comes after the question mark of its URL.
    pub query: Option<String>,
    /// Lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

/// An answer to a webhook.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Value,
}

impl Webhook {
    /// A posted body with these headers, signed by nobody yet.
    pub fn posted(content_type: &str, body: impl Into<Vec<u8>>, headers: &[(&'static str, &str)]) -> Self {
        let mut all = vec![("content-type", content_type.to_owned())];
        all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { method: Method::POST, query: None, headers: all, body: body.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A webhook of Shopify, `id` being its event id.
    pub fn shopify(topic: &str, id: &str, body: impl Into<Vec<u8>>) -> Self {
        let now = SystemClock.now().to_string();
        let headers = [
            ("x-shopify-topic", topic),
            ("x-shopify-shop-domain", "example-shop.myshopify.com"),
            ("x-shopify-api-version", "2026-01"),
            ("x-shopify-webhook-id", id),
            ("x-shopify-event-id", id),
            ("x-shopify-triggered-at", &now),
        ];
        let webhook = Self::posted("application/json", body, &headers);
        let signature = BASE64.encode(mac(SHOPIFY_SECRET.as_bytes(), &webhook.body));
        webhook.with("x-shopify-hmac-sha256", signature)
    }

    /// A webhook of WooCommerce.
    pub fn woocommerce(topic: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = [
            ("x-wc-webhook-topic", topic),
            ("x-wc-webhook-source", "https://shop.example.com/"),
            ("x-wc-webhook-id", "7"),
            ("x-wc-webhook-delivery-id", "0f3a7c1d9b2e4f60"),
        ];
        let webhook = Self::posted("application/json", body, &headers);
        let signature = BASE64.encode(mac(WOOCOMMERCE_SECRET.as_bytes(), &webhook.body));
        webhook.with("x-wc-webhook-signature", signature)
    }

    /// What WooCommerce sends when a webhook is activated: a form, unsigned.
    pub fn woocommerce_ping() -> Self {
        Self::posted("application/x-www-form-urlencoded", "webhook_id=7", &[])
    }

    /// A webhook of Shopware.
    pub fn shopware(body: impl Into<Vec<u8>>) -> Self {
        let webhook = Self::posted("application/json", body, &[("sw-version", "6.7.0.0")]);
        let signature = hex(&mac(SHOPWARE_SECRET.as_bytes(), &webhook.body));
        webhook.with("shopware-shop-signature", signature)
    }

    /// A webhook of BigCommerce: signed as Standard Webhooks say, with the secret's text as key.
    pub fn bigcommerce(id: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::posted("application/json", body, &[]).standard(id, BIGCOMMERCE_SECRET.as_bytes())
    }

    /// A canonical webhook, signed as Standard Webhooks say.
    pub fn canonical(id: &str, event_type: &str, data: &Value) -> Self {
        let key = CANONICAL_SECRET.strip_prefix("whsec_").expect("the secret has its prefix");
        let key = BASE64.decode(key).expect("the secret is base64");
        Self::posted("application/json", event(event_type, data), &[]).standard(id, &key)
    }

    /// A canonical event from a system that cannot sign, such as WEBSALE's server-side events.
    pub fn by_header(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::posted(content_type, body, &[HEADER])
    }

    fn standard(self, id: &str, key: &[u8]) -> Self {
        let second = SystemClock.now().as_second().to_string();
        let signed = [id.as_bytes(), b".", second.as_bytes(), b".", &self.body].concat();
        let signature = format!("v1,{}", BASE64.encode(mac(key, &signed)));
        self.with("webhook-id", id).with("webhook-timestamp", second).with("webhook-signature", signature)
    }

    /// The same with another signature.
    #[must_use]
    pub fn forged(mut self) -> Self {
        for (name, value) in &mut self.headers {
            if matches!(*name, "x-shopify-hmac-sha256" | "webhook-signature") {
                *value = value.chars().rev().collect();
            }
        }
        self
    }

    /// Sends it. `host` replaces the URL's host in the header, for an API of the emulator.
    pub async fn post(&self, url: &str, host: Option<&str>) -> Answer {
        self.try_post(&http_client(), url, host).await.expect("the host answers")
    }

    /// Sends it over this client; fails if no whole answer comes.
    pub async fn try_post(
        &self,
        http: &reqwest::Client,
        url: &str,
        host: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let url = self.query.as_ref().map_or_else(|| url.to_owned(), |query| format!("{url}?{query}"));
        let mut request = http.request(self.method.clone(), url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }
}

/// A canonical event that is told now.
pub fn event(event_type: &str, data: &Value) -> String {
    json!({"type": event_type, "timestamp": SystemClock.now().to_string(), "data": data}).to_string()
}

/// HMAC-SHA-256.
pub fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("a String takes everything");
    }
    digits
}
