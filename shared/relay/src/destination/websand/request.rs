//! The requests themselves: URL, credential, time-out.

use bytes::Bytes;
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

/// SHA-256 over a body, in hexadecimal digits. The same content gives the same hash, in whatever order its fields came.
pub fn content_hash(body: &Value) -> String {
    hex(&Sha256::digest(body.to_string()))
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
        json: Some(Bytes::from(body.to_string())),
        timeout: config.http_timeout,
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    })
}
