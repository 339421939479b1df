//! What a shop has yet to be told about a promotion.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Lease, is_default};

/// The status callbacks that are owed, and how telling the first of them is getting on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callbacks {
    /// What is to be told, in this order. Never empty.
    pub owed: Vec<Owed>,
    /// Not told before this.
    pub at: Timestamp,
    /// Since when the first one is tried.
    pub since: Timestamp,
    /// How often that failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failed: u16,
    /// Who is telling it. A lease of its own: telling the shop holds up nobody who works on the promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// One thing to tell the shop. What else there is to say stands in the row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What became of the promotion.
    pub status: CallbackStatus,
    /// The shop's own revision that this is about (its `updated_at`; without one, when we received it).
    pub updated_at: Timestamp,
    /// When it happened.
    pub at: Timestamp,
    /// Why: a short code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a promotion, as shops are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackStatus {
    /// It is out in this revision: the push was sent, the news or teaser is shown.
    Sent,
    /// A personalised push has ended at WEBSALE; the counts and the error say how.
    Finished,
    /// It was called off in time: nothing of it goes out, nothing of it is shown.
    Cancelled,
    /// It was changed or called off after it was sent, so that nothing came of that.
    TooLate,
    /// It was given up; a person has to look.
    Parked,
    /// Nobody can say whether it was sent, or how it ended. It is not sent again before a person has looked.
    OutcomeUnknown,
}

impl CallbackStatus {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Sent, Self::Finished, Self::Cancelled, Self::TooLate, Self::Parked, Self::OutcomeUnknown];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::TooLate => "too_late",
            Self::Parked => "parked",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}
