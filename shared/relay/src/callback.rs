//! Status callbacks: what a shop is told about its promotions, signed as Standard Webhooks say.
//!
//! What is owed stands in the promotion's row ([`crate::ledger::callback`]); the poller tells it.

use jiff::Timestamp;
use schemars::{JsonSchema, generate::SchemaSettings};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    config::Destinations,
    destination::websale::body::content_hash,
    event::Channel,
    http::{MAX_ANSWER, Method, Request},
    ledger::{CallbackStatus, Owed, Row},
    poll::record::POLL_DEADLINE,
    secret::StatusCallback,
    standard_webhooks,
};

pub mod target;

#[cfg(test)]
mod tests;

/// The type of every callback.
pub const TYPE: &str = "promotion.status";

/// What became of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionStatus {
    /// The shop's name at shoprelay.
    pub shop: String,
    /// The promotion's id, as the shop gave it.
    pub id: String,
    /// What it is at WEBSALE; null if only its cancellation is known.
    pub channel: Option<Channel>,
    /// What became of it.
    pub status: CallbackStatus,
    /// The `updated_at` of the schedule or the cancellation that this is about.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: Timestamp,
    /// Why, as a short code, where the status alone does not say it.
    pub reason: Option<String>,
    /// What went wrong, in WEBSALE's words, without addresses.
    pub error: Option<String>,
    /// WEBSALE's own word for how a personalised push is doing.
    pub websale_status: Option<String>,
    /// How many a personalised push was for.
    pub receivers: Option<u64>,
    /// How many of them it was sent to.
    pub sent: Option<u64>,
    /// How many it could not be sent to.
    pub errors: Option<u64>,
}

impl PromotionStatus {
    /// What there is to say.
    fn of(row: &Row, owed: &Owed) -> Self {
        // Only what an ended push has come to is final.
        let is_counted = owed.status == CallbackStatus::Finished || owed.reason.as_deref() == Some(POLL_DEADLINE);
        let poll = row.poll.clone().filter(|_| is_counted).unwrap_or_default();
        let error = row.last_error.as_ref().filter(|error| owed.reason.as_ref() == Some(&error.code));
        let error = error.map(|error| error.detail.clone()).filter(|detail| !detail.is_empty());
        Self {
            shop: row.key.shop.as_ref().map(ToString::to_string).unwrap_or_default(),
            id: row.key.subject.clone(),
            channel: row.promotion.as_ref().map(|promotion| promotion.channel),
            status: owed.status,
            updated_at: owed.updated_at,
            reason: owed.reason.clone(),
            error: poll.error.or(error),
            websale_status: poll.status,
            receivers: poll.receivers,
            sent: poll.sent,
            errors: poll.errors,
        }
    }
}

/// The id of a callback: the same however often it is tried, so that the shop knows it again.
pub fn webhook_id(row: &Row, owed: &Owed) -> String {
    let named = format!("{}|{}|{}|{}", row.key, owed.updated_at, owed.status.name(), owed.at);
    format!("cb_{}", content_hash(&[named.as_bytes()]).chars().take(32).collect::<String>())
}

/// The call that tells the shop.
pub(crate) fn request(
    row: &Row,
    owed: &Owed,
    callback: &StatusCallback,
    config: &Destinations,
    now: Timestamp,
) -> Request {
    let body = json!({"type": TYPE, "timestamp": owed.at, "data": PromotionStatus::of(row, owed)}).to_string();
    let key = standard_webhooks::key(callback.signing_secret.expose_secret()).unwrap_or_default();
    let headers = standard_webhooks::headers(&key, &webhook_id(row, owed), now, body.as_bytes());
    Request {
        method: Method::Post,
        url: address(row, callback),
        credential: None,
        headers: headers.into(),
        json: Some(body.into()),
        timeout: config.http_timeout,
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    }
}

/// Where the promotion wants it, if the shop may be called there; it was looked at when it came, but the shop's secret
/// may have changed since.
fn address(row: &Row, callback: &StatusCallback) -> Url {
    let own = row.promotion.as_ref().and_then(|promotion| Url::parse(promotion.callback_url.as_deref()?).ok());
    own.filter(|own| target::is_of_one_origin(own, &callback.url)).unwrap_or_else(|| callback.url.clone())
}

/// The JSON Schema (2020-12) of a callback. It is published in `events/schema/`.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    generator.subschema_for::<PromotionStatus>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TYPE,
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": TYPE},
            "timestamp": {"description": "When it happened.", "type": "string", "format": "date-time"},
            "data": {"$ref": format!("#/$defs/{}", PromotionStatus::schema_name())},
        },
        "$defs": generator.take_definitions(true),
    })
}
