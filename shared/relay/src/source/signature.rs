//! The primitives of signatures.

use ring::hmac::{Context, HMAC_SHA256, Key};
use subtle::ConstantTimeEq;

use super::{Proof, Verdict, Webhook};

/// HMAC-SHA-256 over these parts in a row. By ring, which is there for TLS: it is several times as fast on processors
/// without instructions for SHA, and a webhook's body is the most that is ever hashed.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Context::with_key(&Key::new(HMAC_SHA256, key));
    for part in parts {
        mac.update(part);
    }
    let mut code = [0; 32];
    code.copy_from_slice(mac.sign().as_ref());
    code
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
