//! Webhooks as shops sign them.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use relay::clock::{Clock, SystemClock};
use serde_json::Value;
use sha2::Sha256;

use crate::aws::http_client;

/// Shopify's signing secret of all test shops.
pub const SHOPIFY_SECRET: &str = "shopify-secret-of-the-tests";

/// The canonical source's signing secret of all test shops.
pub const CANONICAL_SECRET: &str = "whsec_dGVzdHMtc2lnbi13aXRoLXRoaXMtc2VjcmV0ISE=";

/// One webhook: headers and body.
#[derive(Clone, Debug)]
pub struct Webhook {
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
    /// A webhook of Shopify, `id` being its event id.
    pub fn shopify(topic: &str, id: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-shopify-topic", topic.to_owned()),
            ("x-shopify-shop-domain", "example-shop.myshopify.com".to_owned()),
            ("x-shopify-api-version", "2026-01".to_owned()),
            ("x-shopify-webhook-id", id.to_owned()),
            ("x-shopify-event-id", id.to_owned()),
            ("x-shopify-triggered-at", SystemClock.now().to_string()),
            ("x-shopify-hmac-sha256", mac(SHOPIFY_SECRET.as_bytes(), &body)),
        ];
        Self { headers, body }
    }

    /// A canonical webhook, signed as Standard Webhooks say.
    pub fn canonical(id: &str, event_type: &str, data: &Value) -> Self {
        let now = SystemClock.now();
        let body = serde_json::json!({"type": event_type, "timestamp": now.to_string(), "data": data}).to_string();
        let key = CANONICAL_SECRET.strip_prefix("whsec_").expect("the secret has its prefix");
        let key = BASE64.decode(key).expect("the secret is base64");
        let signed = format!("{id}.{}.{body}", now.as_second());
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.as_second().to_string()),
            ("webhook-signature", format!("v1,{}", mac(&key, signed.as_bytes()))),
        ];
        Self { headers, body: body.into_bytes() }
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

    /// Posts it. `host` replaces the URL's host in the header, for an API of the emulator.
    pub async fn post(&self, url: &str, host: Option<&str>) -> Answer {
        self.try_post(&http_client(), url, host).await.expect("the host answers")
    }

    /// Posts it over this client; fails if no whole answer comes.
    pub async fn try_post(
        &self,
        http: &reqwest::Client,
        url: &str,
        host: Option<&str>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = http.post(url).body(self.body.clone());
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

fn mac(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    BASE64.encode(mac.finalize().into_bytes())
}
