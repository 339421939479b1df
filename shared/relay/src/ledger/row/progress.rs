//! How far a promotion has come at WEBSALE.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::{event::Channel, quiet::QuietHours, revision::Revision};

/// Steps done at WEBSALE, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The entry exists (its id is the row's `remote_id`).
    #[serde(default, skip_serializing_if = "is_default")]
    pub created: bool,
    /// The entry is active.
    #[serde(default, skip_serializing_if = "is_default")]
    pub activated: bool,
    /// The push was sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sent: bool,
}

/// The promotion a row is working towards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPromotion {
    /// The revision of the promotion that is under way.
    pub revision: Revision,
    /// News, teaser, push or personalised push.
    pub channel: Channel,
    /// When it goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// Not out by then: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_before: Option<Timestamp>,
    /// The shop's quiet hours, as they were when the promotion was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Names the stored content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How many parts the stored content has.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parts: u32,
    /// Content that is to be deleted: its name and how many parts it has. Kept until that is done, so that no part
    /// with an address in it is left behind by a crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<(String, u32)>,
    /// Left inactive on purpose.
    #[serde(default, skip_serializing_if = "is_default")]
    pub draft: bool,
    /// Where the shop wants to be told how it went, if not where it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// How a large audience is split. Frozen with the first chunk's intent: nothing of the promotion changes any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// How a push goes out in chunks, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How many chunks there are.
    pub chunks: u32,
    /// How many addresses a chunk has; the last one may have fewer.
    pub size: u32,
    /// The last chunk that was begun: noted before its row is written. All before it are sent, or wait for a person.
    pub begun: u32,
    /// The promotion was called off: no further chunk is begun.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cancelled: bool,
    /// Of how many chunks nobody knows whether they were sent, when they were last added up. The shop was told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknown: u32,
}

/// What WEBSALE last said about a dispatch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// WEBSALE's `status`, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `countReceiver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receivers: Option<u64>,
    /// `countSent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// `countError`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// WEBSALE's `error` text, capped, addresses masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often we asked.
    #[serde(default)]
    pub asked: u32,
    /// When polling began; the deadline counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}
