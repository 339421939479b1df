//! BigCommerce.

use jiff::Timestamp;

use super::{Context, Outcome, Reading, Source, Verdict, Webhook};
use crate::secret::SourceSecret;

pub(super) struct Bigcommerce;

impl Source for Bigcommerce {
    fn verify(&self, _webhook: &Webhook<'_>, _secret: &SourceSecret, _now: Timestamp) -> Verdict {
        Verdict::default()
    }

    fn read(&self, _webhook: &Webhook<'_>, _context: &Context<'_>) -> Reading {
        let outcome = Outcome::Ignored("unknown_topic");
        Reading { topic: None, delivery: None, origin: None, sequence: None, outcome }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        &[]
    }
}
