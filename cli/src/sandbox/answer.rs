//! What the sandbox answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::call::Party;

/// An answer: a status, and JSON unless the body is empty.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
    headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, body.to_string())
    }

    /// Any body at all.
    pub(super) fn raw(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), headers: Vec::new() }
    }

    /// With this header, too.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Asks for a pause of so many seconds, in this party's own way: BigCommerce gives the milliseconds until its window
    /// begins anew (<https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits>).
    pub(super) fn not_before(self, party: Party, seconds: String) -> Self {
        match (party, seconds.parse::<u64>()) {
            (Party::Bigcommerce, Ok(whole)) => self
                .with("X-Rate-Limit-Requests-Left", "0")
                .with("X-Rate-Limit-Time-Reset-Ms", whole.saturating_mul(1000).to_string()),
            _ => self.with("Retry-After", seconds),
        }
    }

    /// A refusal with its exact reason.
    pub(super) fn refused(status: u16, reason: &str) -> Self {
        Self::json(status, &json!({ "error": reason }))
    }
}

impl From<Answer> for Response<Full<Bytes>> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::builder().status(answer.status);
        if !answer.body.is_empty() {
            response = response.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        // Status and header were checked where they came in.
        response.body(Full::new(answer.body)).unwrap_or_default()
    }
}
