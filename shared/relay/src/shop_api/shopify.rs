//! Shopify's API.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Fetched, ShopApi, Stopped};
use crate::message::Reference;

/// Fetches and maps what the reference names.
pub(super) async fn fetch(
    _api: &ShopApi<'_>,
    _shop_domain: &str,
    _access_token: &SecretString,
    _reference: &Reference,
    _received_at: Timestamp,
) -> Result<Fetched, Stopped> {
    Ok(Fetched::Skipped("not_supported"))
}
