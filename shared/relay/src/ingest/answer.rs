//! What is answered: JSON, and for refusals a problem document (RFC 9457).

use ::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::plan::Plan;
use crate::event::Faults;

/// More faults than these help nobody and make a large answer.
const MAX_FAULTS: usize = 100;
/// When a shop may try again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("30");

/// How a webhook ends.
#[derive(Debug)]
pub(super) enum Reply {
    /// Stored durably.
    Queued { id: String, plan: Option<Box<Plan>> },
    /// Authentic, and nothing to do.
    Ignored(&'static str),
    /// A Shopware shop may register: what it is told.
    Registered(Box<Registered>),
    /// A Shopware shop has registered.
    Confirmed,
    /// Authentic, but not usable: parked.
    Rejected { id: String, reason: &'static str },
    /// Not taken; the sender is to blame and can mend it.
    Refused(Refusal),
    /// Not taken; we are to blame.
    Unavailable(&'static str),
}

/// What a shop is told that registers.
#[derive(Debug)]
pub(super) struct Registered {
    /// That we know the app's secret too.
    pub(super) proof: String,
    /// What it is to sign with.
    pub(super) secret: SecretString,
    /// Where it is to say that it has registered.
    pub(super) confirmation_url: String,
}

/// Why a webhook is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Unknown shop, missing or wrong signature, outside the window: one answer for all.
    NotAuthentic,
    /// Wrong method.
    Method,
    /// Too large.
    TooLarge,
    /// Signed canonical only: not JSON.
    NotJson { line: usize, column: usize },
    /// Signed canonical only: not a JSON content type.
    ContentType,
    /// Signed canonical only: not valid.
    Faults(Faults),
}

impl Reply {
    pub(super) const fn status(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Ignored(_) => "ignored",
            Self::Registered(_) => "registered",
            Self::Confirmed => "confirmed",
            Self::Rejected { .. } => "rejected",
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
        }
    }

    pub(super) const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Queued { .. } | Self::Registered(_) | Self::Confirmed => None,
            Self::Ignored(reason) | Self::Rejected { reason, .. } | Self::Unavailable(reason) => Some(reason),
            Self::Refused(refusal) => Some(refusal.reason()),
        }
    }

    /// The response; `plain_ok` makes it 200 where it would be 202.
    pub(super) fn into_response(self, plain_ok: bool) -> Response<Bytes> {
        let accepted = if plain_ok { StatusCode::OK } else { StatusCode::ACCEPTED };
        match self {
            Self::Queued { id, plan: None } => plain(accepted, &json!({"id": id, "status": "queued"})),
            Self::Queued { id, plan: Some(plan) } => {
                plain(accepted, &json!({"id": id, "status": "queued", "plan": plan.to_json()}))
            }
            Self::Ignored(reason) => plain(StatusCode::OK, &json!({"status": "ignored", "reason": reason})),
            Self::Registered(registered) => registered.into_response(),
            Self::Confirmed => plain(StatusCode::OK, &json!({"status": "confirmed"})),
            Self::Rejected { id, reason } => {
                plain(accepted, &json!({"id": id, "status": "rejected", "reason": reason}))
            }
            Self::Refused(refusal) => refusal.into_response(),
            Self::Unavailable(_) => {
                let detail = "The webhook was not taken. Send it again later.";
                let response = problem(StatusCode::SERVICE_UNAVAILABLE, detail, json!({}));
                with(response, header::RETRY_AFTER, RETRY_AFTER)
            }
        }
    }
}

impl Registered {
    fn into_response(self) -> Response<Bytes> {
        let Self { proof, secret, confirmation_url } = self;
        let secret = secret.expose_secret();
        let body = json!({"proof": proof, "secret": secret, "confirmation_url": confirmation_url});
        let response = plain(StatusCode::OK, &body);
        // Nobody on the way is to keep the secret.
        with(response, header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

impl Refusal {
    const fn reason(&self) -> &'static str {
        match self {
            Self::NotAuthentic => "not_authentic",
            Self::Method => "method",
            Self::TooLarge => "too_large",
            Self::NotJson { .. } => "not_json",
            Self::ContentType => "content_type",
            Self::Faults(_) => "invalid",
        }
    }

    fn into_response(self) -> Response<Bytes> {
        match self {
            Self::NotAuthentic => {
                let detail = "There is no such shop or endpoint, or the signature is missing, wrong or too old.";
                let response = problem(StatusCode::UNAUTHORIZED, detail, json!({}));
                with(response, header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature"))
            }
            Self::Method => {
                let response = problem(StatusCode::METHOD_NOT_ALLOWED, "Webhooks are sent with POST.", json!({}));
                with(response, header::ALLOW, HeaderValue::from_static("POST"))
            }
            Self::TooLarge => {
                let detail = "The webhook is over 4 MiB, or its event is over 1 MiB.";
                problem(StatusCode::PAYLOAD_TOO_LARGE, detail, json!({}))
            }
            Self::NotJson { line, column } => {
                let detail = format!("The body is not JSON: see line {line}, column {column}.");
                problem(StatusCode::BAD_REQUEST, &detail, json!({}))
            }
            Self::ContentType => {
                let detail = "The content type must be application/json or application/…+json.";
                problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail, json!({}))
            }
            Self::Faults(Faults(mut faults)) => {
                let count = faults.len();
                faults.truncate(MAX_FAULTS);
                let more = if count > MAX_FAULTS { ", of which the first are listed" } else { "" };
                let detail = format!("The event has {count} fault(s){more}.");
                problem(StatusCode::UNPROCESSABLE_ENTITY, &detail, json!({"errors": faults}))
            }
        }
    }
}

fn plain(status: StatusCode, body: &Value) -> Response<Bytes> {
    response(status, "application/json", body)
}

/// A problem document. Its type is `about:blank`, so its title is that of the status.
fn problem(status: StatusCode, detail: &str, mut more: Value) -> Response<Bytes> {
    more["type"] = json!("about:blank");
    more["title"] = json!(status.canonical_reason());
    more["status"] = json!(status.as_u16());
    more["detail"] = json!(detail);
    response(status, "application/problem+json", &more)
}

fn response(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    with(response, header::CONTENT_TYPE, HeaderValue::from_static(content_type))
}

fn with(mut response: Response<Bytes>, name: header::HeaderName, value: HeaderValue) -> Response<Bytes> {
    response.headers_mut().insert(name, value);
    response
}
