//! Request bodies, from canonical promotions.

use std::{collections::BTreeSet, fmt::Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    event::{Audience, AudienceFilter, Channel, Link, LinkOpen, OsType, Promotion},
    secret::WebsaleSecret,
};

/// The body of an edit that switches an entry on. Sending a push is a call of its own.
pub const ACTIVATE: Bytes = Bytes::from_static(br#"{"active":true}"#);

/// The body of an edit that takes an entry off the devices.
pub const DEACTIVATE: Bytes = Bytes::from_static(br#"{"active":false}"#);

/// A push, news or teaser entry as WEBSALE is to have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    news_type: u8,
    /// Every field that an edit may overwrite; empty where the promotion says nothing.
    fields: Map<String, Value>,
    draft: bool,
}

impl Entry {
    /// The entry of a promotion that was received at this time. Personalised pushes have none.
    pub fn of(promotion: &Promotion, received_at: Timestamp, secret: &WebsaleSecret) -> Option<Self> {
        let news_type = match promotion.channel {
            Channel::Push => 0,
            Channel::News => 1,
            Channel::Teaser => 2,
            Channel::PersonalisedPush => return None,
        };
        let text = |text: &Option<String>| Value::from(text.clone().unwrap_or_default());
        let (url, url_type) = link_fields(promotion.link.as_ref());
        let mut fields = Map::new();
        fields.insert("title".into(), text(&promotion.title));
        fields.insert("text".into(), text(&promotion.text));
        fields.insert("url".into(), url.into());
        fields.insert("urlType".into(), url_type.into());
        fields.insert("image_url".into(), text(&promotion.image_path));
        let from = visible_from(promotion, received_at);
        fields.insert("validFrom".into(), timestamp(from, secret));
        fields.insert("validUntil".into(), timestamp(promotion.visible_until.unwrap_or(from), secret));
        Some(Self { news_type, fields, draft: promotion.draft })
    }

    /// The body that creates the entry, always inactive: a crash before we remember its id leaves nothing visible.
    pub fn create_body(&self) -> Bytes {
        let mut body = self.fields.clone();
        body.retain(|_, value| value.as_str() != Some(""));
        body.insert("newsType".into(), self.news_type.into());
        body.insert("active".into(), false.into());
        to_bytes(&Value::Object(body))
    }

    /// The body that makes an existing entry say what this one says: the fields that are not among those it is known to
    /// have, empty where a link or a text was removed. Nothing if it has them all. The type cannot be changed and
    /// `active` stays as it is.
    pub fn edit_body(&self, known: &BTreeSet<String>) -> Option<Bytes> {
        let mut body = self.fields.clone();
        body.retain(|name, value| !known.contains(&digest(name, value)));
        (!body.is_empty()).then(|| to_bytes(&Value::Object(body)))
    }

    /// A short digest of each field and its value.
    pub fn digests(&self) -> BTreeSet<String> {
        self.fields.iter().map(|(name, value)| digest(name, value)).collect()
    }

    /// What two equal entries have in common; a draft differs from the same entry published.
    pub fn content_hash(&self) -> String {
        content_hash(&[&[self.news_type, u8::from(self.draft)], &to_bytes(&Value::Object(self.fields.clone()))])
    }
}

/// From when an entry is shown. A promotion without any time is shown from its receipt on; its revision says "now" as
/// well, and is the same each time the shop sends the webhook, so that the entry's content is the same too.
fn visible_from(promotion: &Promotion, received_at: Timestamp) -> Timestamp {
    let from = promotion.visible_from.or(promotion.send_at).unwrap_or(received_at);
    if from == received_at { promotion.updated_at.min(received_at) } else { from }
}

/// The body of a personalised push, or nothing if the promotion is of another channel.
pub fn personalised(promotion: &Promotion, secret: &WebsaleSecret) -> Option<Bytes> {
    if promotion.channel != Channel::PersonalisedPush {
        return None;
    }
    let mut message = Map::new();
    message.insert("title".into(), promotion.title.clone().unwrap_or_default().into());
    message.insert("text".into(), promotion.text.clone().unwrap_or_default().into());
    if promotion.link.is_some() {
        let (url, url_type) = link_fields(promotion.link.as_ref());
        message.insert("url".into(), url.into());
        message.insert("urlType".into(), url_type.into());
    }
    if let Some(batch) = &promotion.voucher_batch {
        message.insert("voucher".into(), batch.clone().into());
    }
    message.insert("validUntil".into(), promotion.visible_days.unwrap_or(1).into());
    let mut body = Map::new();
    body.insert("name".into(), promotion.name.as_ref().unwrap_or(&promotion.id).clone().into());
    body.insert("message".into(), message.into());
    if let Some(Audience::Filtered(audience)) = &promotion.audience {
        body.insert("filter".into(), filter(audience, secret));
    }
    Some(to_bytes(&Value::Object(body)))
}

fn filter(audience: &AudienceFilter, secret: &WebsaleSecret) -> Value {
    let mut filter = Map::new();
    if let Some(connected) = audience.connected {
        filter.insert("connected".into(), connected.into());
    }
    if let Some(os_type) = audience.os_type {
        let (ios, android) = &secret.os_types;
        let name = if os_type == OsType::Ios { ios } else { android };
        filter.insert("os_type".into(), name.clone().into());
    }
    if let Some(emails) = &audience.emails {
        filter.insert("email".into(), emails.iter().map(|email| Value::from(email.as_str())).collect());
    }
    if let Some(codes) = &audience.zip_codes {
        filter.insert("zip".into(), codes.clone().into());
    }
    if let Some(areas) = &audience.zip_areas {
        filter.insert("zip_area".into(), areas.iter().map(|area| json!({"from": area.from, "to": area.to})).collect());
    }
    Value::Object(filter)
}

/// `url` and `urlType`: empty without a link.
fn link_fields(link: Option<&Link>) -> (String, &'static str) {
    link.map_or_else(Default::default, |link| {
        let url_type = match link.open {
            LinkOpen::InAppSignedIn => "internal-login",
            LinkOpen::InApp => "internal",
            LinkOpen::Browser => "external",
        };
        (link.url.clone(), url_type)
    })
}

/// WEBSALE documents "timestamp" without a unit, so the unit is a setting.
fn timestamp(at: Timestamp, secret: &WebsaleSecret) -> Value {
    if secret.timestamps_in_millis { at.as_millisecond().into() } else { at.as_second().into() }
}

fn to_bytes(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}

/// Tells fields and their values apart: 36 bits, as a row has seven of them and is to stay small.
fn digest(name: &str, value: &Value) -> String {
    let hash = Sha256::digest(format!("{name}={value}"));
    URL_SAFE_NO_PAD.encode(hash).chars().take(6).collect()
}

/// SHA-256 over these parts, in hex.
pub fn content_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
