//! What is noted about every webhook, and the answer it goes with.

use ::http::Response;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::Reply;
use crate::{
    shop::Platform,
    source::{Authentic, Proof},
    text::{self, safe},
};

/// How much of a foreign word is noted, in bytes.
const MAX_WORD: usize = 200;

/// What goes back to the shop, and what is noted about it.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP response.
    pub response: Response<Bytes>,
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
    /// `queued`, `ignored`, `rejected`, `refused` or `unavailable`; of Shopware shops also `registered`, `confirmed`.
    pub status: String,
    /// Why, unless queued.
    pub reason: Option<String>,
    /// The HTTP status answered.
    pub http_status: u16,
}

/// What is learnt about a webhook while it is checked.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) at: Timestamp,
    pub(super) shop: Option<String>,
    platform: Option<Platform>,
    proof: Option<Proof>,
    pub(super) topic: Option<String>,
    pub(super) event_type: Option<&'static str>,
    pub(super) event_id: Option<String>,
    pub(super) subject: Option<String>,
}

impl Note {
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            at,
            shop: None,
            platform: None,
            proof: None,
            topic: None,
            event_type: None,
            event_id: None,
            subject: None,
        }
    }

    pub(super) fn authenticated(&mut self, authentic: &Authentic) {
        self.platform = Some(authentic.secret().platform);
        self.proof = Some(authentic.proof);
    }

    /// A Shopware shop registers.
    pub(super) fn registering(&mut self) {
        self.platform = Some(Platform::Shopware);
        self.topic = Some("registration".into());
    }

    /// Answers, and writes the one line in the log. Topic and subject are the source's words: a topic that does not look
    /// like one is not repeated, and an address in a subject is masked.
    pub(super) fn answer(self, reply: Reply) -> Answer {
        // Some of the systems that cannot sign take nothing but 200 for success.
        let plain_ok = self.proof == Some(Proof::Header);
        let (status, reason) = (reply.status(), reply.reason());
        let response = reply.into_response(plain_ok);
        let word = |word: Option<String>| word.map(|word| safe(&word, MAX_WORD));
        let receipt = Receipt {
            at: self.at,
            shop: self.shop,
            platform: self.platform.map(|platform| platform.name().to_owned()),
            topic: self.topic.map(|topic| text::word(&topic).to_owned()),
            event_type: self.event_type.map(str::to_owned),
            event_id: self.event_id,
            subject: word(self.subject),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            http_status: response.status().as_u16(),
        };
        receipt.log();
        Answer { response, receipt }
    }
}

impl Receipt {
    fn log(&self) {
        tracing::info!(
            shop = self.shop,
            platform = self.platform,
            topic = self.topic,
            event_type = self.event_type,
            event_id = self.event_id,
            subject = self.subject,
            status = self.status,
            reason = self.reason,
            http_status = self.http_status,
            "webhook"
        );
    }
}
