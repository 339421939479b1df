//! A secret in a header: for systems that cannot sign, and for those whose webhooks may carry a header of their owner's.

use secrecy::ExposeSecret;

use super::{Webhook, signature::same_text};
use crate::secret::SourceSecret;

/// Whether the webhook has the header that its source's secret names, with one of the accepted values.
pub(super) fn is_right(webhook: &Webhook<'_>, secret: &SourceSecret) -> bool {
    let Some((name, values)) = &secret.header else { return false };
    let Some(given) = webhook.header(name) else { return false };
    values.iter().fold(false, |found, value| found | same_text(given, value.expose_secret()))
}
