//! The one shop: its secrets, and the webhooks it sends.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::Failure;

/// The shop's name.
pub(crate) const NAME: &str = "acme";
const SIGNING_SECRET: &str = "signing secret of the bench";
const ORDER: &str = include_str!("../../../events/sources/shopify/orders-create.json");

/// Writes `secrets.toml` into a new data directory.
pub(crate) fn install(data_dir: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(data_dir)?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(data_dir.join("secrets.toml"))?;
    write!(
        file,
        "[\"shoprelay/{NAME}/webhook\"]\nplatform = \"shopify\"\nsigning_secrets = [\"{SIGNING_SECRET}\"]\n\n\
         [\"shoprelay/{NAME}/websand\"]\naccount = \"acme\"\napi_key = \"key-of-the-bench\"\n"
    )?;
    Ok(())
}

/// Whole HTTP requests, each with an order of its own from this number on: signed beforehand, so that sending costs as
/// little as it can.
pub(crate) fn requests(first: usize, count: usize) -> Result<Vec<Vec<u8>>, Failure> {
    let order: Value = serde_json::from_str(ORDER)?;
    (first..first + count).map(|number| request(order.clone(), number)).collect()
}

fn request(mut order: Value, number: usize) -> Result<Vec<u8>, Failure> {
    order["id"] = (7_000_000_000_u64 + number as u64).into();
    let body = order.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes())?;
    mac.update(body.as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    Ok(format!(
        "POST /webhooks/{NAME}/order-placed HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         x-shopify-topic: orders/create\r\nx-shopify-shop-domain: acme.myshopify.com\r\n\
         x-shopify-event-id: bench-{number}\r\nx-shopify-hmac-sha256: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes())
}
