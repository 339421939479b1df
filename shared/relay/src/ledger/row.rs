//! What a row holds. It carries no name and no address.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{event::OrderStatus, message::RowKey, revision::Revision};

mod callback;
mod connection;
mod due;
mod progress;

pub use callback::{CallbackStatus, Callbacks, Owed};
pub use connection::{Connection, Fault, Matter, Outage};
pub use due::{Attention, Due, Purpose};
pub use progress::{PendingPromotion, Plan, Poll, Steps};

/// One subject at one destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Shop, destination, kind and subject.
    pub key: RowKey,
    /// Counts writes; a write is conditional on it.
    pub version: u64,
    /// Names the last write, so that a writer recognises its own after a lost answer.
    pub write: String,
    /// Where the subject stands.
    pub state: State,
    /// The newest revision that was delivered, or recorded because it needed no sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// SHA-256 over the destination's request body last delivered, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// The order status last delivered (for `updates: "status"`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_status: Option<OrderStatus>,
    /// The order number shown to the buyer, so that a person can find the order by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// Who is working on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// The destination's id of the entry or dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_id: Option<String>,
    /// What the entry at WEBSALE is known to say: a short digest of each field and its value. Those
    /// of fields that may say something else by now are missing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub entry_fields: BTreeSet<String>,
    /// What has been done at the destination, so that a crash after any step continues with the next.
    #[serde(default)]
    pub steps: Steps,
    /// The promotion that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<PendingPromotion>,
    /// How the dispatch is getting on (personalised pushes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Poll>,
    /// What the shop has yet to be told (promotions). Such a row does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callbacks: Option<Callbacks>,
    /// What each unsettled event has been through, by event id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attempts: BTreeMap<String, Attempts>,
    /// What the person decided last (consent rows). Websand was told if the state is `delivered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The person was forgotten (consent rows): nothing dated until then is delivered. Such a row never expires, or an
    /// import of old orders would bring the person back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The buyer's customer key (order rows), so that a person's orders can be found when they are to be forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// What is known of the shop's connection to the destination (connection rows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The backfill that last made the row forget what was delivered, so that it does so only once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgot_for: Option<String>,
    /// No call before this instant (a `Retry-After` longer than the queue can hold a message).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// When there is something to do without a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// A person has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    /// The event whose message is in the dead-letter queue (`parked` rows), or was put back from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<String>,
    /// The last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// First and last time anything happened.
    pub first_at: Timestamp,
    /// See `first_at`.
    pub last_at: Timestamp,
    /// When the row may be forgotten; set only with a final state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Where a subject stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being delivered for the first time, or waiting for another try.
    Open,
    /// A promotion waiting for its time.
    Scheduled,
    /// A call that cannot be undone is about to be made, or was made and not yet answered.
    Intended,
    /// Sent; WEBSALE is still sending it out (personalised pushes).
    Sent,
    /// Done.
    Delivered,
    /// Withheld by a rule (a grant older than a withdrawal).
    Suppressed,
    /// Cancelled before anything was sent.
    Cancelled,
    /// Changed or cancelled after it was sent.
    TooLate,
    /// Given up; the message is in the dead-letter queue.
    Parked,
    /// Nobody can say whether it was sent. A person decides.
    OutcomeUnknown,
}

impl State {
    /// Whether nothing more happens without a new event or a person.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Scheduled | Self::Intended | Self::Sent)
    }

    /// The state's name in logs and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Scheduled => "scheduled",
            Self::Intended => "intended",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Suppressed => "suppressed",
            Self::Cancelled => "cancelled",
            Self::TooLate => "too_late",
            Self::Parked => "parked",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

/// What an event has been through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Starts that never came to an orderly end: crashes, panics, time-outs.
    #[serde(default)]
    pub unfinished: u8,
    /// How many of those ended with the whole process, while it was at work on other subjects too. Which of them brought
    /// it down, if any did, nobody knows, so these starts count half.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_company: u8,
    /// Attempts that failed in an orderly way; the back-off grows with them.
    #[serde(default)]
    pub failed: u16,
}

impl Attempts {
    /// How strongly the event is suspected of bringing its workers down.
    pub const fn blame(self) -> u8 {
        self.unfinished.saturating_sub(self.in_company / 2)
    }
}

/// Whether a value goes without saying: rows stay small.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A person's decision about marketing mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Given.
    Granted,
    /// Taken back.
    Withdrawn,
}

/// A worker's claim on a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Random, a new one for each claim.
    pub token: String,
    /// When the claim lapses.
    pub until: Timestamp,
}

/// A failure, safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// A short code.
    pub code: String,
    /// The destination's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The destination's words: at most 300 bytes, addresses masked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

impl Row {
    /// A fresh row for a subject that was never seen.
    pub fn new(key: RowKey, now: Timestamp) -> Self {
        Self {
            key,
            version: 0,
            write: String::new(),
            state: State::Open,
            revision: None,
            content_hash: None,
            order_status: None,
            order_number: None,
            lease: None,
            remote_id: None,
            entry_fields: BTreeSet::new(),
            steps: Steps::default(),
            promotion: None,
            poll: None,
            callbacks: None,
            attempts: BTreeMap::new(),
            consent: None,
            erased_at: None,
            customer: None,
            connection: None,
            forgot_for: None,
            not_before: None,
            due: None,
            attention: None,
            letter: None,
            last_error: None,
            first_at: now,
            last_at: now,
            expires_at: None,
        }
    }

    /// The source's own time of the newest revision the row knows, of what is done or under way.
    pub fn newest_time(&self) -> Option<Timestamp> {
        let pending = self.promotion.as_ref().and_then(|promotion| promotion.revision.believed_time());
        pending.max(self.revision.and_then(|revision| revision.believed_time()))
    }

    /// Takes over a revision that there is nothing to do for. If it wants what waits already, that is what waits now: it is
    /// not outdated by it.
    pub fn hear_of(&mut self, revision: Revision) {
        match &mut self.promotion {
            Some(waiting) if self.state == State::Scheduled && waiting.plan.is_none() => waiting.revision = revision,
            _ => self.revision = Some(revision),
        }
    }

    /// Where the row stands in the sparse index: when it is due next, for whichever purpose comes first; else the time it
    /// began to need attention, else when the person was forgotten, or the shop is silent.
    pub fn index(&self) -> Option<Due> {
        let attention = self.attention.map(|_| Due { purpose: Purpose::Attention, at: self.last_at });
        let erased = self.erased_at.map(|at| Due { purpose: Purpose::Erased, at });
        let callback = self.callbacks.as_ref().map(|owed| Due { purpose: Purpose::Poll, at: owed.at });
        let due = self.due.into_iter().chain(callback).min_by_key(|due| due.at);
        let silent = self.connection.as_ref().and_then(|connection| connection.silent_at);
        due.or(attention).or(erased).or_else(|| silent.map(|at| Due { purpose: Purpose::Send, at }))
    }
}
