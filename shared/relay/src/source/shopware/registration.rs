//! An app's registration: the shop introduces itself, signed with the app's secret, and is given the secret it signs its
//! webhooks with (<https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html>).
//!
//! Whoever knows the app's secret could ask for the shop's. So a registration is answered only while `app_name`,
//! `app_secret` and `shop_url` stand in the shop's secret, for that one address and within five minutes; and once a
//! second signing secret is there, the shop is one that is known, which has to prove that it knows one of them.

use ::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::{SIGNATURE, is_signed};
use crate::{
    secret::{ShopwareApp, SourceSecret, WebhookSecret},
    shop::Platform,
    source::{Authentic, Json, Webhook, payload::text, signature::hmac_sha256},
    text::hex,
};

const APP_SIGNATURE: &str = "shopware-app-signature";
/// Beside the new signature of a confirmation: the same under the secret that the shop had before.
const PREVIOUS: &str = "shopware-shop-signature-previous";
/// How far the request's time may be from ours. The shop makes the request now, and waits for the answer.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// How many signatures a refusal costs, whatever it is for: two forms of the query under the app's secret and two under
/// each of two signing secrets.
const WORK_OF_A_REFUSAL: usize = 6;

/// What a shop is told that may register.
pub(crate) struct Registration {
    /// That we know the app's secret too.
    pub(crate) proof: String,
    /// What the shop is to sign with from now on.
    pub(crate) secret: SecretString,
    /// The shop's address, as it stands in the secret.
    pub(crate) shop_url: String,
}

/// The registration that this request asks for, if it may be answered. Without a secret nothing may.
pub(crate) fn register(
    query: &str,
    headers: &HeaderMap,
    secret: Option<&WebhookSecret>,
    now: Timestamp,
) -> Option<Registration> {
    let request = Request::of(query, headers);
    let mut computed = 0;
    let sources = secret.into_iter().flat_map(|secret| &secret.sources);
    let apps = sources.filter_map(|source| Some((source.shopware_app.as_ref()?, source)));
    let found = apps.fold(None, |found, (app, source)| {
        let answer = request.answer(app, source, now, &mut computed);
        found.or(answer)
    });
    for _ in computed..WORK_OF_A_REFUSAL {
        std::hint::black_box(hmac_sha256(b"nobody's key", &[std::hint::black_box(query.as_bytes())]));
    }
    found
}

/// A request for registration, not yet known to be authentic.
struct Request<'r> {
    query: &'r str,
    parameters: Option<Parameters>,
    /// The parameters as Shopware wrote and signed them, whatever a proxy made of the query.
    rebuilt: String,
    app_signature: &'r str,
    shop_signature: Option<&'r str>,
}

struct Parameters {
    shop_id: String,
    shop_url: String,
    timestamp: String,
}

impl<'r> Request<'r> {
    fn of(query: &'r str, headers: &'r HeaderMap) -> Self {
        let parameters = Parameters::of(query);
        let rebuilt = parameters.as_ref().map_or_else(String::new, |Parameters { shop_id, shop_url, timestamp }| {
            format!("shop-id={shop_id}&shop-url={shop_url}&timestamp={timestamp}")
        });
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let app_signature = header(APP_SIGNATURE).unwrap_or_default();
        // A header that cannot be read is there all the same, and not right.
        let shop_signature = headers.contains_key(SIGNATURE).then(|| header(SIGNATURE).unwrap_or_default());
        Self { query, parameters, rebuilt, app_signature, shop_signature }
    }

    /// Every check is made, whatever the others find.
    fn answer(
        &self,
        app: &ShopwareApp,
        source: &SourceSecret,
        now: Timestamp,
        computed: &mut usize,
    ) -> Option<Registration> {
        let mut is_signed = |claimed: &str, secret: &SecretString| {
            *computed += 2;
            is_signed(claimed, secret, self.query.as_bytes()) | is_signed(claimed, secret, self.rebuilt.as_bytes())
        };
        let knows_app = is_signed(self.app_signature, &app.secret);
        let knows_shop = match self.shop_signature {
            Some(claimed) => {
                source.signing_secrets.iter().fold(false, |right, secret| right | is_signed(claimed, secret))
            }
            None => source.signing_secrets.len() == 1,
        };
        let Parameters { shop_id, shop_url, timestamp } = self.parameters.as_ref()?;
        let is_expected = is_same_shop(shop_url, &app.shop_url) && is_recent(timestamp, now);
        let secret = source.signing_secrets.first().filter(|_| knows_app && knows_shop && is_expected)?;
        let key = app.secret.expose_secret().as_bytes();
        Some(Registration {
            proof: hex(&hmac_sha256(key, &[shop_id.as_bytes(), shop_url.as_bytes(), app.name.as_bytes()])),
            secret: secret.clone(),
            shop_url: app.shop_url.clone(),
        })
    }
}

impl Parameters {
    /// Each of them must be there once; others may come beside them.
    fn of(query: &str) -> Option<Self> {
        let only = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
            found.next().filter(|_| found.next().is_none()).map(|(_, value)| value.into_owned())
        };
        Some(Self { shop_id: only("shop-id")?, shop_url: only("shop-url")?, timestamp: only("timestamp")? })
    }
}

/// Whether two addresses are those of one shop, with and without a stroke at the end.
fn is_same_shop(left: &str, right: &str) -> bool {
    let parse = |text: &str| Url::parse(text.trim_end_matches('/')).ok();
    parse(left).is_some_and(|left| Some(left) == parse(right))
}

fn is_recent(seconds: &str, now: Timestamp) -> bool {
    let then = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    then.is_some_and(|then| now.duration_since(then).abs() <= WINDOW)
}

/// What a signed POST to the registration's address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// The shop has taken the secret. Its API credentials, which it brings, are left alone: nothing here may write
    /// secrets.
    Confirmed,
    /// Authentic, but no confirmation.
    Other,
    /// Not from the shop it should be from.
    Foreign,
}

/// What an authentic webhook at the registration's address is.
pub(crate) fn confirm(webhook: &Webhook<'_>, authentic: &Authentic) -> Confirmation {
    let secret = authentic.secret();
    let is_previous_right = match webhook.headers.get(PREVIOUS).map(|_| webhook.header(PREVIOUS).unwrap_or_default()) {
        Some(claimed) => secret.signing_secrets.iter().any(|secret| is_signed(claimed, secret, webhook.body)),
        None => true,
    };
    if secret.platform != Platform::Shopware || !is_previous_right {
        return Confirmation::Foreign;
    }
    let body = webhook.json().unwrap_or(Json::Null);
    if ["apiKey", "secretKey", "shopId"].into_iter().any(|field| text(&body, &[field]).is_none()) {
        return Confirmation::Other;
    }
    let shop_url = text(&body, &["shopUrl"]);
    let is_expected =
        |app: &ShopwareApp| shop_url.as_deref().is_some_and(|shop_url| is_same_shop(shop_url, &app.shop_url));
    if secret.shopware_app.as_ref().is_none_or(is_expected) { Confirmation::Confirmed } else { Confirmation::Foreign }
}

#[cfg(test)]
mod tests;
