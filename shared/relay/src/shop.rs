//! Who sends (shops, platforms) and who receives (destinations).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A shop's name: `[a-z0-9][a-z0-9-]{0,62}`. It is part of URLs, secret names and ledger keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShopName(String);

/// The text is not a shop name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a shop name: use 1 to 63 of a-z, 0-9 and '-', not starting with '-'")]
pub struct BadShopName(String);

impl ShopName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShopName {
    type Err = BadShopName;

    fn from_str(text: &str) -> Result<Self, BadShopName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut bytes = text.bytes();
        let well_formed = bytes.next().is_some_and(plain) && bytes.all(|byte| plain(byte) || byte == b'-');
        if well_formed && text.len() <= 63 {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadShopName(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for ShopName {
    type Error = BadShopName;

    fn try_from(text: String) -> Result<Self, BadShopName> {
        text.parse()
    }
}

impl From<ShopName> for String {
    fn from(name: ShopName) -> Self {
        name.0
    }
}

impl fmt::Display for ShopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The shop system (or other program) that sends a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Our own format, signed as Standard Webhooks say or authenticated by a secret header.
    Canonical,
    /// Shopify.
    Shopify,
    /// WooCommerce, the shop plugin of WordPress.
    Woocommerce,
    /// Shopware 6.
    Shopware,
    /// BigCommerce.
    Bigcommerce,
}

impl Platform {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Canonical, Self::Shopify, Self::Woocommerce, Self::Shopware, Self::Bigcommerce];

    /// The name used in secrets, messages and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canonical => "canonical",
            Self::Shopify => "shopify",
            Self::Woocommerce => "woocommerce",
            Self::Shopware => "shopware",
            Self::Bigcommerce => "bigcommerce",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where deliveries go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// Websand, the e-mail marketing CRM: transactions and subscribers.
    Websand,
    /// WEBSALE's shop app: news, teasers, pushes and personalised pushes.
    Websale,
}

impl Destination {
    /// Both, in a fixed order.
    pub const ALL: [Self; 2] = [Self::Websand, Self::Websale];

    /// The name used in keys, queues and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Websand => "websand",
            Self::Websale => "websale",
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_name_is_short_lower_case_and_does_not_start_with_a_dash() {
        for good in ["a", "0", "acme", "acme-de-2", &"a".repeat(63)] {
            assert_eq!(good.parse::<ShopName>().map(String::from), Ok(good.to_owned()));
        }
        for bad in ["", "-a", "Acme", "a_b", "a/b", "ä", "a b", &"a".repeat(64)] {
            assert!(bad.parse::<ShopName>().is_err(), "{bad:?} was taken");
        }
    }
}
