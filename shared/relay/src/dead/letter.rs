//! One dead letter, as far as it may be shown: no personal data.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    message::{Message, Payload, RowKey},
    queue::Entry,
    shop::{Destination, ShopName},
    text::safe,
};

/// How much is shown of a foreign word, in bytes.
const MAX_WORD: usize = 200;

/// A dead letter without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The host's id of it.
    pub id: String,
    /// Where it was going.
    pub destination: Destination,
    /// Whose it is.
    pub shop: Option<ShopName>,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// Why, as a short code; absent if the queue itself parked it.
    pub reason: Option<String>,
    /// The destination's HTTP status.
    pub status: Option<u16>,
    /// The destination's words, or what is wrong with a rejected webhook.
    pub detail: Option<String>,
    /// What it is about; absent if it cannot be read.
    pub about: Option<About>,
}

/// What a letter's message says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// The event's id.
    pub event_id: String,
    /// Its type, such as `order.placed`.
    pub r#type: String,
    /// Order id, promotion id or customer key; a rejected webhook's topic.
    pub subject: Option<String>,
    /// When the webhook was received.
    pub received_at: Timestamp,
    /// The ledger's row of the subject; a rejected webhook has none.
    pub row: Option<RowKey>,
}

impl Letter {
    /// The letter that a sweep shows, and its message, if that can be read.
    pub fn of(entry: Entry<'_>, destination: Destination) -> (Self, Option<Message>) {
        let message = Message::from_json(entry.body).ok();
        let words = |text: &str| safe(text, MAX_WORD * 5);
        let letter = Self {
            id: entry.id.to_owned(),
            destination,
            shop: message.as_ref().map(|message| message.shop.clone()).or_else(|| entry.shop?.parse().ok()),
            parked_at: entry.since,
            reason: entry.reason.map(|reason| safe(reason, MAX_WORD)),
            status: entry.status,
            detail: entry.detail.map(words),
            about: message.as_ref().map(About::of),
        };
        (letter, message)
    }

    /// The event's id, if it can be read.
    pub fn event_id(&self) -> Option<&str> {
        self.about.as_ref().map(|about| about.event_id.as_str())
    }
}

impl About {
    fn of(message: &Message) -> Self {
        let subject = match &message.payload {
            Payload::Rejected(rejected) => rejected.topic.as_deref(),
            _ => Some(message.subject.as_str()),
        };
        let name = message.type_name();
        Self {
            event_id: message.id.clone(),
            r#type: name.strip_prefix("shoprelay.").unwrap_or(&name).to_owned(),
            subject: subject.map(|subject| safe(subject, MAX_WORD)),
            received_at: message.received_at,
            row: message.row_key(),
        }
    }
}
