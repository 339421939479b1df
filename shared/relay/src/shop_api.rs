//! Shops' own APIs: where an object is read that a webhook only named.
//!
//! Each platform's file knows which calls to make; what their answers mean is decided by [`crate::retry::decide()`] as for
//! destinations, and the mapping is the platform's [`crate::source`].

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use crate::{
    config::Destinations,
    event::Event,
    http::{CallError, Method, Request},
    message::Reference,
    ports::Ports,
    retry::{Call, Decision, Failure, Outcome},
    secret::PlatformSecret,
    shop::ShopName,
    source::Unusable,
    text,
};

mod bigcommerce;
mod limits;
mod shopify;
mod shopware;

pub(crate) use limits::Limits;
pub(crate) use shopware::Tokens;

/// How much is said about what cannot be mapped, in bytes.
const DETAIL: usize = 300;

/// An order of thousands of lines has a few megabytes.
const MAX_OBJECT: usize = 8 * 1024 * 1024;

/// Reads from one shop's API on behalf of one message.
pub(crate) struct ShopApi<'a> {
    /// The ports.
    pub(crate) ports: &'a Ports,
    /// How shops are reached.
    pub(crate) config: &'a Destinations,
    /// Whose API it is.
    pub(crate) shop: &'a ShopName,
    /// How much the shops' APIs still take.
    pub(crate) limits: &'a Limits,
    /// Tokens of Shopware's API.
    pub(crate) tokens: &'a Tokens,
    /// The shop's credentials.
    pub(crate) secret: &'a PlatformSecret,
    /// Says what a call's outcome means.
    pub(crate) judge: &'a (dyn Fn(Call, &Outcome) -> Decision + Sync),
    /// Whether there is time for another call.
    pub(crate) has_time: &'a (dyn Fn() -> bool + Sync),
}

/// What a reference stands for.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// An event, mapped and valid.
    Event(Event),
    /// There is nothing to deliver, for this reason: `gone`, `incomplete`, `no_email` …
    Skipped(&'static str),
}

/// Why nothing was fetched.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Not now, never, or not with these credentials: any decision but [`Decision::Delivered`] and [`Decision::Gone`].
    Decision(Decision),
    /// The shop no longer has it.
    Gone,
    /// The shop takes no more requests before this instant; the call was not made.
    Limited {
        /// Not before this instant.
        until: Timestamp,
    },
    /// There is no time left for the call; nothing happened.
    OutOfTime,
}

impl From<Unusable> for Stopped {
    /// What was read cannot be mapped: it is parked, and reading it again after a mend is what a redrive does.
    fn from(unusable: Unusable) -> Self {
        let failure =
            Failure { code: unusable.code().into(), status: None, detail: text::safe(&unusable.to_string(), DETAIL) };
        Self::Decision(Decision::Park { failure })
    }
}

impl ShopApi<'_> {
    /// A reading call to the shop's API, with its credential.
    pub(crate) fn get(&self, url: Url, credential: (&'static str, SecretString)) -> Request {
        Request {
            method: Method::Get,
            url,
            credential: Some(credential),
            headers: Vec::new(),
            json: None,
            timeout: self.config.http_timeout,
            fresh_connection: false,
            max_answer: MAX_OBJECT,
        }
    }

    /// A call that sends JSON, such as a log-in or a search.
    pub(crate) fn post(&self, url: Url, credential: Option<(&'static str, SecretString)>, body: &Value) -> Request {
        Request {
            method: Method::Post,
            url,
            credential,
            headers: Vec::new(),
            json: Some(body.to_string().into()),
            timeout: self.config.http_timeout,
            fresh_connection: false,
            max_answer: MAX_OBJECT,
        }
    }

    /// Makes one call and takes its answer for JSON; an empty answer is null.
    pub(crate) async fn json(&self, call: Call, request: Request) -> Result<Value, Stopped> {
        if !(self.has_time)() {
            return Err(Stopped::OutOfTime);
        }
        if let Some(until) = self.limits.until(self.shop, self.ports.clock.now()) {
            return Err(Stopped::Limited { until });
        }
        let outcome = self.ports.http.call(request).await;
        if let Ok(response) = &outcome {
            self.limits.note(self.shop, response, self.ports.clock.now());
        }
        match (self.judge)(call, &outcome) {
            Decision::Delivered => {}
            Decision::Gone => return Err(Stopped::Gone),
            decision => return Err(Stopped::Decision(decision)),
        }
        let body = outcome.map(|response| response.body).unwrap_or_default();
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| self.unreadable(call, "the answer is no complete JSON"))
    }

    /// What follows from an answer that is not what was asked for: as good as none, the next one may be right.
    pub(crate) fn unreadable(&self, call: Call, what: &str) -> Stopped {
        let unreadable = Err(CallError::NoAnswer(what.to_owned()));
        Stopped::Decision((self.judge)(call, &unreadable))
    }

    /// Fetches and maps what the reference names. `began` is when the fetching began: what is read is as new as that, so
    /// no time in it can be later.
    pub(crate) async fn fetch(&self, reference: &Reference, began: Timestamp) -> Result<Fetched, Stopped> {
        match self.secret {
            PlatformSecret::Bigcommerce { store_hash, access_token } => {
                bigcommerce::fetch(self, store_hash, access_token, reference, began).await
            }
            PlatformSecret::Shopify { shop_domain, access_token } => {
                shopify::fetch(self, shop_domain, access_token, reference, began).await
            }
            PlatformSecret::Shopware { url, client_id, client_secret } => {
                shopware::fetch(self, url, client_id, client_secret, reference, began).await
            }
        }
    }
}
