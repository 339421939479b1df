//! `GET` and `POST /webhooks/{shop}/shopware`: a Shopware shop registers with its app's server.

use ::http::{HeaderMap, Method, Request, Uri, header, uri::Authority};
use bytes::Bytes;
use url::Url;

use super::{
    Ingest, MAX_BODY,
    answer::{Refusal, Registered, Reply},
    receipt::Note,
};
use crate::{
    shop::ShopName,
    source::{
        Webhook, authenticate,
        shopware::registration::{Confirmation, confirm, register},
    },
};

const FORWARDED_HOST: &str = "x-forwarded-host";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

impl Ingest {
    /// Answers a registration, or takes the confirmation that follows it. Nothing is stored of either.
    pub(super) async fn registration(
        &self,
        request: &Request<Bytes>,
        shop: Option<ShopName>,
        note: &mut Note,
    ) -> Result<Reply, Reply> {
        let is_post = *request.method() == Method::POST;
        if !is_post && *request.method() != Method::GET {
            return Err(Reply::Refused(Refusal::Method));
        }
        if request.body().len() > MAX_BODY {
            return Err(Reply::Refused(Refusal::TooLarge));
        }
        if is_post { self.confirmed(request, shop, note).await } else { self.registered(request, shop, note).await }
    }

    async fn registered(
        &self,
        request: &Request<Bytes>,
        shop: Option<ShopName>,
        note: &mut Note,
    ) -> Result<Reply, Reply> {
        let (query, now) = (request.uri().query().unwrap_or_default(), note.at);
        let Some(shop) = shop else {
            register(query, request.headers(), None, now);
            return Err(Reply::Refused(Refusal::NotAuthentic));
        };
        let check = |secret: Option<&_>| register(query, request.headers(), secret.map(AsRef::as_ref), now);
        let registration = self.under_secret(&shop, check).await?;
        note.registering();
        let confirmation_url = public_url(request.uri(), request.headers(), &registration.shop_url);
        let confirmation_url = confirmation_url.ok_or(Reply::Refused(Refusal::NotAuthentic))?;
        let (proof, secret) = (registration.proof, registration.secret);
        Ok(Reply::Registered(Box::new(Registered { proof, secret, confirmation_url })))
    }

    async fn confirmed(
        &self,
        request: &Request<Bytes>,
        shop: Option<ShopName>,
        note: &mut Note,
    ) -> Result<Reply, Reply> {
        let webhook = Webhook { headers: request.headers(), body: request.body() };
        let Some(shop) = shop else {
            authenticate(&webhook, None, note.at);
            return Err(Reply::Refused(Refusal::NotAuthentic));
        };
        let authentic = self.authenticate(&shop, &webhook, note.at).await?;
        let confirmation = confirm(&webhook, &authentic);
        if confirmation == Confirmation::Foreign {
            return Err(Reply::Refused(Refusal::NotAuthentic));
        }
        note.registering();
        Ok(if confirmation == Confirmation::Confirmed { Reply::Confirmed } else { Reply::Ignored("wrong_endpoint") })
    }
}

/// The address that the request was made to, as the shop knows it. A proxy tells in headers what it changed; where
/// nobody tells the scheme, it is the shop's own: a shop on the public internet does not talk to us in the clear.
fn public_url(uri: &Uri, headers: &HeaderMap, shop_url: &str) -> Option<String> {
    // Proxies in a row add theirs behind a comma.
    let header = |name: header::HeaderName| {
        let value = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
        Some(value.to_owned()).filter(|value| !value.is_empty())
    };
    let host = header(header::HeaderName::from_static(FORWARDED_HOST))
        .or_else(|| uri.authority().map(ToString::to_string))
        .or_else(|| header(header::HOST))?;
    let authority: Authority = host.parse().ok()?;
    let scheme = header(header::HeaderName::from_static(FORWARDED_PROTO))
        .or_else(|| uri.scheme_str().map(str::to_owned))
        .or_else(|| Url::parse(shop_url).ok().map(|url| url.scheme().to_owned()))
        .filter(|scheme| matches!(scheme.as_str(), "http" | "https"))?;
    Some(format!("{scheme}://{authority}{}", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(headers: &[(&'static str, &str)]) -> Option<String> {
        let header = |(name, value): &(&'static str, &str)| {
            (header::HeaderName::from_static(name), value.parse::<header::HeaderValue>().unwrap())
        };
        let uri: Uri = "/webhooks/acme/shopware".parse().unwrap();
        public_url(&uri, &headers.iter().map(header).collect(), "https://shop.example.com")
    }

    #[test]
    fn the_address_is_the_web_address_that_proxies_tell_or_none() {
        let good = Some("https://relay.example.com/webhooks/acme/shopware".to_owned());
        assert_eq!(url(&[("host", "relay.example.com")]), good);
        assert_eq!(url(&[("host", "10.0.0.1"), ("x-forwarded-host", "relay.example.com, 10.0.0.2")]), good);
        assert_eq!(url(&[("host", "relay.example.com"), ("x-forwarded-proto", "https,http")]), good);
        assert_eq!(url(&[("host", "relay.example.com"), ("x-forwarded-proto", "javascript")]), None);
        assert_eq!(url(&[("x-forwarded-host", "relay.example.com/elsewhere")]), None);
        assert_eq!(url(&[]), None);
    }
}
