//! Proves to the host that a webhook comes from the shop, as the platforms do.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
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
    let timestamp = at.as_second().to_string();
    let signature = mac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]).ok_or(BadSecret)?;
    Ok(vec![
        ("webhook-id".into(), id.into()),
        ("webhook-timestamp".into(), timestamp),
        ("webhook-signature".into(), format!("v1,{signature}")),
    ])
}

/// Shopify's `X-Shopify-Hmac-Sha256`: over the body, the key is the secret's text.
/// <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries>
pub(crate) fn shopify(secret: &SecretString, body: &[u8]) -> Result<String, BadSecret> {
    mac(secret.expose_secret().as_bytes(), &[body]).ok_or(BadSecret)
}

/// HMAC-SHA-256 in base64. A key of any length is taken, so there is always one.
fn mac(key: &[u8], parts: &[&[u8]]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
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
        let signature = shopify(&"hush".into(), b"\"my secret message\"").unwrap();
        assert_eq!(signature, "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI=");
    }

    #[test]
    fn a_secret_without_its_prefix_is_refused_rather_than_guessed_at() {
        for secret in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert_eq!(standard_webhooks(&secret.into(), "id", Timestamp::UNIX_EPOCH, b""), Err(BadSecret));
        }
    }
}
