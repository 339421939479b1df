//! Reading WEBSALE's answers. Only what we need is looked at, and in every form the documentation leaves open.

use serde_json::Value;

use crate::{http::Response, secret::WebsaleSecret, text};

/// The longest `error` text that is kept, in bytes.
const ERROR_BYTES: usize = 300;
/// The longest id we believe in.
const ID_BYTES: usize = 64;

/// What create and edit answer: the entry as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryAnswer {
    /// The entry's id.
    pub id: Option<String>,
    /// Whether the push was sent (`sentStatus` other than 0); nothing if the answer does not say.
    pub sent: Option<bool>,
}

impl EntryAnswer {
    /// Reads the answer.
    pub fn read(response: &Response) -> Self {
        let body = json(response);
        let sent = match body.get("sentStatus") {
            Some(Value::Number(number)) => Some(number.as_f64() != Some(0.0)),
            Some(Value::String(status)) if !status.trim().is_empty() => Some(status.trim() != "0"),
            _ => None,
        };
        Self { id: id(&body), sent }
    }
}

/// The id of the dispatch that a personalised send started: `{"id": 66}`, `66`, `"66"`, or nothing usable.
pub fn dispatch_id(response: &Response) -> Option<String> {
    id(&json(response))
}

/// How a dispatch is getting on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispatchStatus {
    /// `status` as sent.
    pub status: Option<String>,
    /// `countReceiver`.
    pub receivers: Option<u64>,
    /// `countSent`.
    pub sent: Option<u64>,
    /// `countError`.
    pub errors: Option<u64>,
    /// `error`, on one line, capped, addresses masked.
    pub error: Option<String>,
}

impl DispatchStatus {
    /// Reads the answer.
    pub fn read(response: &Response) -> Self {
        let body = json(response);
        Self {
            status: raw(body.get("status")).map(|status| text::safe(&status, ID_BYTES)),
            receivers: count(body.get("countReceiver")),
            sent: count(body.get("countSent")),
            errors: count(body.get("countError")),
            error: error_text(body.get("error")).map(|error| text::safe(&error, ERROR_BYTES)),
        }
    }

    /// Whether the dispatch has ended. The values of `status` are not documented, so three signs count: a status the
    /// shop's settings name as final, an error text, or every receiver accounted for. No receivers may mean "not
    /// counted yet" as well as "nobody matched": that is no sign.
    pub fn is_final(&self, secret: &WebsaleSecret) -> bool {
        let named = self.status.as_deref().is_some_and(|status| {
            secret.final_statuses.iter().any(|known| known.trim().eq_ignore_ascii_case(status.trim()))
        });
        let accounted = self.sent.unwrap_or(0).saturating_add(self.errors.unwrap_or(0));
        named || self.error.is_some() || self.receivers.is_some_and(|all| all > 0 && accounted >= all)
    }
}

/// The token a log-in answers with.
pub fn token(response: &Response) -> Option<String> {
    let body = json(response);
    body.get("token").and_then(Value::as_str).map(str::trim).filter(|token| !token.is_empty()).map(str::to_owned)
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// An id at `id`, or the whole answer. A lone word is an id only if it is a number: it could as well be `"ok"`.
fn id(body: &Value) -> Option<String> {
    let digits = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let usable = |text: &String| !text.is_empty() && text.len() <= ID_BYTES;
    match body {
        Value::Object(object) => raw(object.get("id")).filter(plain),
        whole => raw(Some(whole)).filter(digits),
    }
    .filter(usable)
}

/// A number or a text, as text.
fn raw(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn count(value: Option<&Value>) -> Option<u64> {
    raw(value)?.parse().ok()
}

/// Documented as a text; whatever else it may be, null, false, 0 and nothing are no error.
fn error_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) if list.is_empty() => None,
        Value::Object(map) if map.is_empty() => None,
        other => Some(other.to_string()),
    }
    .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests;
