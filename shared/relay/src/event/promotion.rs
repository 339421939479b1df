//! A promotion: a news entry, a teaser, a push or a personalised push in the shop's app.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::Email;

/// A promotion, valid for its channel (the matrix is in `docs/events.md`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Promotion {
    /// The marketing tool's id of the promotion: the subject.
    pub id: String,
    /// The source's revision: a change carries a newer one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: Timestamp,
    /// What it is at WEBSALE.
    pub channel: Channel,
    /// Internal name, shown in WEBSALE's dispatch list.
    pub name: Option<String>,
    /// Headline, at most 64 characters.
    pub title: Option<String>,
    /// Text, at most 160 characters.
    pub text: Option<String>,
    /// What a tap opens.
    pub link: Option<Link>,
    /// The picture, relative to WEBSALE's image folder.
    pub image_path: Option<String>,
    /// From when it is shown (news, teaser, push).
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub visible_from: Option<Timestamp>,
    /// Until when it is shown (news, teaser, push).
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub visible_until: Option<Timestamp>,
    /// How many days it is shown (personalised push), 1 to 31.
    #[schemars(range(min = 1, max = 31))]
    pub visible_days: Option<u8>,
    /// When it goes out (push, personalised push); absent: at once.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub send_at: Option<Timestamp>,
    /// Not out by then: not at all (push, personalised push).
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub send_before: Option<Timestamp>,
    /// The batch personal voucher numbers are taken from.
    pub voucher_batch: Option<String>,
    /// Who gets it.
    pub audience: Option<Audience>,
    /// Created inactive and left so.
    pub draft: bool,
    /// Where to report how it went; must have the host of the shop's configured callback.
    pub callback_url: Option<String>,
}

/// A promotion called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cancellation {
    /// The promotion's id.
    pub id: String,
    /// The source's revision of the cancellation.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: Timestamp,
}

/// What a promotion is at WEBSALE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A push message to everybody.
    Push,
    /// An entry in the app's news.
    News,
    /// A picture on the app's start page.
    Teaser,
    /// A push message with personal text to an audience.
    PersonalisedPush,
}

impl Channel {
    /// All channels, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Push, Self::News, Self::Teaser, Self::PersonalisedPush];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::News => "news",
            Self::Teaser => "teaser",
            Self::PersonalisedPush => "personalised_push",
        }
    }
}

/// What a tap opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Link {
    /// The page.
    pub url: String,
    /// Where it opens.
    pub open: LinkOpen,
}

/// Where a link opens (WEBSALE's `urlType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkOpen {
    /// In the app, signed in to the shop (`internal-login`).
    InAppSignedIn,
    /// In the app (`internal`).
    InApp,
    /// In a browser (`external`).
    Browser,
}

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

impl std::fmt::Debug for AudienceFilter {
    /// Shows no addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ZipArea {
    /// First postcode.
    pub from: u32,
    /// Last postcode, not below `from`.
    pub to: u32,
}
