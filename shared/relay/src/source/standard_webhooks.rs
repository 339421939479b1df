//! Signatures as the Standard Webhooks specification (1.0) has them: HMAC-SHA-256 over `id.timestamp.body`. The key is
//! written as `whsec_` and base64, by those who keep to the specification in that, too.

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{
    Webhook,
    authenticate::{Proof, Verdict},
    signature::{hmac_sha256, same},
};

/// The header with the event's id.
pub(super) const ID: &str = "webhook-id";
/// The header with the time of this attempt, in Unix seconds.
const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures.
const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be from ours, in both directions, in seconds.
const TOLERANCE: u64 = 300;
/// A sender in the middle of a rotation sends two signatures; more than this many is nobody's rotation.
const MAX_SIGNATURES: usize = 16;

/// Whether one of these secrets signed the webhook within the last or next five minutes. Versions other than `v1` are
/// skipped. `key` makes the bytes of a key out of a secret's text: that is the sender's affair, and never guessed.
pub(super) fn verify(
    webhook: &Webhook<'_>,
    secrets: &[SecretString],
    now: Timestamp,
    key: fn(&str) -> Option<Vec<u8>>,
) -> Verdict {
    let headers = (webhook.header(ID), webhook.header(TIMESTAMP), webhook.header(SIGNATURE));
    let (Some(id), Some(timestamp), Some(signatures)) = headers else { return Verdict::default() };
    if id.is_empty() || !is_recent(timestamp, now) {
        return Verdict::default();
    }
    let claimed: Vec<Vec<u8>> = signatures
        .split(' ')
        .take(MAX_SIGNATURES)
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .collect();
    let mut verdict = Verdict::default();
    for secret in secrets {
        let Some(key) = key(secret.expose_secret()) else { continue };
        let code = code(&key, id, timestamp, webhook.body);
        verdict.computed += 1;
        if claimed.iter().fold(false, |found, claim| found | same(claim, &code)) {
            verdict.proof = Some(Proof::Signature);
        }
    }
    verdict
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
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const LENIENT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, CONFIG);
    let key = LENIENT.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    (!key.is_empty()).then_some(key)
}
