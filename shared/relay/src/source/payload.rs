//! Looking into a platform's JSON: what is missing, null or empty is not there.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{Json, Unusable};
use crate::event::{self, Event, EventType};

/// The event that a platform's object was mapped to, as the data of our own format: it passes the same checks as what
/// shops write in that format themselves.
pub(super) fn canonical(data: &Value, kind: EventType, now: Timestamp) -> Result<Event, Unusable> {
    event::read(data, |place| Event::read(place, kind, now)).map_err(Unusable::Faults)
}

/// The value at this path, unless it is missing or null.
pub(super) fn at<'v>(value: &'v Json<'v>, path: &[&str]) -> Option<&'v Json<'v>> {
    path.iter().try_fold(value, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// The text at this path, unless it is empty; a number is taken as it is written.
pub(super) fn text(value: &Json<'_>, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Json::String(text) => Some(clean(text)).filter(|text| !text.is_empty()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Without blanks around it, and without the control characters that no text needs.
fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

/// The first of several paths that has a text.
pub(super) fn first(value: &Json<'_>, paths: &[&[&str]]) -> Option<String> {
    paths.iter().find_map(|path| text(value, path))
}

/// Whether it is `true`.
pub(super) fn is_true(value: &Json<'_>, path: &[&str]) -> bool {
    at(value, path) == Some(&Json::Bool(true))
}

/// The elements of the array at this path; none if there is no array.
pub(super) fn list<'v>(value: &'v Json<'v>, path: &[&str]) -> &'v [Json<'v>] {
    at(value, path).and_then(Json::as_array).unwrap_or_default()
}

/// A decimal number, written as a string or a number.
pub(super) fn decimal(value: &Json<'_>, path: &[&str]) -> Option<Decimal> {
    text(value, path)?.parse().ok()
}

/// All of them together; nothing if one is missing, or if it is more than a decimal can hold, which a plain sum would
/// panic at.
pub(super) fn add_up(numbers: impl IntoIterator<Item = Option<Decimal>>) -> Option<Decimal> {
    numbers.into_iter().try_fold(Decimal::ZERO, |sum, number| sum.checked_add(number?))
}

/// A time with an offset.
pub(super) fn time(value: &Json<'_>, path: &[&str]) -> Option<Timestamp> {
    text(value, path)?.parse().ok()
}

/// Labels written in one string with commas, or as an array.
pub(super) fn labels(value: &Json<'_>, path: &[&str]) -> Vec<String> {
    let split = |text: &str| text.split(',').map(clean).filter(|label| !label.is_empty()).collect::<Vec<_>>();
    match at(value, path) {
        Some(Json::String(text)) => split(text),
        Some(Json::Array(labels)) => labels.iter().filter_map(Json::as_str).flat_map(split).collect(),
        _ => Vec::new(),
    }
}

/// A country code, if it is one.
pub(super) fn country(code: Option<String>) -> Option<String> {
    code.map(|code| code.to_uppercase()).filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()))
}

/// A list of `{name, value}` as an object. Names that begin with `_` are the shop's own business.
pub(super) fn named(entries: &[Json<'_>]) -> Map<String, Value> {
    let named = |entry: &Json<'_>| {
        let name = text(entry, &["name"]).filter(|name| !name.starts_with('_'))?;
        Some((name, at(entry, &["value"])?.to_value()))
    };
    entries.iter().filter_map(named).collect()
}
