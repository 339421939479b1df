//! What each secret holds. Parsed once, with every fault named by its JSON pointer and no value shown.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    time::Duration,
};

use rust_decimal::Decimal;
use secrecy::{SecretBox, SecretString};
use serde_json::Value;

use crate::{
    event::{Currency, EventType, Order, OrderStatus},
    quiet::QuietHours,
    shop::Platform,
};

/// `…/webhook`: how a shop's webhooks are authenticated, and what is done with them.
#[derive(Debug)]
pub struct WebhookSecret {
    /// One or several sources; the one whose credential is present and right is taken.
    pub sources: Vec<SourceSecret>,
    /// The event types that are forwarded; absent: all.
    pub forward: Option<Vec<EventType>>,
    /// Accepted shop domains (Shopify) or source hosts; absent: any.
    pub origins: Option<Vec<String>>,
    /// Whether test orders are forwarded.
    pub forward_test_orders: bool,
    /// The shop's time zone, an IANA name.
    pub time_zone: Option<jiff::tz::TimeZone>,
    /// When no push goes out.
    pub quiet_hours: Option<QuietHours>,
    /// After how many hours without a webhook somebody should look.
    pub silent_after_hours: Option<u64>,
}

/// One source of a shop.
pub struct SourceSecret {
    /// Which platform.
    pub platform: Platform,
    /// Signing secrets, the newest first; two are live during a rotation.
    pub signing_secrets: Vec<SecretString>,
    /// A static secret header: its name (lower case) and the accepted values. Canonical sources only.
    pub header: Option<(String, Vec<SecretString>)>,
    /// Content types accepted from a source authenticated by header; `application/json` unless said otherwise.
    pub content_types: Vec<String>,
    /// A parameter name before the payload (`payload={…}`), for sources authenticated by header.
    pub parameter: Option<String>,
    /// The app that registers itself; Shopware only.
    pub shopware_app: Option<ShopwareApp>,
}

/// A Shopware app, as far as its registration needs it.
#[derive(Debug)]
pub struct ShopwareApp {
    /// The app's technical name (`app_name`).
    pub name: String,
    /// The app's own secret, from its manifest (`app_secret`).
    pub secret: SecretString,
    /// The only shop that may register (`shop_url`), as the shop writes it.
    pub shop_url: String,
}

/// `…/platform`: how a shop's own API is reached, for webhooks that do not hold what they are about.
#[derive(Debug)]
pub enum PlatformSecret {
    /// BigCommerce: `store_hash`, `access_token`.
    Bigcommerce {
        /// The store, as in `stores/{hash}`.
        store_hash: String,
        /// The API account's token.
        access_token: SecretString,
    },
    /// Shopify: `shop_domain`, `access_token`.
    Shopify {
        /// The shop's `….myshopify.com` domain.
        shop_domain: String,
        /// The app's Admin API token.
        access_token: SecretString,
    },
    /// Shopware: `url`, `client_id`, `client_secret` of an integration.
    Shopware {
        /// Where the shop is.
        url: url::Url,
        /// The integration's access key id.
        client_id: String,
        /// Its secret access key.
        client_secret: SecretString,
    },
}

impl PlatformSecret {
    /// Whose API it is for.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Bigcommerce { .. } => Platform::Bigcommerce,
            Self::Shopify { .. } => Platform::Shopify,
            Self::Shopware { .. } => Platform::Shopware,
        }
    }
}

impl fmt::Debug for SourceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceSecret").field("platform", &self.platform).finish_non_exhaustive()
    }
}

/// `…/websand`: the account, and how orders and consent are expressed there.
#[derive(Debug)]
pub struct WebsandSecret {
    /// The instance's name, `[A-Za-z0-9-]{1,63}`.
    pub account: String,
    /// The API key.
    pub api_key: SecretString,
    /// Put before the order id to form `_id`; default `{shop}-`.
    pub id_prefix: Option<String>,
    /// Other names for the fields we send (`first` → `firstname`).
    pub field_names: BTreeMap<String, String>,
    /// Which later versions of an order are sent again.
    pub updates: OrderUpdates,
    /// Only orders in these states are sent; absent: all.
    pub statuses: Option<Vec<OrderStatus>>,
    /// Only orders of customers who consented.
    pub consented_orders_only: bool,
    /// Field and value that say that consent was given.
    pub consent_granted: (String, Value),
    /// Field and value that say that it was withdrawn; absent: cannot be expressed.
    pub consent_withdrawn: Option<(String, Value)>,
    /// How amounts become amounts in the account's currency; absent: they are sent as they are.
    pub currencies: Option<Currencies>,
    /// The most requests a second. Reserved, not applied yet.
    pub requests_per_second: Option<f64>,
}

impl WebsandSecret {
    /// Whether orders like this one are forwarded at all. An update follows an order that was begun because there was
    /// consent.
    pub fn forwards(&self, order: &Order, is_update: bool) -> bool {
        let is_consented = order.customer.marketing_consent == Some(true) || !self.consented_orders_only;
        let is_of_status = self.statuses.as_ref().is_none_or(|wanted| wanted.contains(&order.status));
        is_of_status && (is_consented || is_update)
    }
}

/// The currency of a Websand account, and those that are converted to it.
#[derive(Debug)]
pub struct Currencies {
    /// The account's own.
    pub account: Currency,
    /// What one unit of a currency is in the account's; the account's own is 1.
    pub factors: HashMap<Currency, Decimal>,
}

/// Which later versions of an order are sent to Websand again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderUpdates {
    /// One accepted POST per `_id`, ever: what Websand does with a repeated `_id` is not documented.
    #[default]
    None,
    /// Again when the status changes.
    Status,
    /// Each newer revision with changed content.
    All,
}

/// `…/websale`: the account of the shop's app.
#[derive(Debug)]
pub struct WebsaleSecret {
    /// The last path segment of the log-in.
    pub shop_id: String,
    /// The subshop in the paths of the App API.
    pub subshop: String,
    /// API account.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// Methods and paths of the calls.
    pub endpoints: WebsaleEndpoints,
    /// Timestamps are written in milliseconds (else seconds).
    pub timestamps_in_millis: bool,
    /// `status` values that end a dispatch.
    pub final_statuses: Vec<String>,
    /// What WEBSALE calls iOS and Android.
    pub os_types: (String, String),
    /// How often a dispatch is asked about.
    pub poll_interval: Duration,
    /// When we stop asking.
    pub poll_deadline: Duration,
    /// How long no log-in is tried after WEBSALE refused or blocked the account.
    pub login_backoff: Duration,
    /// The most requests a second. Reserved, not applied yet.
    pub requests_per_second: Option<f64>,
    /// The most addresses in one personalised push; a larger audience goes out in chunks.
    pub emails_per_push: Option<u32>,
    /// Where the shop wants to be told what becomes of its promotions; absent: nowhere.
    pub status_callback: Option<StatusCallback>,
}

/// Where a shop is told what becomes of its promotions, and how it knows that we tell it.
#[derive(Clone)]
pub struct StatusCallback {
    /// Called unless the promotion names another address of the same origin.
    pub url: url::Url,
    /// The key that callbacks are signed with, as Standard Webhooks write it.
    pub signing_secret: SecretString,
}

impl fmt::Debug for StatusCallback {
    /// Shows whom it is for; the rest of the address may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusCallback").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// Method and path of each call, `{subshop}` and `{id}` filled in when called. Only `create` and the log-in are documented.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct WebsaleEndpoints {
    pub create: (crate::http::Method, String),
    pub edit: (crate::http::Method, String),
    pub send: (crate::http::Method, String),
    pub personalised: (crate::http::Method, String),
    pub status: (crate::http::Method, String),
}

impl Default for WebsaleEndpoints {
    fn default() -> Self {
        use crate::http::Method::{Get, Post, Put};
        let news = "/api/websaleapp2/news/{subshop}";
        Self {
            create: (Post, news.into()),
            edit: (Put, format!("{news}/{{id}}")),
            send: (Post, format!("{news}/{{id}}/send")),
            personalised: (Post, "/api/websaleapp2/push/{subshop}".into()),
            status: (Get, "/api/websaleapp2/push/{id}".into()),
        }
    }
}

/// HMAC-SHA-256 fills its key up to this many bytes with zeros.
pub(super) const HMAC_BLOCK: usize = 64;

/// `_installation`: the key under which customer keys are made, filled up to a block.
#[derive(Debug)]
pub struct InstallationKey(pub(super) SecretBox<[u8; HMAC_BLOCK]>);
