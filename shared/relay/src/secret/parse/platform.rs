//! `…/platform`. Which platform it is for shows in its fields.

use secrecy::SecretString;
use url::Url;

use super::{Model, header_text, text};
use crate::{
    event::{FaultCode, Reader},
    secret::PlatformSecret,
};

/// The fields of a secret for BigCommerce.
pub(super) const BIGCOMMERCE: [&str; 2] = ["store_hash", "access_token"];
/// The fields of a secret for Shopify.
pub(super) const SHOPIFY: [&str; 2] = ["shop_domain", "access_token"];
/// The fields of a secret for Shopware.
pub(super) const SHOPWARE: [&str; 3] = ["url", "client_id", "client_secret"];

impl Model for PlatformSecret {
    fn read(place: &Reader<'_>) -> Option<Self> {
        let secret = |field: &str| place.required(field, header_text).map(SecretString::from);
        if place.has("store_hash") {
            place.deny_unknown(&BIGCOMMERCE);
            let (store_hash, access_token) = (place.required("store_hash", store_hash), secret("access_token"));
            return Some(Self::Bigcommerce { store_hash: store_hash?, access_token: access_token? });
        }
        if place.has("shop_domain") {
            place.deny_unknown(&SHOPIFY);
            let (shop_domain, access_token) = (place.required("shop_domain", shop_domain), secret("access_token"));
            return Some(Self::Shopify { shop_domain: shop_domain?, access_token: access_token? });
        }
        if place.has("url") {
            place.deny_unknown(&SHOPWARE);
            let (url, client_id) = (place.required("url", url), place.required("client_id", text));
            let client_secret = place.required("client_secret", text).map(SecretString::from);
            return Some(Self::Shopware { url: url?, client_id: client_id?, client_secret: client_secret? });
        }
        let detail = "must have store_hash (BigCommerce), shop_domain (Shopify) or url (Shopware)";
        place.fault(FaultCode::Missing, detail)
    }
}

fn store_hash(place: &Reader<'_>) -> Option<String> {
    let hash = text(place)?;
    if hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some(hash);
    }
    place.fault(FaultCode::Invalid, "must be letters and digits: the HASH of stores/HASH in the API path")
}

fn shop_domain(place: &Reader<'_>) -> Option<String> {
    let domain = text(place)?.to_lowercase();
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if domain.contains('.') && domain.bytes().all(well_formed) {
        return Some(domain);
    }
    place.fault(FaultCode::Invalid, "must be the shop's domain, such as acme.myshopify.com, without https://")
}

fn url(place: &Reader<'_>) -> Option<Url> {
    let url = Url::parse(&text(place)?).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.username().is_empty()
    });
    url.or_else(|| place.fault(FaultCode::Invalid, "must be the shop's http or https URL"))
}
