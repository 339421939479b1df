//! Signatures as the Standard Webhooks specification (1.0) has them: HMAC-SHA-256 over `id.timestamp.body`. The key is
//! written as `whsec_` and base64, by those who keep to the specification in that, too.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use jiff::Timestamp;

use crate::source::signature::{hmac_sha256, same};

/// The header with the event's id: the same in every attempt.
pub const ID: &str = "webhook-id";
/// The header with the time of this attempt, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, in both directions, in seconds.
const TOLERANCE: u64 = 300;
/// A sender in the middle of a rotation sends two signatures; more than this many is nobody's rotation.
const MAX_SIGNATURES: usize = 16;

/// The three headers of a webhook that is sent now.
pub fn headers(key: &[u8], id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = at.as_second().to_string();
    let signature = format!("v1,{}", STANDARD.encode(code(key, id, &timestamp, body)));
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signature)]
}

/// What a webhook's headers claim, if all three are there and it was sent within the last or next five minutes.
#[derive(Debug)]
pub struct Claim<'h> {
    id: &'h str,
    timestamp: &'h str,
    signatures: Vec<Vec<u8>>,
}

impl<'h> Claim<'h> {
    /// Reads the headers, which `header` looks up. Signatures of versions other than `v1` are skipped.
    pub fn read(header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<Self> {
        let (id, timestamp) = (header(ID)?, header(TIMESTAMP)?);
        let v1 = |signature: &str| STANDARD.decode(signature.strip_prefix("v1,")?).ok();
        let signatures = header(SIGNATURE)?.split(' ').take(MAX_SIGNATURES).filter_map(v1).collect();
        (!id.is_empty() && is_recent(timestamp, now)).then_some(Self { id, timestamp, signatures })
    }

    /// Whether one of the signatures was made with this key over this body.
    pub fn is_proven_by(&self, key: &[u8], body: &[u8]) -> bool {
        let code = code(key, self.id, self.timestamp, body);
        self.signatures.iter().fold(false, |found, claim| found | same(claim, &code))
    }
}

fn is_recent(timestamp: &str, now: Timestamp) -> bool {
    let digits_only = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let sent: Option<i64> = timestamp.parse().ok().filter(|_| digits_only);
    sent.is_some_and(|sent| now.as_second().abs_diff(sent) <= TOLERANCE)
}

fn code(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    hmac_sha256(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

/// The key's bytes as the specification has them: what follows `whsec_` in base64. The prefix may be missing, and so may the padding.
pub fn key(secret: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const LENIENT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, CONFIG);
    let key = LENIENT.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    (!key.is_empty()).then_some(key)
}

/// Whether a secret is written as the specification wants: `whsec_` and 24 to 64 bytes in base64.
pub fn is_secret(text: &str) -> bool {
    let key = text.strip_prefix("whsec_").and_then(|base64| STANDARD.decode(base64).ok());
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_own_vector_is_met_and_what_we_sign_is_proven() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let headers = headers(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(headers[1].1, "1614265330");
        assert_eq!(headers[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
        let claim = Claim::read(header, at).unwrap();
        assert!(claim.is_proven_by(&key, body) && !claim.is_proven_by(&key, b"{}") && !claim.is_proven_by(b"k", body));
        let late = at + std::time::Duration::from_secs(301);
        assert!(Claim::read(header, late).is_none());
        assert!(Claim::read(|name| header(name).filter(|_| name != ID), at).is_none());
    }
}
