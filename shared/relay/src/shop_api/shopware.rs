//! Shopware's API.

use super::{Fetched, ShopApi, Stopped};
use crate::message::Reference;
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

/// Fetches and maps what the reference names.
pub(super) async fn fetch(
    _api: &ShopApi<'_>,
    _url: &Url,
    _client_id: &str,
    _client_secret: &SecretString,
    _reference: &Reference,
    _received_at: Timestamp,
) -> Result<Fetched, Stopped> {
    Ok(Fetched::Skipped("not_supported"))
}
