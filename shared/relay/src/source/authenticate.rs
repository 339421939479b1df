//! Finds the source of a shop whose credential is present and right.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Source, Webhook, of, signature::hmac_sha256};
use crate::{
    secret::{SourceSecret, WebhookSecret},
    shop::Platform,
};

/// How a webhook proved to be authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A signature over its bytes.
    Signature,
    /// A secret in a header.
    Header,
}

/// What a source found when it looked for its credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The proof, if there is one.
    pub proof: Option<Proof>,
    /// How many signatures over the whole body were computed.
    pub computed: usize,
}

/// How a webhook proved to be authentic, and under what.
#[derive(Clone)]
pub struct Authentic {
    /// The shop's secret.
    pub shop: Arc<WebhookSecret>,
    /// How it proved it.
    pub proof: Proof,
    index: usize,
}

impl Authentic {
    /// What an operator hands over needs no proof. `shop` has the one source that it is read as.
    pub(crate) const fn by_operator(shop: Arc<WebhookSecret>) -> Self {
        Self { shop, proof: Proof::Signature, index: 0 }
    }

    /// What was authentic when it was received from this platform, under the shop's present secret. Our own format is kept
    /// without having been used only if it was authenticated by a header: who can sign is told what is wrong.
    pub(crate) fn earlier(shop: Arc<WebhookSecret>, platform: Platform) -> Option<Self> {
        let is_it = |source: &SourceSecret| {
            source.platform == platform && (platform != Platform::Canonical || source.header.is_some())
        };
        let index = shop.sources.iter().position(is_it)?;
        let proof = if platform == Platform::Canonical { Proof::Header } else { Proof::Signature };
        Some(Self { shop, proof, index })
    }

    /// The part of the shop's secret that belongs to the source.
    pub fn secret(&self) -> &SourceSecret {
        &self.shop.sources[self.index]
    }

    /// The source.
    pub fn source(&self) -> &'static dyn Source {
        of(self.secret().platform)
    }
}

/// Two signing secrets are live during a rotation; a refusal costs as much as trying both.
const WORK_OF_A_REFUSAL: usize = 2;

/// Finds the source whose credential is present and right. Without a secret (the shop is unknown) nothing is right.
///
/// A refusal takes as many signatures over the body whether or not the shop exists and whatever sources it has, so that
/// the time of a 401 says nothing about it.
pub fn authenticate(webhook: &Webhook<'_>, secret: Option<&Arc<WebhookSecret>>, now: Timestamp) -> Option<Authentic> {
    let mut computed = 0;
    for (shop, index) in secret.into_iter().flat_map(|shop| (0..shop.sources.len()).map(move |index| (shop, index))) {
        let secret = &shop.sources[index];
        let verdict = of(secret.platform).verify(webhook, secret, now);
        if let Some(proof) = verdict.proof {
            return Some(Authentic { shop: Arc::clone(shop), proof, index });
        }
        computed += verdict.computed;
    }
    for _ in computed..WORK_OF_A_REFUSAL {
        std::hint::black_box(hmac_sha256(b"nobody's key", &[std::hint::black_box(webhook.body)]));
    }
    None
}
