//! The JSON form of messages: CloudEvents 1.0, structured mode. Reading takes unknown extension attributes and is strict
//! otherwise; its errors hold no value of the message.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Message, Payload, Person, Reference, ReferenceKind, Rejected, RowKey, Whose};
use crate::{
    event::{self, Event, EventType, FaultCode, Reader},
    quiet::QuietHours,
    revision::Revision,
    shop::{Platform, ShopName},
};

#[cfg(test)]
mod tests;

const SPEC_VERSION: &str = "1.0";
const TYPE_PREFIX: &str = "shoprelay.";
const REFERENCED: &str = ".referenced";
const CUSTOMER_ERASE: &str = "customer.erase";
const CUSTOMER_DATA_REQUEST: &str = "customer.data_request";
const PROMOTION_DUE: &str = "promotion.due";
const WEBHOOK_REJECTED: &str = "webhook.rejected";

/// The text is not a message of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of this version: {0}")]
pub struct BadMessage(pub String);

/// A message as it is written. The extension names are lower-case letters and digits, as CloudEvents wants them.
#[derive(Serialize)]
struct Envelope<'m> {
    specversion: &'static str,
    id: &'m str,
    source: String,
    r#type: String,
    subject: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    receivedat: Timestamp,
    /// A string, because CloudEvents' integers have 32 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiethours: Option<&'m QuietHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    silentafterhours: Option<u64>,
    datacontenttype: &'static str,
    data: Data<'m>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'m> {
    Event(&'m Event),
    Referenced(&'m Reference),
    Erase(&'m Whose),
    Asked(&'m Person),
    PromotionDue { row: &'m RowKey, revision: Revision },
    Rejected(&'m Rejected),
}

impl Message {
    /// The message's type, such as `shoprelay.order.placed`.
    pub fn type_name(&self) -> String {
        let kind = match &self.payload {
            Payload::Event(event) => event.event_type().name(),
            Payload::Referenced(reference) => return format!("{TYPE_PREFIX}{}{REFERENCED}", reference.kind.name()),
            Payload::Erase(_) => CUSTOMER_ERASE,
            Payload::DataRequest(_) => CUSTOMER_DATA_REQUEST,
            Payload::PromotionDue { .. } => PROMOTION_DUE,
            Payload::Rejected(_) => WEBHOOK_REJECTED,
        };
        format!("{TYPE_PREFIX}{kind}")
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        let data = match &self.payload {
            Payload::Event(event) => Data::Event(event),
            Payload::Referenced(reference) => Data::Referenced(reference),
            Payload::Erase(whose) => Data::Erase(whose),
            Payload::DataRequest(person) => Data::Asked(person),
            Payload::PromotionDue { row, revision } => Data::PromotionDue { row, revision: *revision },
            Payload::Rejected(rejected) => Data::Rejected(rejected),
        };
        let envelope = Envelope {
            specversion: SPEC_VERSION,
            id: &self.id,
            source: format!("/shops/{}/{}", self.shop, self.platform),
            r#type: self.type_name(),
            subject: &self.subject,
            time: self.time,
            receivedat: self.received_at,
            sequence: self.sequence.map(|number| number.to_string()),
            traceparent: self.traceparent.as_deref(),
            quiethours: self.quiet_hours.as_ref(),
            silentafterhours: self.silent_after_hours,
            datacontenttype: "application/json",
            data,
        };
        // All keys are strings and no `Serialize` of ours fails, so there is always a text.
        serde_json::to_string(&envelope).unwrap_or_default()
    }

    /// Reads the JSON text.
    pub fn from_json(text: &str) -> Result<Self, BadMessage> {
        let document: Value = serde_json::from_str(text)
            .map_err(|fault| BadMessage(format!("not JSON at line {}, column {}", fault.line(), fault.column())))?;
        event::read(&document, Self::read).map_err(|faults| BadMessage(faults.to_string()))
    }

    fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.required("specversion", |place| {
            place.string().filter(|version| *version == SPEC_VERSION).or_else(|| unusable(place, "must be 1.0"))
        })?;
        let id = place.required("id", Reader::id);
        let source = place.required("source", source);
        let kind = place.required("type", Reader::string);
        let subject = place.required("subject", Reader::text);
        let received_at = place.required("receivedat", Reader::time);
        let time = place.optional("time", Reader::time);
        let sequence = place.optional("sequence", sequence);
        let traceparent = place.optional("traceparent", Reader::text).map(str::to_owned);
        let quiet_hours = place.optional("quiethours", plain);
        let silent_after_hours = place.optional("silentafterhours", plain);
        let (kind, received_at) = (kind?, received_at?);
        let payload = place.required("data", |data| match kind.strip_prefix(TYPE_PREFIX) {
            Some(PROMOTION_DUE) => promotion_due(data),
            Some(WEBHOOK_REJECTED) => plain(data).map(Payload::Rejected),
            Some(CUSTOMER_ERASE) => Whose::read(data).map(Payload::Erase),
            Some(CUSTOMER_DATA_REQUEST) => Person::read(data).map(Payload::DataRequest),
            Some(name) if is_reference(name) => plain(data).map(Payload::Referenced),
            other => match other.and_then(EventType::from_name) {
                Some(kind) => Event::read(data, kind, received_at).map(Payload::Event),
                None => place.fault_at("type", FaultCode::UnknownValue, "is not a type of this version"),
            },
        });
        let (shop, platform) = source?;
        let subject = subject?.to_owned();
        Some(Self {
            id: id?,
            shop,
            platform,
            subject,
            time,
            received_at,
            sequence,
            traceparent,
            quiet_hours,
            silent_after_hours,
            payload: payload?,
        })
    }
}

fn unusable<T>(place: &Reader<'_>, detail: impl Into<Cow<'static, str>>) -> Option<T> {
    place.fault(FaultCode::Invalid, detail.into())
}

fn source(place: &Reader<'_>) -> Option<(ShopName, Platform)> {
    let parts = place.string()?.strip_prefix("/shops/").and_then(|rest| rest.split_once('/'));
    let read = parts.and_then(|(shop, platform)| {
        let platform = Platform::ALL.into_iter().find(|candidate| candidate.name() == platform)?;
        Some((shop.parse().ok()?, platform))
    });
    read.or_else(|| unusable(place, "must be /shops/{shop}/{platform}"))
}

fn is_reference(name: &str) -> bool {
    name.strip_suffix(REFERENCED).is_some_and(|kind| ReferenceKind::ALL.iter().any(|known| known.name() == kind))
}

fn sequence(place: &Reader<'_>) -> Option<u64> {
    place.string()?.parse().ok().or_else(|| unusable(place, "must be a whole number in a string"))
}

fn promotion_due(place: &Reader<'_>) -> Option<Payload> {
    place.object()?;
    place.deny_unknown(&["row", "revision"]);
    let row = place.required("row", |place| {
        place.string()?.parse().ok().or_else(|| unusable(place, "must be a key of the ledger"))
    });
    let revision = place.required("revision", plain);
    Some(Payload::PromotionDue { row: row?, revision: revision? })
}

/// A value of our own that serde reads. Its own words about a fault may repeat values, so they are dropped.
fn plain<T: DeserializeOwned>(place: &Reader<'_>) -> Option<T> {
    T::deserialize(place.value()).ok().or_else(|| unusable(place, "is not of the form that this version writes"))
}
