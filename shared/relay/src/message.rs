//! The queue message: CloudEvents 1.0, structured JSON, around one event.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    event::Event,
    quiet::QuietHours,
    revision::Revision,
    shop::{Destination, Platform, ShopName},
};

mod person;
mod reference;
mod wire;
pub use person::{Person, Whose};
pub use reference::{Reference, ReferenceKind};
pub use wire::BadMessage;

/// One message: an event of one shop on its way to one destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The same webhook delivered twice has the same id.
    pub id: String,
    /// Whose event it is.
    pub shop: ShopName,
    /// Which system sent it.
    pub platform: Platform,
    /// Order id, promotion id or customer key. Never an address.
    pub subject: String,
    /// The source's revision of the subject, if it has one.
    pub time: Option<Timestamp>,
    /// When we received the webhook.
    pub received_at: Timestamp,
    /// The platform's sequence number, if it has one.
    pub sequence: Option<u64>,
    /// W3C trace context of the request, if it had one.
    pub traceparent: Option<String>,
    /// When no push goes out, if the shop has such hours; only with a promotion that is sent. Who forwards it knows
    /// nothing else of how the shop's webhooks are received.
    pub quiet_hours: Option<QuietHours>,
    /// After how many hours without another webhook somebody is called; only with what a webhook of such a shop came to.
    pub silent_after_hours: Option<u64>,
    /// What it is about.
    pub payload: Payload,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// A canonical event, type `shoprelay.<event type>`.
    Event(Event),
    /// Something to be fetched from the shop's API first, type `shoprelay.{order|customer|consent}.referenced`.
    Referenced(Reference),
    /// Somebody is to be forgotten, type `shoprelay.customer.erase`.
    Erase(Whose),
    /// A person wants to know what is held about them, type `shoprelay.customer.data_request`.
    DataRequest(Person),
    /// A promotion's time has come, type `shoprelay.promotion.due`: thin, the content is with the ledger's row.
    PromotionDue {
        /// The promotion's row.
        row: RowKey,
        /// The revision that is due; a message for another revision is void.
        revision: Revision,
    },
    /// An authentic webhook that could not be used, type `shoprelay.webhook.rejected`; only ever parked.
    Rejected(Rejected),
}

/// An authentic webhook that could not be used, kept so that it can be mapped anew.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Why, as a short code.
    pub reason: String,
    /// What exactly, without values.
    pub detail: String,
    /// The platform's topic.
    pub topic: Option<String>,
    /// The URL's last segment.
    pub endpoint: String,
    /// The headers that mapping needs, lower-cased names.
    pub headers: std::collections::BTreeMap<String, String>,
    /// The raw body, gzip then base64; absent where it must not be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}

impl fmt::Debug for Rejected {
    /// Shows neither topic, headers nor body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Order,
    Customer,
    Consent,
    Promotion,
    /// One call's part of a promotion with a large audience. Its subject is `{promotion}/{number}`, numbers from 1.
    Chunk,
    /// The log-in state of one WEBSALE account.
    Login,
    /// Something to be fetched from the shop's API: how the fetching goes. Its subject is `{kind}/{id}`.
    Reference,
    /// A privacy request: what became of it. Its subject is the event's id.
    Privacy,
    /// A shop's connection to the destination: paused or not, and which calls work. Its subject is the
    /// destination's name.
    Connection,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Order,
        Self::Customer,
        Self::Consent,
        Self::Promotion,
        Self::Chunk,
        Self::Login,
        Self::Reference,
        Self::Privacy,
        Self::Connection,
    ];

    /// The name used in keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Customer => "customer",
            Self::Consent => "consent",
            Self::Promotion => "promotion",
            Self::Chunk => "chunk",
            Self::Login => "login",
            Self::Reference => "reference",
            Self::Privacy => "privacy",
            Self::Connection => "connection",
        }
    }
}

/// The key of a ledger row: `{scope}#{destination}#{kind}#{subject}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowKey {
    /// The shop, or nothing for rows that belong to the installation (WEBSALE log-ins, shared by shops of one account).
    pub shop: Option<ShopName>,
    /// Where the subject is delivered.
    pub destination: Destination,
    /// What the subject is.
    pub kind: Kind,
    /// Order id, promotion id, customer key …
    pub subject: String,
}

const INSTALLATION: &str = "_installation";

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = self.shop.as_ref().map_or(INSTALLATION, ShopName::as_str);
        write!(f, "{scope}#{}#{}#{}", self.destination, self.kind.name(), self.subject)
    }
}

/// The text is not a row key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a ledger key: it has the form shop#destination#kind#subject")]
pub struct BadRowKey;

impl FromStr for RowKey {
    type Err = BadRowKey;

    fn from_str(text: &str) -> Result<Self, BadRowKey> {
        let mut parts = text.splitn(4, '#');
        let mut next = || parts.next().ok_or(BadRowKey);
        let (scope, destination, kind, subject) = (next()?, next()?, next()?, next()?);
        Ok(Self {
            shop: if scope == INSTALLATION { None } else { Some(scope.parse().map_err(|_| BadRowKey)?) },
            destination: Destination::ALL.into_iter().find(|d| d.name() == destination).ok_or(BadRowKey)?,
            kind: Kind::ALL.into_iter().find(|k| k.name() == kind).ok_or(BadRowKey)?,
            subject: subject.to_owned(),
        })
    }
}

impl TryFrom<String> for RowKey {
    type Error = BadRowKey;

    fn try_from(text: String) -> Result<Self, BadRowKey> {
        text.parse()
    }
}

impl From<RowKey> for String {
    fn from(key: RowKey) -> Self {
        key.to_string()
    }
}

impl Message {
    /// Where the message goes.
    pub const fn destination(&self) -> Destination {
        match &self.payload {
            Payload::Event(Event::OrderPlaced(_) | Event::OrderUpdated(_) | Event::CustomerUpdated(_))
            | Payload::Referenced(_)
            | Payload::Erase(_)
            | Payload::DataRequest(_) => Destination::Websand,
            Payload::Event(Event::PromotionScheduled(_) | Event::PromotionCancelled(_))
            | Payload::PromotionDue { .. } => Destination::Websale,
            Payload::Rejected(rejected) => match rejected.endpoint.as_bytes() {
                [b'p', b'r', b'o', ..] => Destination::Websale,
                _ => Destination::Websand,
            },
        }
    }

    /// The ledger row of the message's subject; a rejected webhook has none.
    pub fn row_key(&self) -> Option<RowKey> {
        let (kind, subject) = match &self.payload {
            Payload::Event(Event::OrderPlaced(_) | Event::OrderUpdated(_)) => (Kind::Order, self.subject.clone()),
            Payload::Event(Event::CustomerUpdated(customer)) => {
                let kind = if customer.is_decision_only() { Kind::Consent } else { Kind::Customer };
                (kind, self.subject.clone())
            }
            Payload::Event(Event::PromotionScheduled(_) | Event::PromotionCancelled(_)) => {
                (Kind::Promotion, self.subject.clone())
            }
            Payload::Referenced(reference) => (Kind::Reference, format!("{}/{}", reference.kind.name(), reference.id)),
            Payload::Erase(_) | Payload::DataRequest(_) => (Kind::Privacy, self.id.clone()),
            Payload::PromotionDue { row, .. } => return Some(row.clone()),
            Payload::Rejected(_) => return None,
        };
        Some(RowKey { shop: Some(self.shop.clone()), destination: self.destination(), kind, subject })
    }

    /// The event's age among those of its subject. At equal `time` an update beats the placing, a higher status beats
    /// a lower one, and a cancellation beats a schedule.
    pub fn revision(&self) -> Revision {
        let rank = match &self.payload {
            Payload::Event(Event::OrderPlaced(order)) => order.status.rank(),
            Payload::Event(Event::OrderUpdated(order)) => 8 + order.status.rank(),
            Payload::Event(Event::PromotionCancelled(_)) => 1,
            Payload::PromotionDue { revision, .. } => return *revision,
            Payload::Event(_)
            | Payload::Referenced(_)
            | Payload::Erase(_)
            | Payload::DataRequest(_)
            | Payload::Rejected(_) => 0,
        };
        Revision { time: self.time, received_at: self.received_at, rank, sequence: self.sequence }
    }
}
