//! Proves that the shop's own API lets us read what webhooks may only name: one small read a kind, nothing is changed.

use std::time::Duration;

use bytes::Bytes;
use relay::{
    config::Destinations,
    http::{CallError, Http, Method, Request, Response},
    secret::PlatformSecret,
    text,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::finding::Finding;

/// Long enough for a shop that was asleep.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A token has less, and nothing else of an answer is used.
const MAX_ANSWER: usize = 16 * 1024;

/// One small read: what it proves, where, and the right it needs.
type Read = (&'static str, &'static str, &'static str);

/// <https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/api-scopes>
const BIGCOMMERCE: [Read; 3] = [
    ("bigcommerce orders", "v2/orders?limit=1", "Orders: read-only"),
    ("bigcommerce customers", "v3/customers?limit=1", "Customers: read-only"),
    ("bigcommerce subscribers", "v3/customers/subscribers?limit=1", "Customers: read-only"),
];

/// <https://shopify.dev/docs/api/usage/access-scopes>
const SHOPIFY: [Read; 2] = [
    ("shopify orders", "admin/api/2026-01/orders/count.json", "read_orders"),
    ("shopify customers", "admin/api/2026-01/customers/count.json", "read_customers"),
];

/// <https://developer.shopware.com/docs/guides/integrations-api/>
const SHOPWARE: [Read; 3] = [
    ("shopware orders", "api/search-ids/order", "order:read"),
    ("shopware customers", "api/search-ids/customer", "customer:read"),
    ("shopware newsletter recipients", "api/search-ids/newsletter-recipient", "newsletter_recipient:read"),
];

/// Reads a little of everything that deliveries may have to read.
pub(super) async fn findings(secret: &PlatformSecret, config: &Destinations, http: &dyn Http) -> Vec<Finding> {
    let mut findings = Vec::new();
    match secret {
        PlatformSecret::Bigcommerce { store_hash, access_token } => {
            let base = format!("{}/stores/{store_hash}", config.bigcommerce_url.as_str().trim_end_matches('/'));
            for read in BIGCOMMERCE {
                let credential = ("x-auth-token", access_token.clone());
                findings.push(prove(http, read, &base, credential, None).await);
            }
        }
        PlatformSecret::Shopify { shop_domain, access_token } => {
            let base = format!("https://{shop_domain}");
            for read in SHOPIFY {
                let credential = ("x-shopify-access-token", access_token.clone());
                findings.push(prove(http, read, &base, credential, None).await);
            }
        }
        PlatformSecret::Shopware { url, client_id, client_secret } => {
            let base = url.as_str().trim_end_matches('/');
            let token = match log_in(http, base, client_id, client_secret).await {
                Ok((token, finding)) => {
                    findings.push(finding);
                    token
                }
                Err(finding) => return vec![finding],
            };
            for read in SHOPWARE {
                let credential = ("authorization", format!("Bearer {}", token.expose_secret()).into());
                findings.push(prove(http, read, base, credential, Some(json!({"limit": 1}))).await);
            }
        }
    }
    findings
}

async fn prove(
    http: &dyn Http,
    (check, path, right): Read,
    base: &str,
    credential: (&'static str, SecretString),
    json: Option<Value>,
) -> Finding {
    match call(http, &format!("{base}/{path}"), Some(credential), json).await {
        Ok(response) if (200..300).contains(&response.status) => Finding::ok(check, "can be read"),
        Ok(response) if response.status == 403 => {
            Finding::fail(check, "HTTP 403", format!("give the token the right {right}, or make a new one that has it"))
        }
        Ok(response) => refused(check, &response),
        Err(error) => unreachable(check, &error),
    }
}

const LOGIN: &str = "shopware log-in";

async fn log_in(
    http: &dyn Http,
    base: &str,
    client_id: &str,
    client_secret: &SecretString,
) -> Result<(SecretString, Finding), Finding> {
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret.expose_secret(),
    });
    let response = match call(http, &format!("{base}/api/oauth/token"), None, Some(body)).await {
        Ok(response) if (200..300).contains(&response.status) => response,
        Ok(response) => return Err(refused(LOGIN, &response)),
        Err(error) => return Err(unreachable(LOGIN, &error)),
    };
    let answer: Option<Value> = serde_json::from_slice(&response.body).ok();
    let token = answer.as_ref().and_then(|answer| answer.get("access_token")?.as_str());
    match token {
        Some(token) => Ok((token.into(), Finding::ok(LOGIN, "the integration's key is accepted"))),
        None => Err(Finding::fail(LOGIN, "answered without a token", "check `url` in the platform secret")),
    }
}

async fn call(
    http: &dyn Http,
    url: &str,
    credential: Option<(&'static str, SecretString)>,
    json: Option<Value>,
) -> Result<Response, String> {
    let url = Url::parse(url).map_err(|error| format!("{url} is no URL: {error}"))?;
    let method = if json.is_some() { Method::Post } else { Method::Get };
    let json = json.map(|json| Bytes::from(json.to_string()));
    let request = Request {
        method,
        url,
        credential,
        headers: Vec::new(),
        json,
        timeout: TIMEOUT,
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    };
    http.call(request).await.map_err(|error: CallError| error.to_string())
}

fn refused(check: &str, response: &Response) -> Finding {
    let words = text::safe(&String::from_utf8_lossy(&response.body), 200);
    let detail = if words.is_empty() { String::new() } else { format!(": {words}") };
    let advice = match response.status {
        400 | 401 => "the credentials are wrong or were withdrawn: make new ones, and add them with --replace",
        402 | 423 => "the shop is frozen or locked",
        404 | 405 | 410 => "nothing is there: check store_hash, shop_domain or url in the platform secret",
        300..400 => "the shop is at another address: check shop_domain or url in the platform secret",
        429 => "the shop takes no more requests just now: try again later",
        _ => "try again later",
    };
    Finding::fail(check, format!("HTTP {}{detail}", response.status), advice)
}

fn unreachable(check: &str, error: &str) -> Finding {
    Finding::fail(check, error, "check this machine's network and the shop's address in the platform secret")
}

#[cfg(test)]
mod tests;
