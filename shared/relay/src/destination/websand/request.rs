//! The requests themselves: URL, credential, time-out.

use bytes::Bytes;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    config::Destinations,
    http::{CallError, MAX_ANSWER, Method, Request},
    secret::WebsandSecret,
    text::hex,
};

/// SHA-256 over a body, in hexadecimal digits. The same content gives the same hash, in whatever order its fields came
/// and with however many zeros a number ends: 19.9 is 19.90.
///
/// Ledgers keep it: another hash of the same body makes every order look changed where a shop has `updates: "all"`.
pub fn content_hash(body: &Value) -> String {
    let mut digest = Sha256::new();
    digest_value(&mut digest, body);
    hex(&digest.finalize())
}

fn digest_value(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let plain = text.parse::<Decimal>().map_or(text, |decimal| decimal.normalize().to_string());
            digest.update(plain);
        }
        Value::Array(elements) => {
            for (number, element) in elements.iter().enumerate() {
                digest.update(if number == 0 { "[" } else { "," });
                digest_value(digest, element);
            }
            digest.update("]");
        }
        Value::Object(fields) => {
            // Sorted here: whether the map itself is depends on what else is compiled in.
            let mut names: Vec<_> = fields.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            for (number, (name, value)) in names.into_iter().enumerate() {
                digest.update(if number == 0 { "{" } else { "," });
                digest.update(Value::from(name.as_str()).to_string());
                digest.update(":");
                digest_value(digest, value);
            }
            digest.update("}");
        }
        scalar => digest.update(scalar.to_string()),
    }
}

/// The call that delivers an order.
pub fn transaction_request(config: &Destinations, secret: &WebsandSecret, body: &Value) -> Result<Request, CallError> {
    request(config, secret, "/api/data/transaction", body)
}

/// The call that delivers a customer.
pub fn subscriber_request(config: &Destinations, secret: &WebsandSecret, body: &Value) -> Result<Request, CallError> {
    request(config, secret, "/api/data/subscriber", body)
}

/// A URL that cannot be built is a call that was not sent.
fn request(config: &Destinations, secret: &WebsandSecret, path: &str, body: &Value) -> Result<Request, CallError> {
    let base = config.websand_url.replace("{account}", &secret.account);
    let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/')))
        .map_err(|_| CallError::NotSent("the account's name gives no valid URL".into()))?;
    let credential = SecretString::from(format!("Token {}", secret.api_key.expose_secret()));
    Ok(Request {
        method: Method::Post,
        url,
        credential: Some(("authorization", credential)),
        headers: Vec::new(),
        json: Some(Bytes::from(body.to_string())),
        timeout: config.http_timeout,
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    })
}
