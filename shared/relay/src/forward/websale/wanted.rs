//! What a schedule asks for, and how far a row is from it.

use bytes::Bytes;
use jiff::Timestamp;

use super::standing::{self, begin, has_other_channel, is_out};
use crate::{
    destination::websale::body::{self, Entry, content_hash},
    event::{Channel, Promotion},
    ledger::{PART_BYTES, PendingPromotion, Row, State},
    message::Message,
    quiet::QuietHours,
    revision::Revision,
    secret::WebsaleSecret,
};

/// A promotion as the shop wants it.
pub(super) struct Wanted {
    pub(super) revision: Revision,
    pub(super) channel: Channel,
    pub(super) send_at: Option<Timestamp>,
    pub(super) send_before: Option<Timestamp>,
    pub(super) quiet_hours: Option<QuietHours>,
    pub(super) draft: bool,
    pub(super) callback_url: Option<String>,
    /// What WEBSALE is to be told; unknown while the shop's settings cannot be read.
    pub(super) content: Option<Content>,
}

/// What WEBSALE is to be told.
pub(super) struct Content {
    pub(super) body: Body,
    /// Tells contents apart.
    pub(super) hash: String,
}

/// The body of a push, news or teaser is built when it is needed; that of a personalised push is stored until then.
pub(super) enum Body {
    Entry(Entry),
    Personalised(Bytes),
}

impl Wanted {
    pub(super) fn of(promotion: &Promotion, message: &Message, secret: Option<&WebsaleSecret>) -> Self {
        Self {
            revision: message.revision(),
            channel: promotion.channel,
            send_at: promotion.send_at.or_else(|| promotion.channel.is_sent().then_some(message.received_at)),
            send_before: promotion.send_before,
            quiet_hours: message.quiet_hours.clone(),
            draft: promotion.draft,
            callback_url: promotion.callback_url.clone(),
            content: secret.and_then(|secret| Content::of(promotion, message.received_at, secret)),
        }
    }

    /// Whether the row has this content already, so that only the revision is to be recorded.
    pub(super) fn is_as_prepared(&self, row: &Row) -> bool {
        let same = self.has_same_content(row);
        let same_plan = |waiting: &PendingPromotion| {
            waiting.send_at == self.send_at
                && waiting.send_before == self.send_before
                && waiting.quiet_hours == self.quiet_hours
                && waiting.callback_url == self.callback_url
        };
        match row.state {
            State::Delivered | State::Sent => same,
            State::Scheduled => same && row.promotion.as_ref().is_some_and(same_plan),
            _ => false,
        }
    }

    pub(super) fn has_same_content(&self, row: &Row) -> bool {
        self.content.as_ref().is_some_and(|content| row.content_hash.as_ref() == Some(&content.hash))
    }

    /// Notes what is wanted before anything is done about it: what was wanted before does not go out any more.
    pub(super) fn note(&self, row: &mut Row, event_id: &str) {
        if row.state == State::OutcomeUnknown {
            standing::record(row, self.revision);
            return;
        }
        let known = standing::newest(row);
        let is_news = known.is_none_or(|known| self.revision.is_newer_than(&known)) || row.state == State::Parked;
        if !is_news || (self.channel == Channel::PersonalisedPush && is_out(row)) {
            return;
        }
        begin(row, State::Open, event_id);
        if has_other_channel(row, self.channel) {
            row.revision = Some(self.revision);
            return;
        }
        // Content that is stored already keeps its name until it is deleted.
        let stored = row.promotion.as_ref().and_then(standing::stored_content);
        let (content, parts) = match stored {
            Some((name, parts)) => (Some(name.to_owned()), parts),
            None => self.content.as_ref().map_or((None, 0), Content::stored_as),
        };
        let former = row.promotion.take().and_then(|promotion| promotion.former);
        row.promotion = Some(PendingPromotion {
            revision: self.revision,
            channel: self.channel,
            send_at: self.send_at,
            send_before: self.send_before,
            quiet_hours: self.quiet_hours.clone(),
            content,
            parts,
            former,
            draft: self.draft,
            callback_url: self.callback_url.clone(),
            plan: None,
        });
    }
}

impl Content {
    fn of(promotion: &Promotion, received_at: Timestamp, secret: &WebsaleSecret) -> Option<Self> {
        if let Some(entry) = Entry::of(promotion, received_at, secret) {
            let hash = entry.content_hash();
            return Some(Self { body: Body::Entry(entry), hash });
        }
        let body = body::personalised(promotion, secret)?;
        let hash = content_hash(&[&body]);
        Some(Self { body: Body::Personalised(body), hash })
    }

    /// Under which name and in how many parts it is stored. The name is the content's own, so writing a newer content
    /// never touches an older one.
    pub(super) fn stored_as(&self) -> (Option<String>, u32) {
        match &self.body {
            Body::Entry(_) => (None, 0),
            Body::Personalised(body) => {
                let parts = u32::try_from(body.len().div_ceil(PART_BYTES)).unwrap_or(u32::MAX);
                (Some(content_name(&self.hash)), parts)
            }
        }
    }
}

/// The name of a personalised push's stored body.
pub(crate) fn content_name(hash: &str) -> String {
    hash.chars().take(16).collect()
}
