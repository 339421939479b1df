//! Shopify's Admin API, by its REST resources, which have the very shape of the webhooks
//! (<https://shopify.dev/docs/api/admin-rest>).

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::{Fetched, ShopApi, Stopped};
use crate::{
    message::{Reference, ReferenceKind},
    retry::Call,
    source::shopify::{map_consent, map_customer, map_order},
};

/// A stable version is supported for a year and then served by the oldest that still is, rather than refused
/// (<https://shopify.dev/docs/api/usage/versioning>). Of the stable ones this is the newest whose payloads our mapping was
/// tried with; the resources read here are closed to further changes.
const VERSION: &str = "2026-01";

/// <https://shopify.dev/docs/api/usage/authentication>.
const CREDENTIAL: &str = "x-shopify-access-token";

/// Fetches and maps what the reference names.
pub(super) async fn fetch(
    api: &ShopApi<'_>,
    shop_domain: &str,
    access_token: &SecretString,
    reference: &Reference,
    began: Timestamp,
) -> Result<Fetched, Stopped> {
    let (resource, name) = match reference.kind {
        ReferenceKind::Order => ("orders", "order"),
        ReferenceKind::Customer | ReferenceKind::Consent => ("customers", "customer"),
    };
    let url = url(shop_domain, resource, &reference.id).ok_or(Stopped::Gone)?;
    let answer = api.json(Call::ShopRead, api.get(url, (CREDENTIAL, access_token.clone()))).await?;
    let Some(object) = answer.get(name).filter(|object| object.is_object()) else {
        return Err(api.unreadable(Call::ShopRead, "the answer does not hold what was asked for"));
    };
    let mapped = match reference.kind {
        ReferenceKind::Order => map_order(object, reference.event, began),
        ReferenceKind::Customer => map_customer(object, began),
        ReferenceKind::Consent => map_consent(object, began),
    };
    Ok(mapped?.map_or_else(Fetched::Skipped, Fetched::Event))
}

/// Nothing but an id of digits is put into a path.
fn url(shop_domain: &str, resource: &str, id: &str) -> Option<Url> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let url = is_id.then(|| format!("https://{shop_domain}/admin/api/{VERSION}/{resource}/{id}.json"))?;
    Url::parse(&url).ok()
}
