//! A promotion: a news entry, a teaser, a push or a personalised push in the shop's app.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod audience;
pub(super) mod matrix;
mod read;
mod tags;
#[cfg(test)]
mod tests;

pub use audience::{Audience, AudienceFilter, OsType, ZipArea};

/// A promotion, valid for its channel.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Promotion {
    /// The marketing tool's id of the promotion: the subject.
    #[schemars(length(min = 1, max = 200), regex(pattern = "^[^@]*$"))]
    pub id: String,
    /// The source's revision: a change carries a newer one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub updated_at: Timestamp,
    /// What it is at WEBSALE.
    pub channel: Channel,
    /// Internal name, shown in WEBSALE's dispatch list.
    pub name: Option<String>,
    /// Headline, at most 64 characters.
    #[schemars(length(max = 64))]
    pub title: Option<String>,
    /// Text, at most 160 characters.
    #[schemars(length(max = 160))]
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
    #[serde(default)]
    pub draft: bool,
    /// Where to report how it went; must have the host of the shop's configured callback.
    #[schemars(length(max = 500), extend("format" = "uri"))]
    pub callback_url: Option<String>,
}

impl fmt::Debug for Promotion {
    /// Shows what it is, not what it says nor to whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promotion")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

/// A promotion called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cancellation {
    /// The promotion's id.
    #[schemars(length(min = 1, max = 200), regex(pattern = "^[^@]*$"))]
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
#[schemars(deny_unknown_fields)]
pub struct Link {
    /// The page; at most 160 characters, 128 in a personalised push.
    #[schemars(length(max = 160), extend("format" = "uri"))]
    pub url: String,
    /// Where it opens.
    pub open: LinkOpen,
}

impl LinkOpen {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::InAppSignedIn, Self::InApp, Self::Browser];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InAppSignedIn => "in_app_signed_in",
            Self::InApp => "in_app",
            Self::Browser => "browser",
        }
    }
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
