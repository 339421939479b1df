//! WooCommerce's numbers: decimal strings, and JSON numbers with the noise of binary floating point.

use rust_decimal::{Decimal, RoundingStrategy::MidpointAwayFromZero};
use serde_json::{Value, json};

use crate::source::{Json, payload::text};

/// As many decimals as our amounts and quantities have at most: what comes after them is noise
/// (`2.9899999999999998`).
const DECIMALS: u32 = 6;

/// The number at this path, if it is one.
pub(super) fn number(value: &Json<'_>, path: &[&str]) -> Option<Decimal> {
    let text = text(value, path)?;
    let number: Decimal = text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()?;
    Some(if number.scale() > DECIMALS { rounded(number, DECIMALS).normalize() } else { number })
}

/// The number at this path as our own format writes it; what is no number is handed on as it is, so that its fault is
/// found and named.
pub(super) fn written(value: &Json<'_>, path: &[&str]) -> Value {
    number(value, path).map_or_else(|| json!(text(value, path)), |number| json!(number.to_string()))
}

fn rounded(number: Decimal, decimals: u32) -> Decimal {
    number.round_dp_with_strategy(decimals, MidpointAwayFromZero)
}

/// How the items' amounts are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tax {
    /// With it: the shop's prices are, so it is what the buyer saw.
    Included,
    /// Without it, as they stand in the payload.
    Excluded,
}

impl Tax {
    /// The amount called `name` of an order or a line. The payload has it without tax, and the tax beside it.
    pub(super) fn amount(self, owner: &Json<'_>, name: &str, name_of_tax: &str) -> Option<Decimal> {
        let net = number(owner, &[name])?;
        match self {
            Self::Excluded => Some(net),
            Self::Included => net.checked_add(number(owner, &[name_of_tax])?),
        }
    }

    /// The same as our own format writes it.
    pub(super) fn written(self, owner: &Json<'_>, name: &str, name_of_tax: &str) -> Value {
        self.amount(owner, name, name_of_tax).map_or_else(|| written(owner, &[name]), |sum| json!(sum.to_string()))
    }
}

/// The price of one of `quantity` pieces that cost `whole`: exact where it can be, otherwise with as many decimals as the
/// shop writes.
pub(super) fn share(whole: Decimal, quantity: Decimal) -> Option<Decimal> {
    let mut exact = whole.checked_div(quantity)?.normalize();
    if exact.scale() > DECIMALS {
        return Some(rounded(exact, whole.scale()));
    }
    if exact.scale() < whole.scale() {
        exact.rescale(whole.scale());
    }
    Some(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn noise_is_rounded_away_and_what_is_no_number_is_handed_on() {
        for (given, read) in [
            ("2.9899999999999998", r#""2.99""#),
            (r#""19.99""#, r#""19.99""#),
            (r#""-10.00""#, r#""-10.00""#),
            ("1e2", r#""100""#),
            ("1e-9", r#""0""#),
            ("1e999", r#""1e+999""#),
            (r#""1.234,00""#, r#""1.234,00""#),
            (r#""""#, "null"),
            ("null", "null"),
            ("true", "null"),
        ] {
            let given = Json::parse(given.as_bytes()).unwrap();
            assert_eq!(written(&given, &[]).to_string(), read);
        }
    }

    #[test]
    fn a_share_is_exact_or_has_the_shops_decimals() {
        for (whole, quantity, share) in [
            ("6.00", "2", Some("3.00")),
            ("8.97", "3", Some("2.99")),
            ("10.00", "3", Some("3.33")),
            ("20.00", "3", Some("6.67")),
            ("0.10", "4", Some("0.025")),
            ("4.50", "1.5", Some("3.00")),
            ("1000", "3", Some("333")),
            ("5.00", "0", None),
        ] {
            assert_eq!(super::share(decimal(whole), decimal(quantity)), share.map(decimal), "{whole} for {quantity}");
        }
        assert_eq!(super::share(decimal("6.00"), decimal("2")).unwrap().to_string(), "3.00");
    }
}
