//! The small values events are made of.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// An amount of money: decimal, never binary floating point. Serialised as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String", inline, extend("type" = ["string", "number"], "pattern" = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"))]
pub struct Money(pub Decimal);

/// A quantity: decimal (a shop sells cloth by the metre). Serialised as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(into = "serde_json::Number")]
#[schemars(with = "String", inline, extend("type" = ["number", "string"], "pattern" = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"))]
pub struct Quantity(pub Decimal);

/// An ISO 4217 currency code, three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String", inline, extend("pattern" = "^[A-Z]{3}$"))]
pub struct Currency([u8; 3]);

/// An e-mail address, lower-cased.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[schemars(with = "String", inline, extend("format" = "email", "maxLength" = 254))]
pub struct Email(String);

/// The text is not of the wanted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadValue(pub &'static str);

impl Money {
    /// The amount as a JSON number with the same digits: `19.99` stays `19.99`.
    pub fn to_number(self) -> serde_json::Number {
        number(self.0)
    }
}

impl Quantity {
    /// One piece.
    pub const ONE: Self = Self(Decimal::ONE);
}

impl Default for Quantity {
    /// One piece.
    fn default() -> Self {
        Self::ONE
    }
}

fn number(decimal: Decimal) -> serde_json::Number {
    // Decimal's text is always a JSON number.
    decimal.to_string().parse().unwrap_or_else(|_| serde_json::Number::from(0))
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.0.to_string()
    }
}

impl From<Quantity> for serde_json::Number {
    fn from(quantity: Quantity) -> Self {
        number(quantity.0.normalize())
    }
}

impl FromStr for Money {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        decimal(text).map(Self)
    }
}

impl FromStr for Quantity {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        decimal(text).map(Self)
    }
}

/// At most twelve digits before and six after the point: more is a mistake, and sums stay exact.
fn decimal(text: &str) -> Result<Decimal, BadValue> {
    const WHAT: BadValue = BadValue("must be a decimal number with at most 12 digits before and 6 after the point");
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let well_formed = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if well_formed(whole, 12) && well_formed(fraction, 6) { text.parse().map_err(|_| WHAT) } else { Err(WHAT) }
}

impl Currency {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals its smallest unit has, as ISO 4217 lists them (list one, published by SIX at
    /// <https://www.six-group.com/en/products-services/financial-information/data-standards.html>).
    pub fn decimals(&self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].into_iter().all(u8::is_ascii_uppercase) => Ok(Self([*a, *b, *c])),
            _ => Err(BadValue("must be an ISO 4217 code of three upper-case letters, such as EUR")),
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Email {
    /// The address, lower-cased.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = BadValue;

    /// Takes what mail systems take rather than all of RFC 5322: one `@`, something on both sides, no blanks or control
    /// characters, at most 254 bytes.
    fn from_str(text: &str) -> Result<Self, BadValue> {
        const WHAT: BadValue = BadValue("must be an e-mail address");
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(WHAT)?;
        let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'));
        if clean && !local.is_empty() && !domain.is_empty() && !domain.contains('@') && text.len() <= 254 {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(WHAT)
        }
    }
}

impl fmt::Debug for Email {
    /// Shows no address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}
