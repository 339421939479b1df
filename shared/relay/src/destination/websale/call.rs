//! The requests themselves: method, URL, credential, time-out.

use std::fmt::Write;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    config::Destinations,
    http::{MAX_ANSWER, Method, Request},
    secret::WebsaleSecret,
};

/// The log-in's path on the log-in host.
const LOGIN: &str = "/api/authent/login/{shop_id}";

/// Builds the calls of one account.
#[derive(Clone, Copy)]
pub struct Calls<'a> {
    /// The account.
    pub secret: &'a WebsaleSecret,
    /// How WEBSALE is reached.
    pub config: &'a Destinations,
    /// The token of a log-in.
    pub token: &'a SecretString,
}

impl Calls<'_> {
    /// Creates an entry.
    pub fn create(&self, body: Bytes) -> Request {
        self.request(&self.secret.endpoints.create, "", Some(body))
    }

    /// Edits an entry.
    pub fn edit(&self, id: &str, body: Bytes) -> Request {
        self.request(&self.secret.endpoints.edit, id, Some(body))
    }

    /// Sends a general push: once, to everybody.
    pub fn send(&self, id: &str) -> Request {
        self.request(&self.secret.endpoints.send, id, None)
    }

    /// Sends a personalised push. On a fresh connection and with a long time-out: it must not be made twice, so
    /// every doubt about whether it was made costs a person's time.
    pub fn personalised(&self, body: Bytes) -> Request {
        let mut request = self.request(&self.secret.endpoints.personalised, "", Some(body));
        request.timeout = self.config.send_timeout;
        request.fresh_connection = true;
        request
    }

    /// Asks about a dispatch.
    pub fn status(&self, id: &str) -> Request {
        self.request(&self.secret.endpoints.status, id, None)
    }

    fn request(&self, endpoint: &(Method, String), id: &str, json: Option<Bytes>) -> Request {
        let (method, path) = endpoint;
        let values = [("{subshop}", self.secret.subshop.as_str()), ("{id}", id)];
        let credential = SecretString::from(format!("Bearer {}", self.token.expose_secret()));
        Request {
            method: *method,
            url: on_base(&self.config.websale_url, path, &values),
            credential: Some(("X-Authorization", credential)),
            headers: Vec::new(),
            json,
            timeout: self.config.http_timeout,
            fresh_connection: false,
            max_answer: MAX_ANSWER,
        }
    }
}

/// Logs in. The body holds the password and is dropped with the request.
pub fn login(secret: &WebsaleSecret, config: &Destinations) -> Request {
    let body = serde_json::json!({"username": secret.username, "password": secret.password.expose_secret()});
    Request {
        method: Method::Post,
        url: on_base(&config.websale_login_url, LOGIN, &[("{shop_id}", secret.shop_id.as_str())]),
        credential: None,
        headers: Vec::new(),
        json: Some(Bytes::from(body.to_string())),
        timeout: config.http_timeout,
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    }
}

/// The base URL with this path appended. Values are percent-encoded, and the host cannot be changed by a path.
fn on_base(base: &Url, path: &str, values: &[(&str, &str)]) -> Url {
    let filled =
        values.iter().fold(path.to_owned(), |path, (place, value)| path.replace(place, &percent_encoded(value)));
    let (path, query) = filled.split_once('?').map_or((filled.as_str(), None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
    url.set_query(query);
    url
}

/// Everything but RFC 3986's unreserved characters, byte by byte.
fn percent_encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests;
