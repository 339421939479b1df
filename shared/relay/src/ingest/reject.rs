//! Parks webhooks that are authentic but of no use, so that they can be mapped anew.

use std::{collections::BTreeMap, io::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};

use super::{
    answer::Reply,
    digest,
    settle::{Settling, unqueued},
};
use crate::{
    message::{Message, Payload, Rejected},
    queue::{DeadLetter, QueueError},
    text::safe,
};

/// How much is said about what is wrong, in bytes.
const MAX_DETAIL: usize = 1000;

/// Whether the body is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Kept,
    /// It is not this shop's, or too large.
    Dropped,
}

impl Settling<'_> {
    /// Parks the webhook, with its body unless that is too large, and with the body's digest.
    pub(super) async fn reject(
        &self,
        id: String,
        reason: &'static str,
        detail: &str,
        body: Body,
    ) -> Result<Reply, Reply> {
        let parked = match self.ingest.queue.park(&self.letter(&id, reason, detail, body)).await {
            Err(QueueError::TooLarge { .. }) => {
                self.ingest.queue.park(&self.letter(&id, reason, detail, Body::Dropped)).await
            }
            parked => parked,
        };
        match parked {
            Ok(()) => {
                let (shop, detail) = (self.shop.as_str(), safe(detail, MAX_DETAIL));
                tracing::warn!(shop, event_id = id, outcome = "rejected", reason, detail, "a webhook cannot be used");
                Ok(Reply::Rejected { id, reason })
            }
            Err(error) => Err(unqueued(&error)),
        }
    }

    fn letter(&self, id: &str, reason: &'static str, detail: &str, body: Body) -> DeadLetter {
        let digest = digest::of_body(self.webhook.body);
        let detail = format!("{} (body: SHA-256 {digest})", safe(detail, MAX_DETAIL));
        let message = Message {
            id: id.to_owned(),
            shop: self.shop.clone(),
            platform: self.authentic.secret().platform,
            subject: id.to_owned(),
            time: None,
            received_at: self.note.at,
            sequence: None,
            traceparent: self.traceparent(),
            quiet_hours: None,
            silent_after_hours: None,
            payload: Payload::Rejected(Rejected {
                reason: reason.to_owned(),
                detail: detail.clone(),
                topic: self.note.topic.clone(),
                endpoint: self.endpoint.name().to_owned(),
                headers: self.needed_headers(),
                data_base64: (body == Body::Kept).then(|| gzip_base64(self.webhook.body)).flatten(),
            }),
        };
        DeadLetter {
            shop: Some(self.shop.clone()),
            destination: message.destination(),
            body: message.to_json(),
            reason: reason.to_owned(),
            status: None,
            detail: Some(detail),
        }
    }

    fn needed_headers(&self) -> BTreeMap<String, String> {
        let needed = self.authentic.source().needed_headers().iter();
        needed.filter_map(|name| Some(((*name).to_owned(), self.webhook.header(name)?.to_owned()))).collect()
    }
}

fn gzip_base64(body: &[u8]) -> Option<String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    Some(STANDARD.encode(encoder.finish().ok()?))
}
