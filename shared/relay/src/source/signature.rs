//! The primitives of signatures.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Proof, Verdict, Webhook};

/// HMAC-SHA-256 over these parts in a row.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so there is always a code.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Compares in a time that does not depend on where the first difference is.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Whether this is the HMAC-SHA-256 over the raw body under one of these keys. All of them are tried.
pub(super) fn over_body<K: AsRef<str>>(
    webhook: &Webhook<'_>,
    keys: impl IntoIterator<Item = K>,
    claimed: &[u8],
) -> Verdict {
    let mut verdict = Verdict::default();
    for key in keys {
        verdict.computed += 1;
        if same(&hmac_sha256(key.as_ref().as_bytes(), &[webhook.body]), claimed) {
            verdict.proof = Some(Proof::Signature);
        }
    }
    verdict
}

/// Compares two texts in a time that does not even depend on their lengths: their keyed digests are compared.
pub(super) fn same_text(left: &str, right: &str) -> bool {
    let digest = |text: &str| hmac_sha256(b"compare", &[text.as_bytes()]);
    same(&digest(left), &digest(right))
}
