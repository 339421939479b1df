//! What an answer means: one pure function from a call's outcome to what the worker does next.
//!
//! The table is in `docs/retries.md`.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::http::{CallError, Response};

mod decide;
mod retry_after;

pub use decide::decide;
pub use retry_after::{asked_for, parse_retry_after, rate_limit_reset};

/// Retrying ends this long after the message was queued.
pub const RETRY_FOR: SignedDuration = SignedDuration::from_hours(72);
/// The first back-off; it doubles with each attempt …
pub const BACKOFF_FIRST: Duration = Duration::from_secs(5);
/// … up to this.
pub const BACKOFF_MAX: Duration = Duration::from_hours(1);
/// How long a delivery waits that a person has to mend (refused credentials, configuration faults).
pub const MEND_WAIT: Duration = Duration::from_mins(15);
/// A delivery waits at most this long for a person to mend something.
pub const MEND_FOR: SignedDuration = SignedDuration::from_hours(10 * 24);
/// The shortest put-back for a lease, a rate limit or an open breaker.
pub const PUT_BACK: Duration = Duration::from_secs(30);

/// Which call it was: what may be repeated depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Call {
    #[serde(rename = "websand.transaction")]
    WebsandTransaction,
    #[serde(rename = "websand.subscriber")]
    WebsandSubscriber,
    #[serde(rename = "websale.login")]
    WebsaleLogin,
    #[serde(rename = "websale.create")]
    WebsaleCreate,
    #[serde(rename = "websale.edit")]
    WebsaleEdit,
    #[serde(rename = "websale.send")]
    WebsaleSend,
    /// The one call that cannot be made idempotent.
    #[serde(rename = "websale.personalised")]
    WebsalePersonalised,
    #[serde(rename = "websale.status")]
    WebsaleStatus,
    /// Logging in at a shop's own API.
    #[serde(rename = "shop.token")]
    ShopToken,
    /// Reading an order, a customer or a subscription from a shop's own API.
    #[serde(rename = "shop.read")]
    ShopRead,
    /// Telling a shop what became of a promotion.
    #[serde(rename = "shop.callback")]
    ShopCallback,
}

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Party {
    Websand,
    Websale,
    /// The shop's own API, or its callback.
    Shop,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Websand => "websand",
            Self::Websale => "websale",
            Self::Shop => "the shop's API",
        })
    }
}

impl Call {
    /// All calls, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::WebsandTransaction,
        Self::WebsandSubscriber,
        Self::WebsaleLogin,
        Self::WebsaleCreate,
        Self::WebsaleEdit,
        Self::WebsaleSend,
        Self::WebsalePersonalised,
        Self::WebsaleStatus,
        Self::ShopToken,
        Self::ShopRead,
        Self::ShopCallback,
    ];

    /// The name in logs and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebsandTransaction => "websand.transaction",
            Self::WebsandSubscriber => "websand.subscriber",
            Self::WebsaleLogin => "websale.login",
            Self::WebsaleCreate => "websale.create",
            Self::WebsaleEdit => "websale.edit",
            Self::WebsaleSend => "websale.send",
            Self::WebsalePersonalised => "websale.personalised",
            Self::WebsaleStatus => "websale.status",
            Self::ShopToken => "shop.token",
            Self::ShopRead => "shop.read",
            Self::ShopCallback => "shop.callback",
        }
    }

    /// Who is called.
    pub const fn party(self) -> Party {
        match self {
            Self::WebsandTransaction | Self::WebsandSubscriber => Party::Websand,
            Self::ShopToken | Self::ShopRead | Self::ShopCallback => Party::Shop,
            _ => Party::Websale,
        }
    }

    /// The settings that a person has to look at if the call does not work at all.
    pub const fn settings(self) -> &'static str {
        match self {
            Self::WebsandTransaction | Self::WebsandSubscriber => {
                "`account` and `api_key` of the shop's websand secret, SHOPRELAY_WEBSAND_URL"
            }
            Self::WebsaleLogin => {
                "`shop_id`, `username` and `password` of the shop's websale secret, SHOPRELAY_WEBSALE_LOGIN_URL"
            }
            Self::WebsaleCreate => "`subshop` and `endpoints.create` of the shop's websale secret",
            Self::WebsaleEdit => "`subshop` and `endpoints.edit` of the shop's websale secret",
            Self::WebsaleSend => "`subshop` and `endpoints.send` of the shop's websale secret",
            Self::WebsalePersonalised => "`subshop` and `endpoints.personalised` of the shop's websale secret",
            Self::WebsaleStatus => "`endpoints.status` of the shop's websale secret",
            Self::ShopCallback => "`status_callback` of the shop's websale secret",
            Self::ShopToken | Self::ShopRead => "the shop's platform secret, and the rights of its token",
        }
    }

    /// Whether making the call twice does harm that cannot be undone.
    pub const fn is_irrevocable(self) -> bool {
        matches!(self, Self::WebsalePersonalised)
    }

    /// Whether the call only exchanges credentials for a token.
    pub const fn is_login(self) -> bool {
        matches!(self, Self::WebsaleLogin | Self::ShopToken)
    }

    /// Whether the call's path holds an id that the destination gave us, so that 404 speaks of that id.
    pub const fn names_remote_id(self) -> bool {
        matches!(self, Self::WebsaleEdit | Self::WebsaleSend | Self::WebsaleStatus)
    }
}

/// What a call came to.
pub type Outcome = Result<Response, CallError>;

/// What [`decide`] needs to know besides the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Whether the credentials were already refreshed for this message.
    pub refreshed: bool,
    /// Whether this call got through for this shop before. Until then a 400 may as well be due to the shop's settings.
    pub proven: bool,
    /// How many times the event was started before, this one not counted.
    pub attempt: u32,
    /// When the message was queued.
    pub sent_at: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// Chance for the jitter, uniformly distributed.
    pub random: u64,
}

/// What the worker does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It worked.
    Delivered,
    /// Refresh the credentials (WEBSALE: log in again) and repeat the call once.
    Refresh,
    /// Try again at this time; nothing was done, or doing it again is harmless.
    Retry {
        /// Not before this instant.
        at: Timestamp,
        /// What happened.
        failure: Failure,
    },
    /// Try again later; a person has to mend the shop's settings or credentials first.
    Mend {
        /// Not before this instant.
        at: Timestamp,
        /// What happened.
        failure: Failure,
    },
    /// Never again: to the dead-letter queue.
    Park {
        /// What happened.
        failure: Failure,
    },
    /// What was to be read is no longer there.
    Gone,
    /// It may have been done and must not be done twice: a person decides.
    Unknown {
        /// What happened.
        failure: Failure,
    },
}

/// What happened, safe to store and show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A short code, such as `http_503` or `not_sent`.
    pub code: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The destination's words: capped, addresses masked.
    pub detail: String,
}
