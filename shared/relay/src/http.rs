//! The port to destinations: one HTTP call, and what is known of it when it fails.

use std::{fmt, time::Duration};

use ::http::HeaderMap;
use bytes::Bytes;
use secrecy::SecretString;

use crate::Async;

mod client;
mod discreet;
mod guarded;
pub use client::{ClientError, ReqwestHttp};
pub(crate) use discreet::Discreet;
pub use guarded::GuardedHttp;

/// Makes HTTP calls. Redirects are never followed and nothing is ever repeated.
pub trait Http: Send + Sync {
    /// Makes one call.
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>>;
}

/// An HTTP method a destination uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Method {
    Get,
    Post,
    Put,
}

/// One call to a destination.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: url::Url,
    /// The credential header: name and value.
    pub credential: Option<(&'static str, SecretString)>,
    /// Further headers: a webhook's signature.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body.
    pub json: Option<Bytes>,
    /// How long the whole call may take.
    pub timeout: Duration,
    /// Whether the call needs a connection of its own. On a reused connection nobody can say whether a failed request
    /// was processed, so a call that must not be made twice goes out on a fresh one.
    pub fresh_connection: bool,
    /// How many bytes of the answer are read; the rest is dropped.
    pub max_answer: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.method, self.url)
    }
}

/// A destination's answer.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, at most [`Request::max_answer`] bytes of it; less if the connection broke after the status.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    /// Shows neither headers nor body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How much is read of an answer that only says what became of a call; the rest is dropped.
pub const MAX_ANSWER: usize = 64 * 1024;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No byte of the request left this machine: name resolution, connecting or TLS failed. Safe to repeat.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request may have been processed: time-out, reset or unreadable answer after the first byte.
    #[error("no answer: {0}")]
    NoAnswer(String),
}
