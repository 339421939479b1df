//! How BigCommerce writes times and amounts.

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};
use rust_decimal::Decimal;

use crate::source::{
    Json,
    payload::{decimal, text},
};

/// A time as RFC 2822 has it (v2 of the API) or RFC 3339 (v3), where one without an offset is UTC.
pub(super) fn time(value: &Json<'_>, path: &[&str]) -> Option<Timestamp> {
    let text = text(value, path)?;
    let rfc3339 = || text.parse::<Timestamp>().ok();
    let rfc2822 = || rfc2822::parse(&text).ok().map(|zoned| zoned.timestamp());
    let naive = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    rfc3339().or_else(rfc2822).or_else(naive)
}

/// An amount. They come with four decimals; those that say nothing are left out down to the second.
pub(super) fn amount(value: &Json<'_>, path: &[&str]) -> Option<String> {
    decimal(value, path).map(written)
}

/// The sum of those amounts that are there, nothing if none is.
pub(super) fn sum(value: &Json<'_>, fields: &[&str]) -> Option<String> {
    let amounts: Vec<Decimal> = fields.iter().filter_map(|field| decimal(value, &[field])).collect();
    let sum = amounts.iter().try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(*amount))?;
    (!amounts.is_empty()).then(|| written(sum))
}

fn written(amount: Decimal) -> String {
    let mut short = amount.normalize();
    if short.scale() < 2 {
        short.rescale(2);
    }
    short.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_kinds_of_times_are_read() {
        let expected = "2019-03-05T21:40:11Z".parse::<Timestamp>().unwrap();
        for text in [
            "Tue, 05 Mar 2019 21:40:11 +0000",
            "Tue, 05 Mar 2019 22:40:11 +0100",
            "2019-03-05T21:40:11Z",
            "2019-03-05T21:40:11+00:00",
            "2019-03-05T21:40:11",
        ] {
            assert_eq!(time(&(&json!({"at": text})).into(), &["at"]), Some(expected), "{text}");
        }
        for nothing in [json!(""), json!(null), json!("soon"), json!(1_551_822_011)] {
            assert_eq!(time(&(&json!({"at": nothing})).into(), &["at"]), None, "{nothing}");
        }
    }

    #[test]
    fn amounts_stay_exact() {
        for (written, expected) in [("69.8400", "69.84"), ("62.6793", "62.6793"), ("0", "0.00"), ("1008.7", "1008.70")]
        {
            assert_eq!(amount(&(&json!({"a": written})).into(), &["a"]).unwrap(), expected);
        }
        assert_eq!(sum(&(&json!({"a": "5.0000", "b": 0.1})).into(), &["a", "b", "c"]).unwrap(), "5.10");
        assert_eq!(sum(&(&json!({})).into(), &["a"]), None);
    }
}
