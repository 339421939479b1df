//! The receiving half: one HTTP request in, one message on a queue, one answer out.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{clock::Clock, queue::Queue, secret::Secrets};

/// One of the five webhook functions; the last segment of its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Endpoint {
    OrderPlaced,
    OrderUpdated,
    CustomerUpdated,
    PromotionScheduled,
    PromotionCancelled,
}

/// Receives webhooks.
#[derive(Clone)]
pub struct Ingest {
    /// The shops' secrets.
    pub secrets: Arc<Secrets>,
    /// Where events go.
    pub queue: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What goes back to the shop, and what is noted about it.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP response.
    pub response: ::http::Response<Bytes>,
    /// The line for the log and for `shoprelay received`.
    pub receipt: Receipt,
}

/// What is noted about every webhook: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When it came.
    pub at: Timestamp,
    /// The shop named in the URL, as far as it is a shop name.
    pub shop: Option<String>,
    /// The platform, once authenticated.
    pub platform: Option<String>,
    /// The platform's topic, once authenticated.
    pub topic: Option<String>,
    /// The canonical type.
    pub event_type: Option<String>,
    /// The event's id.
    pub event_id: Option<String>,
    /// Order id, promotion id or customer key.
    pub subject: Option<String>,
    /// `queued`, `ignored`, `rejected`, `refused` or `unavailable`.
    pub status: String,
    /// Why, unless queued.
    pub reason: Option<String>,
    /// The HTTP status answered.
    pub http_status: u16,
}

impl Ingest {
    /// Receives one webhook. `served` is the one endpoint this function serves; the embedded host serves all (`None`).
    /// The path may have a stage before `/webhooks/…`.
    pub async fn receive(&self, _served: Option<Endpoint>, _request: ::http::Request<Bytes>) -> Answer {
        todo!()
    }

    /// The answer when the queue or the secret store did not come back in time.
    pub fn unavailable(&self) -> Answer {
        todo!()
    }
}
