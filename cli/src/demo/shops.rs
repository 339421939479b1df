//! The two shops of the demo: one at Shopify, one with a system of its own. Their keys are new in each run.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use relay::random::Random;
use relay_sqlite::{SecretsFileError, TomlSecrets};
use secrecy::SecretString;
use serde_json::json;

use super::script::Step;
use crate::{
    sandbox::Account,
    webhook::{Credential, Topic},
};

/// The shop at Shopify.
pub(super) const SHOPIFY: &str = "lamp-shop";

/// Its domain there.
pub(super) const SHOPIFY_DOMAIN: &str = "lamp-shop.myshopify.com";

/// The shop that sends canonical events, and whose app is WEBSALE's.
pub(super) const CANONICAL: &str = "book-shop";

const HEADER: &str = "x-shop-key";

/// The shops' keys.
pub(super) struct Shops {
    shopify_secret: String,
    signing_secret: String,
    header_value: String,
    websand_keys: [String; 2],
    websale_password: String,
}

impl Shops {
    pub(super) fn new(random: &dyn Random) -> Self {
        let key = || format!("{:016x}{:016x}", random.next(), random.next());
        Self {
            shopify_secret: key(),
            signing_secret: format!("whsec_{}", STANDARD.encode(key())),
            header_value: key(),
            websand_keys: [key(), key()],
            websale_password: key(),
        }
    }

    /// What the sandbox's Websand is to accept.
    pub(super) fn websand_keys(&self) -> Vec<String> {
        self.websand_keys.to_vec()
    }

    /// What the sandbox's WEBSALE is to accept.
    pub(super) fn websale_account(&self) -> Result<Account, &'static str> {
        format!("{CANONICAL}/api:{}", self.websale_password).parse()
    }

    /// Writes the secrets as an operator would have.
    pub(super) fn write(&self, file: &Path) -> Result<(), SecretsFileError> {
        let secrets = TomlSecrets::open(file)?;
        let shopify =
            json!({ "platform": "shopify", "signing_secrets": [self.shopify_secret], "origins": [SHOPIFY_DOMAIN] });
        let canonical = json!({
            "platform": "canonical",
            "signing_secrets": [self.signing_secret],
            "header": { "name": HEADER, "values": [self.header_value] },
            "time_zone": "Europe/Berlin",
        });
        let websale = json!({
            "shop_id": CANONICAL,
            "subshop": "Deutsch",
            "username": "api",
            "password": self.websale_password,
            "poll": { "interval": 1, "deadline": 60 },
        });
        secrets.put(&name(SHOPIFY, "webhook"), &shopify)?;
        secrets.put(&name(SHOPIFY, "websand"), &json!({ "account": "lamps", "api_key": self.websand_keys[0] }))?;
        secrets.put(&name(CANONICAL, "webhook"), &canonical)?;
        secrets.put(&name(CANONICAL, "websand"), &json!({ "account": "books", "api_key": self.websand_keys[1] }))?;
        secrets.put(&name(CANONICAL, "websale"), &websale)
    }

    /// What the shop proves a webhook with.
    pub(super) fn credential(&self, step: &Step) -> Credential {
        let secret = |text: &str| SecretString::from(text);
        match step.topic {
            Topic::Of(..) => Credential::Signature(secret(&self.shopify_secret)),
            Topic::Canonical(_) if step.by_header => Credential::Header(HEADER.into(), secret(&self.header_value)),
            Topic::Canonical(_) => Credential::Signature(secret(&self.signing_secret)),
        }
    }
}

fn name(shop: &str, kind: &str) -> String {
    format!("shoprelay/{shop}/{kind}")
}
