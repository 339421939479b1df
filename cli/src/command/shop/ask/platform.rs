//! Asks how the shop's own API is reached.

use relay::shop::Platform;
use serde_json::{Value, json};

use super::{Questions, required, source::Source};
use crate::command::CommandError;

/// A shop has one such secret: that of the system whose webhooks need it most.
pub(super) fn ask(questions: &mut impl Questions, sources: &[Source]) -> Result<Option<Value>, CommandError> {
    let of = |platform| sources.iter().find(|source| source.platform == platform);
    if let Some(source) = of(Platform::Bigcommerce) {
        let token = required(|| {
            questions.ask_hidden("Access token of the BigCommerce API account (its webhooks only name what changed): ")
        })?;
        return Ok(Some(json!({"store_hash": source.origin, "access_token": token})));
    }
    if let Some(source) = of(Platform::Shopware) {
        let client_id = questions
            .ask("Access key ID of a Shopware integration, for webhooks that come incomplete (empty: none): ")?;
        if !client_id.is_empty() {
            let secret = required(|| questions.ask_hidden("Its secret access key: "))?;
            return Ok(Some(json!({"url": source.url, "client_id": client_id, "client_secret": secret})));
        }
    }
    if let Some(source) = of(Platform::Shopify) {
        let token = questions.ask_hidden(
            "Admin API token of the Shopify app, for webhooks that only name what changed (empty: none): ",
        )?;
        if !token.is_empty() {
            let domain = match &source.origin {
                Some(domain) => domain.clone(),
                None => required(|| questions.ask("The shop's domain, as in NAME.myshopify.com: "))?,
            };
            return Ok(Some(json!({"shop_domain": domain, "access_token": token})));
        }
    }
    Ok(None)
}
