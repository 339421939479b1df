//! The shops of the demo: one a platform, and one with a system of its own. Their keys are new in each run.

use std::{fmt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use relay::{random::Random, shop::Platform};
use relay_sqlite::{SecretsFileError, TomlSecrets};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::script::{Proof, Step};
use crate::{sandbox::Account, webhook::Credential};

/// A shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shop {
    Lamps,
    Teas,
    Bikes,
    Toys,
    Shoes,
    /// Sends canonical events, and has WEBSALE's app.
    Books,
}

const HEADER: &str = "x-shop-key";

/// How Websand is told that somebody withdrew; the grant has the default words.
pub(super) const WITHDRAWN: &str = "marketing_consent_false";

impl Shop {
    pub(super) const ALL: [Self; 6] = [Self::Lamps, Self::Teas, Self::Bikes, Self::Toys, Self::Shoes, Self::Books];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lamps => "lamp-shop",
            Self::Teas => "tea-shop",
            Self::Bikes => "bike-shop",
            Self::Toys => "toy-shop",
            Self::Shoes => "shoe-shop",
            Self::Books => "book-shop",
        }
    }

    pub(super) const fn platform(self) -> Platform {
        match self {
            Self::Lamps => Platform::Shopify,
            Self::Teas => Platform::Woocommerce,
            Self::Bikes => Platform::Shopware,
            Self::Toys => Platform::Bigcommerce,
            Self::Shoes | Self::Books => Platform::Canonical,
        }
    }

    /// What it runs on, as people call it.
    pub(super) const fn runs_on(self) -> &'static str {
        match self {
            Self::Lamps => "Shopify",
            Self::Teas => "WooCommerce",
            Self::Bikes => "Shopware",
            Self::Toys => "BigCommerce",
            Self::Shoes => "WEBSALE",
            Self::Books => "a system of its own",
        }
    }

    /// How it names itself in its webhooks: domain, host or store hash.
    pub(super) const fn origin(self) -> &'static str {
        match self {
            Self::Lamps => "lamp-shop.myshopify.com",
            Self::Teas => "tea-shop.example.com",
            Self::Bikes => "bike-shop.example.com",
            Self::Toys => "toys1",
            Self::Shoes | Self::Books => "",
        }
    }
}

impl fmt::Display for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One shop's keys.
struct Keys {
    signing: String,
    header: String,
    websand: String,
    /// WEBSALE's password, or the token of the shop's own API.
    other: String,
}

/// All shops' keys.
pub(super) struct Shops([Keys; Shop::ALL.len()]);

impl Shops {
    pub(super) fn new(random: &dyn Random) -> Self {
        let key = || format!("{:016x}{:016x}", random.next(), random.next());
        Self(Shop::ALL.map(|shop| {
            // Shopware asks for at least 64 characters, Standard Webhooks for Base64 behind a prefix.
            let signing = if shop.platform() == Platform::Canonical {
                format!("whsec_{}", STANDARD.encode(key()))
            } else {
                key() + &key()
            };
            Keys { signing, header: key(), websand: key(), other: key() }
        }))
    }

    fn keys(&self, shop: Shop) -> &Keys {
        &self.0[shop as usize]
    }

    /// What the sandbox's Websand is to accept.
    pub(super) fn websand_keys(&self) -> Vec<String> {
        self.0.iter().map(|keys| keys.websand.clone()).collect()
    }

    /// What the sandbox's shop APIs are to accept.
    pub(super) fn shop_keys(&self) -> Vec<String> {
        vec![self.keys(Shop::Toys).other.clone()]
    }

    /// What the sandbox's shops are told with.
    pub(super) fn callback_secrets(&self) -> Vec<String> {
        vec![self.keys(Shop::Books).signing.clone()]
    }

    /// What the sandbox's WEBSALE is to accept.
    pub(super) fn websale_account(&self) -> Result<Account, &'static str> {
        format!("{}/api:{}", Shop::Books, self.keys(Shop::Books).other).parse()
    }

    /// Writes the secrets as an operator would have.
    pub(super) fn write(&self, file: &Path, sandbox_url: &str) -> Result<(), SecretsFileError> {
        let secrets = TomlSecrets::open(file)?;
        for shop in Shop::ALL {
            secrets.put(&name(shop, "webhook"), &self.webhook(shop))?;
            secrets.put(&name(shop, "websand"), &self.websand(shop))?;
        }
        let platform = json!({ "store_hash": Shop::Toys.origin(), "access_token": self.keys(Shop::Toys).other });
        secrets.put(&name(Shop::Toys, "platform"), &platform)?;
        let websale = json!({
            "shop_id": Shop::Books.name(),
            "subshop": "Deutsch",
            "username": "api",
            "password": self.keys(Shop::Books).other,
            "poll": { "interval": 1, "deadline": 60 },
            "status_callback": {
                "url": format!("{sandbox_url}/callbacks/{}", Shop::Books),
                "signing_secret": self.keys(Shop::Books).signing,
            },
        });
        secrets.put(&name(Shop::Books, "websale"), &websale)
    }

    fn webhook(&self, shop: Shop) -> Value {
        let (keys, platform) = (self.keys(shop), shop.platform().name());
        let header = json!({ "name": HEADER, "values": [keys.header] });
        match shop {
            Shop::Shoes => json!({ "platform": platform, "header": header, "parameter": "payload" }),
            Shop::Books => json!({
                "platform": platform,
                "signing_secrets": [keys.signing],
                "header": header,
                "time_zone": "Europe/Berlin",
            }),
            _ => json!({ "platform": platform, "signing_secrets": [keys.signing], "origins": [shop.origin()] }),
        }
    }

    fn websand(&self, shop: Shop) -> Value {
        let mut websand = json!({ "account": shop.name(), "api_key": self.keys(shop).websand });
        if shop == Shop::Lamps {
            // Each change of an order is sent, and Websand has words for a withdrawal.
            websand["orders"] = json!({ "updates": "all" });
            websand["consent"] = json!({
                "granted": { "field": "marketing_consent", "value": "marketing_consent_true" },
                "withdrawn": { "field": "marketing_consent", "value": WITHDRAWN },
            });
        }
        websand
    }

    /// What the shop proves a webhook with.
    pub(super) fn credential(&self, step: &Step) -> Credential {
        let secret = |text: &str| SecretString::from(text);
        let keys = self.keys(step.shop);
        match step.proof {
            Proof::Signature => Credential::Signature(secret(&keys.signing)),
            Proof::Header => Credential::Header(HEADER.into(), secret(&keys.header)),
        }
    }
}

fn name(shop: Shop, kind: &str) -> String {
    format!("shoprelay/{shop}/{kind}")
}
