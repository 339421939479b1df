//! What the sandbox answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

/// An answer: a status, and JSON unless the body is empty.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
    pub(super) retry_after: Option<String>,
}

impl Answer {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, body.to_string())
    }

    /// Any body at all.
    pub(super) fn raw(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), retry_after: None }
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
        if let Some(retry_after) = answer.retry_after {
            response = response.header("Retry-After", retry_after);
        }
        // Status and header were checked where they came in.
        response.body(Full::new(answer.body)).unwrap_or_default()
    }
}
