//! WooCommerce.

use jiff::Timestamp;

use super::{Context, Outcome, Reading, Source, Verdict, Webhook};
use crate::secret::SourceSecret;

pub(super) struct Woocommerce;

/// Whether it is the unsigned form WooCommerce sends when a webhook is activated: `webhook_id=` and digits, no topic.
/// Anything but 200 keeps the webhook from being activated.
pub(crate) fn is_ping(webhook: &Webhook<'_>) -> bool {
    let digits = webhook.body.strip_prefix(b"webhook_id=").unwrap_or_default();
    let is_form = webhook.header("x-wc-webhook-topic").is_none() && webhook.header("x-wc-webhook-signature").is_none();
    is_form && (1..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

impl Source for Woocommerce {
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
