//! What is known of a shop's connection to a destination. One row, read before every delivery, so that all processes
//! know it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::retry::{Call, Party};

/// A shop's connection to a destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// An operator paused it then: no call is made until it is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Timestamp>,
    /// The calls that got through at least once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub proven: BTreeSet<Call>,
    /// What does not work because of the shop's settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<Matter, Fault>,
    /// Who is down for this shop.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub down: BTreeMap<Party, Outage>,
    /// If no further webhook comes until then, the shop is silent; only of shops whose owner wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_at: Option<Timestamp>,
}

/// A party that failed again and again, or that is asked for too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Since when.
    pub since: Timestamp,
    /// Until then nobody calls it; who comes first after that tries.
    pub until: Timestamp,
    /// How often that was in vain.
    pub tries: u8,
}

/// What a fault of the settings is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Matter {
    /// The secret itself: missing, malformed or not readable.
    #[serde(rename = "secret")]
    Secret,
    /// A call: its path, or the credentials.
    #[serde(untagged)]
    Call(Call),
}

/// Settings that were found wrong, and not yet right again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// How many times in a row.
    pub in_a_row: u8,
    /// Since when.
    pub since: Timestamp,
    /// When one delivery may try again.
    pub probe_at: Timestamp,
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::Call(call) => call.name(),
        })
    }
}

impl Matter {
    /// The settings that a person has to look at.
    pub const fn settings(self) -> &'static str {
        match self {
            Self::Secret => "the shop's secret for this destination",
            Self::Call(call) => call.settings(),
        }
    }
}
