//! Who gets a promotion. An empty filter is a fault and never "no filter": a segment that matched nobody must not reach
//! everybody.

use std::{collections::HashSet, fmt, hash::Hash};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{fault::FaultCode, read::Reader, value::Email};

/// The most addresses of one audience.
const MAX_EMAILS: usize = 20_000;
const FILTERS: [&str; 5] = ["connected", "os_type", "emails", "zip_codes", "zip_areas"];

/// Who gets a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Audience {
    /// Everybody.
    #[serde(serialize_with = "everyone")]
    #[schemars(with = "EveryoneWord")]
    Everyone,
    /// Those who pass every filter.
    Filtered(AudienceFilter),
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
enum EveryoneWord {
    Everyone,
}

fn everyone<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("everyone")
}

/// Filters; at least one is present, and no list is empty.
#[derive(Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("minProperties" = 1))]
#[schemars(deny_unknown_fields)]
pub struct AudienceFilter {
    /// Only devices connected to an account (true), only others (false).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<bool>,
    /// One operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_type: Option<OsType>,
    /// These addresses; at most 20,000, without duplicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20000))]
    pub emails: Option<Vec<Email>>,
    /// These postcodes of the billing address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub zip_codes: Option<Vec<String>>,
    /// These ranges of purely numeric postcodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub zip_areas: Option<Vec<ZipArea>>,
}

impl fmt::Debug for AudienceFilter {
    /// Shows no addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudienceFilter")
            .field("connected", &self.connected)
            .field("os_type", &self.os_type)
            .field("emails", &self.emails.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OsType {
    Ios,
    Android,
}

/// A range of purely numeric postcodes, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ZipArea {
    /// First postcode.
    pub from: u32,
    /// Last postcode, not below `from`.
    pub to: u32,
}

impl OsType {
    const ALL: [Self; 2] = [Self::Ios, Self::Android];

    const fn name(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }
}

impl Audience {
    pub(super) fn read(place: &Reader<'_>) -> Option<Self> {
        match place.value() {
            Value::String(word) if word == "everyone" => Some(Self::Everyone),
            Value::Object(_) => AudienceFilter::read(place).map(Self::Filtered),
            _ => {
                place.fault(FaultCode::WrongType, "must be an object with at least one filter, or the string everyone")
            }
        }
    }

    /// Whether it is limited to devices connected to an account.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self, Self::Filtered(AudienceFilter { connected: Some(true), .. }))
    }
}

impl AudienceFilter {
    fn read(place: &Reader<'_>) -> Option<Self> {
        let filters = place.object()?;
        place.deny_unknown(&FILTERS);
        if filters.is_empty() {
            return place
                .fault(FaultCode::EmptyFilter, "must have at least one filter; to reach all, write \"everyone\"");
        }
        // A filter that is null was meant to say something.
        for filter in FILTERS.iter().filter(|name| filters.get(**name).is_some_and(Value::is_null)) {
            let _: Option<()> = place.fault_at(filter, FaultCode::EmptyFilter, EMPTY);
        }
        Some(Self {
            connected: place.optional("connected", Reader::boolean),
            os_type: place.optional("os_type", |place| place.one_of(&OsType::ALL, OsType::name)),
            emails: place.optional("emails", emails),
            zip_codes: place
                .optional("zip_codes", |place| filled(place, |zip| zip.text().map(|zip| zip.trim().to_owned()))),
            zip_areas: place.optional("zip_areas", |place| filled(place, ZipArea::read)),
        })
    }
}

const EMPTY: &str = "must not be empty: leave the filter out if it is not meant to restrict";

fn emails(place: &Reader<'_>) -> Option<Vec<Email>> {
    let emails = filled(place, Reader::email)?;
    if emails.len() > MAX_EMAILS {
        return place.fault(FaultCode::TooMany, format!("must have at most {MAX_EMAILS} different addresses"));
    }
    Some(emails)
}

/// A list that is not empty, without its duplicates.
fn filled<'v, T: Clone + Eq + Hash>(place: &Reader<'v>, reading: impl Fn(&Reader<'v>) -> Option<T>) -> Option<Vec<T>> {
    if place.value().as_array().is_some_and(Vec::is_empty) {
        return place.fault(FaultCode::EmptyFilter, EMPTY);
    }
    let mut entries = place.array(reading)?;
    let mut seen = HashSet::with_capacity(entries.len());
    entries.retain(|entry| seen.insert(entry.clone()));
    Some(entries)
}

impl ZipArea {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&["from", "to"]);
        let end = |place: &Reader<'_>| place.integer(0, u64::from(u32::MAX)).and_then(|zip| u32::try_from(zip).ok());
        let (from, to) = (place.required("from", end), place.required("to", end));
        let (from, to) = (from?, to?);
        if from > to {
            return place.fault_at("to", FaultCode::WrongOrder, "must not be below from");
        }
        Some(Self { from, to })
    }
}
