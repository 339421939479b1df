//! Webhooks that are signed as Standard Webhooks say.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{
    Webhook,
    authenticate::{Proof, Verdict},
};
use crate::standard_webhooks::Claim;

/// Whether one of these secrets signed the webhook within the last or next five minutes. `key` makes the bytes of a key
/// out of a secret's text: that is the sender's affair, and never guessed.
pub(super) fn verify(
    webhook: &Webhook<'_>,
    secrets: &[SecretString],
    now: Timestamp,
    key: fn(&str) -> Option<Vec<u8>>,
) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(claim) = Claim::read(|name| webhook.header(name), now) else { return verdict };
    for secret in secrets {
        let Some(key) = key(secret.expose_secret()) else { continue };
        verdict.computed += 1;
        if claim.is_proven_by(&key, webhook.body) {
            verdict.proof = Some(Proof::Signature);
        }
    }
    verdict
}
