//! Ids of events: the same webhook delivered twice has the same one.

use sha2::{Digest, Sha256};

use crate::{
    shop::{Platform, ShopName},
    text::hex,
};

/// How many hexadecimal digits an id has: 128 bits, far more than needed to tell all events of a shop apart.
const DIGITS: usize = 32;

/// The id of the event that the platform calls `delivery`, or, where it has no name, of the event with this body.
pub(crate) fn event_id(
    shop: &ShopName,
    platform: Platform,
    topic: Option<&str>,
    delivery: Option<&str>,
    body: &[u8],
) -> String {
    let mut digest = Sha256::new();
    let (kind, name) = delivery.map_or(("body", body), |delivery| ("delivery", delivery.as_bytes()));
    for part in [shop.as_str(), platform.name(), topic.unwrap_or_default(), kind] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.update(name);
    let mut id = hex(&digest.finalize());
    id.truncate(DIGITS);
    id
}

/// The digest of a body, to recognise it by.
pub(super) fn of_body(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}
