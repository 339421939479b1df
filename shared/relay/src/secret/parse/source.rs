//! One source of a shop: the platform and its credentials.

use secrecy::SecretString;
use url::Url;

use super::{header_text, one_of, some, text};
use crate::{
    event::{FaultCode, Reader},
    secret::{ShopwareApp, SourceSecret},
    shop::Platform,
    standard_webhooks::is_secret,
};

/// The fields of a source.
pub(super) const FIELDS: [&str; 8] =
    ["platform", "signing_secrets", "header", "content_types", "parameter", "app_name", "app_secret", "shop_url"];

/// The fields of a Shopware app; all or none.
const SHOPWARE_APP: [&str; 3] = ["app_name", "app_secret", "shop_url"];

/// Reads a source; the caller has refused unknown fields.
pub(super) fn read(place: &Reader<'_>) -> Option<SourceSecret> {
    let platforms = Platform::ALL.map(|platform| (platform.name(), platform));
    let platform = place.required("platform", |place| one_of(place, &platforms))?;
    let signing_secrets =
        place.optional("signing_secrets", |place| some(place, |place| signing_secret(place, platform)));
    let header = place.optional("header", header);
    let content_types = place.optional("content_types", |place| some(place, content_type));
    let parameter = place.optional("parameter", text);
    let shopware_app = shopware_app(place, platform);
    if platform == Platform::Canonical {
        if !place.has("signing_secrets") && !place.has("header") {
            return place.fault_at("signing_secrets", FaultCode::Missing, "is required, or header");
        }
    } else {
        refuse_header(place, platform);
        let has_header = platform == Platform::Bigcommerce && place.has("header");
        if !place.has("signing_secrets") && !has_header {
            return place.fault_at("signing_secrets", FaultCode::Missing, "is required");
        }
    }
    Some(SourceSecret {
        platform,
        signing_secrets: signing_secrets.unwrap_or_default(),
        header,
        content_types: content_types.unwrap_or_else(|| vec!["application/json".into()]),
        parameter,
        shopware_app,
    })
}

/// A platform's webhooks are signed; a header beside the signature would only look like protection. BigCommerce lets
/// the creator of a webhook choose between the two.
fn refuse_header(place: &Reader<'_>, platform: Platform) {
    let refused: &[&str] = match platform {
        Platform::Bigcommerce => &["content_types", "parameter"],
        _ => &["header", "content_types", "parameter"],
    };
    for field in refused.iter().filter(|field| place.has(field)) {
        let _: Option<()> = place.fault_at(field, FaultCode::Invalid, "is for the platform canonical only");
    }
}

fn shopware_app(place: &Reader<'_>, platform: Platform) -> Option<ShopwareApp> {
    let given: Vec<&str> = SHOPWARE_APP.into_iter().filter(|field| place.has(field)).collect();
    if platform != Platform::Shopware {
        for field in given {
            let _: Option<()> = place.fault_at(field, FaultCode::Invalid, "is for the platform shopware only");
        }
        return None;
    }
    if given.is_empty() {
        return None;
    }
    let name = place.required("app_name", text);
    let secret = place.required("app_secret", text).map(SecretString::from);
    let shop_url = place.required("shop_url", shop_url);
    check_handed_out(place);
    Some(ShopwareApp { name: name?, secret: secret?, shop_url: shop_url? })
}

/// A shop that registers is given the first signing secret, for which Shopware sets limits
/// (<https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html>).
fn check_handed_out(place: &Reader<'_>) {
    let first = place.value().get("signing_secrets").and_then(|secrets| secrets.get(0));
    let length = first.and_then(|secret| secret.as_str()).map(|secret| secret.chars().count());
    if length.is_some_and(|length| !(64..=255).contains(&length)) {
        let detail = "must begin with a secret of 64 to 255 characters: a shop that registers is given it";
        let _: Option<()> = place.fault_at("signing_secrets", FaultCode::OutOfRange, detail);
    }
}

fn shop_url(place: &Reader<'_>) -> Option<String> {
    let text = text(place)?;
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none_or(|url| url.query().is_some() || url.fragment().is_some()) {
        return place.fault(FaultCode::Invalid, "must be the shop's address, such as https://shop.example.com");
    }
    Some(text)
}

fn signing_secret(place: &Reader<'_>, platform: Platform) -> Option<SecretString> {
    let text = text(place)?;
    if platform == Platform::Canonical && !is_secret(&text) {
        return place.fault(FaultCode::Invalid, "must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)");
    }
    Some(text.into())
}

fn header(place: &Reader<'_>) -> Option<(String, Vec<SecretString>)> {
    place.object()?;
    place.deny_unknown(&["name", "values"]);
    let name = place.required("name", |place| {
        let name = place.string()?.to_lowercase();
        match http::HeaderName::from_bytes(name.as_bytes()) {
            Ok(_) => Some(name),
            Err(_) => place.fault(FaultCode::Invalid, "must be the name of an HTTP header"),
        }
    });
    let values = place.required("values", |place| some(place, |place| header_text(place).map(SecretString::from)));
    Some((name?, values?))
}

fn content_type(place: &Reader<'_>) -> Option<String> {
    let text = text(place)?.to_lowercase();
    match text.split_once('/') {
        Some((kind, form)) if !kind.is_empty() && !form.is_empty() && !text.contains([';', ' ']) => Some(text),
        _ => place.fault(FaultCode::Invalid, "must be a content type without parameters, such as text/plain"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        event::Faults,
        secret::{WebhookSecret, parse},
    };

    fn app(secrets: &Value, url: &str) -> Result<WebhookSecret, Vec<String>> {
        let secret = json!({"platform": "shopware", "signing_secrets": secrets, "app_name": "Acme",
            "app_secret": "hush", "shop_url": url});
        parse(&secret).map_err(|Faults(faults)| faults.into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn a_secret_that_is_handed_out_has_the_length_that_shopware_asks_for() {
        let url = "https://shop.example.com/de";
        for good in [json!(["x".repeat(64)]), json!(["x".repeat(255), "old"])] {
            assert_eq!(app(&good, url).unwrap().sources[0].shopware_app.as_ref().unwrap().shop_url, url);
        }
        for bad in [json!(["x".repeat(63)]), json!(["x".repeat(256)]), json!(["old", "x".repeat(64)])] {
            assert_eq!(app(&bad, url).unwrap_err(), ["/signing_secrets"]);
        }
        for bad in ["shop.example.com", "ftp://shop.example.com", "https://shop.example.com/?a=b"] {
            assert_eq!(app(&json!(["x".repeat(64)]), bad).unwrap_err(), ["/shop_url"], "{bad}");
        }
        let short = json!({"platform": "shopware", "signing_secrets": ["short"]});
        assert!(parse::<WebhookSecret>(&short).is_ok(), "nobody is given it");
    }
}
