//! Shopware's amounts: JSON numbers, printed by PHP as it pleases (`59`, `59.0`, `19.989999999999998`).

use rust_decimal::Decimal;

use crate::source::{Json, payload::text};

/// As many decimals as an amount may have; what is beyond them is noise of binary floating point.
const DECIMALS: u32 = 6;

/// The decimal number at this path.
pub(super) fn decimal(value: &Json<'_>, path: &[&str]) -> Option<Decimal> {
    let text = text(value, path)?;
    let number = text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()?;
    let is_noisy = number.scale() > DECIMALS;
    Some(if is_noisy { number.round_dp(DECIMALS).normalize() } else { number })
}

/// The amount at this path as text; what is no number is left as it is, so that the fault is found and named.
pub(super) fn amount(value: &Json<'_>, path: &[&str]) -> Option<String> {
    decimal(value, path).map(|number| number.to_string()).or_else(|| text(value, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_taken_as_they_are_written_without_the_noise_of_floating_point() {
        for (json, found) in [
            ("59", "59"),
            ("59.0", "59.0"),
            ("-10.5", "-10.5"),
            ("395.01", "395.01"),
            ("19.989999999999998", "19.99"),
            ("395.01000000000005", "395.01"),
            ("1.0e-5", "0.000010"),
            ("1e3", "1000"),
            ("16.806723", "16.806723"),
            ("\"12.30\"", "12.30"),
            ("\"many\"", "many"),
        ] {
            let text = format!(r#"{{"amount": {json}}}"#);
            let value = Json::parse(text.as_bytes()).unwrap();
            assert_eq!(amount(&value, &["amount"]).as_deref(), Some(found), "{json}");
        }
        assert_eq!(amount(&Json::parse(br#"{"amount": null}"#).unwrap(), &["amount"]), None);
    }
}
