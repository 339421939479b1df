//! Proves to the host that a webhook comes from the shop, as the platforms do.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use relay::{standard_webhooks::headers, text::hex};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The signing secret is not what its platform gives out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a canonical source's signing secret is whsec_ and then base64")]
pub(crate) struct BadSecret;

/// The three headers of Standard Webhooks: the signature is over `id.timestamp.body`, the key is what follows `whsec_`,
/// decoded. <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
pub(crate) fn standard_webhooks(
    secret: &SecretString,
    id: &str,
    at: Timestamp,
    body: &[u8],
) -> Result<Vec<(String, String)>, BadSecret> {
    let key = secret.expose_secret().strip_prefix("whsec_").ok_or(BadSecret)?;
    let key = STANDARD.decode(key).map_err(|_| BadSecret)?;
    Ok(standard_headers(&key, id, at, body))
}

/// BigCommerce's: Standard Webhooks, but the key is the client secret's text as it is.
/// <https://developer.bigcommerce.com/docs/integrations/webhooks/https-webhook-overview>
pub(crate) fn bigcommerce(secret: &SecretString, id: &str, at: Timestamp, body: &[u8]) -> Vec<(String, String)> {
    standard_headers(secret.expose_secret().as_bytes(), id, at, body)
}

fn standard_headers(key: &[u8], id: &str, at: Timestamp, body: &[u8]) -> Vec<(String, String)> {
    headers(key, id, at, body).map(|(name, value)| (name.to_owned(), value)).into()
}

/// Shopify's `X-Shopify-Hmac-Sha256` and WooCommerce's `X-WC-Webhook-Signature`: over the body, in base64, the key is the
/// secret's text. <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>,
/// <https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php>
pub(crate) fn base64_over_body(secret: &SecretString, body: &[u8]) -> Result<String, BadSecret> {
    Ok(STANDARD.encode(mac(secret.expose_secret().as_bytes(), &[body]).ok_or(BadSecret)?))
}

/// Shopware's `shopware-shop-signature` (over the body, under the shop's secret) and `shopware-app-signature` (over a
/// query, under the app's): in lower-case hexadecimal digits.
/// <https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html>
pub(crate) fn shopware(secret: &SecretString, signed: &[u8]) -> Result<String, BadSecret> {
    Ok(hex(&mac(secret.expose_secret().as_bytes(), &[signed]).ok_or(BadSecret)?))
}

/// HMAC-SHA-256. A key of any length is taken, so there is always one.
fn mac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn standard_webhooks_own_test_vector_is_met() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let headers =
            standard_webhooks(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#).unwrap();
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(headers[2], ("webhook-signature".to_owned(), signature.to_owned()));
        assert_eq!(headers[1].1, "1614265330");
    }

    #[test]
    fn a_published_shopify_signature_is_met() {
        let signature = base64_over_body(&"hush".into(), b"\"my secret message\"").unwrap();
        assert_eq!(signature, "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI=");
    }

    #[test]
    fn a_secret_without_its_prefix_is_refused_rather_than_guessed_at() {
        for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert_eq!(standard_webhooks(&secret.into(), "id", Timestamp::UNIX_EPOCH, b""), Err(BadSecret));
        }
    }

    /// A vector's own body, or one that several share, with what is different in it.
    fn body(request: &Value, shared: &Value) -> String {
        let Some(own) = request["body_utf8"].as_str() else {
            let shared = shared[request["body"].as_str().unwrap()].as_str().unwrap().to_owned();
            let changes = request["replace"].as_array().into_iter().flatten();
            return changes
                .fold(shared, |body, change| body.replace(change[0].as_str().unwrap(), change[1].as_str().unwrap()));
        };
        own.to_owned()
    }

    /// Every right vector of these files, signed anew: header, file and how it is signed.
    #[test]
    fn the_recorded_and_computed_vectors_are_met() {
        type Sign = fn(&SecretString, &Value, &[u8]) -> String;
        let schemes: [(&str, &str, Sign); 4] = [
            ("shopify", "X-Shopify-Hmac-Sha256", |secret, _, body| base64_over_body(secret, body).unwrap()),
            ("woocommerce", "X-WC-Webhook-Signature", |secret, _, body| base64_over_body(secret, body).unwrap()),
            ("shopware", "shopware-shop-signature", |secret, _, body| shopware(secret, body).unwrap()),
            ("bigcommerce", "webhook-signature", |secret, headers, body| {
                let header = |name: &str| headers[name].as_str().unwrap();
                let at = Timestamp::from_second(header("webhook-timestamp").parse().unwrap()).unwrap();
                bigcommerce(secret, header("webhook-id"), at, body)[2].1.clone()
            }),
        ];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/signatures");
        for (file, name, sign) in schemes {
            let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            let mut met = 0;
            for vector in document["vectors"].as_array().unwrap().iter().filter(|vector| vector["valid"] == true) {
                let headers = &vector["request"]["headers"];
                let Some(expected) = headers[name].as_str() else { continue };
                let secrets = std::iter::once(&vector["secret"])
                    .chain(vector["previous_secrets"].as_array().into_iter().flatten());
                let body = body(&vector["request"], &document["bodies"]);
                let mut signatures =
                    secrets.map(|secret| sign(&secret.as_str().unwrap().into(), headers, body.as_bytes()));
                assert!(signatures.any(|own| expected.trim().split(' ').any(|each| each == own)), "{}", vector["id"]);
                met += 1;
            }
            assert!(met > 0, "{file} has no vector with {name}");
        }
    }
}
