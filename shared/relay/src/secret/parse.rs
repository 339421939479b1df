//! Reads secrets: every fault named by its JSON pointer, no value shown.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::SecretError;
use crate::event::{FaultCode, Faults, Reader, read};

mod installation;
mod platform;
mod source;
mod webhook;
mod websale;
mod websand;

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;

/// A kind of secret.
pub trait Model: Sized + Send + Sync {
    /// Reads the secret's JSON object.
    fn read(place: &Reader<'_>) -> Option<Self>;
}

/// Reads a secret, naming every fault.
pub fn parse<T: Model>(document: &Value) -> Result<T, Faults> {
    read(document, |place| {
        place.object()?;
        T::read(place)
    })
}

/// Reads the text of the secret of this name.
pub(super) fn parse_text<T: Model>(name: &str, text: &SecretString) -> Result<T, SecretError> {
    let malformed = |pointer: String, detail: String| SecretError::Malformed { name: name.to_owned(), pointer, detail };
    // serde_json's message could show a piece of the text; the place is enough.
    let document: Value = serde_json::from_str(text.expose_secret()).map_err(|error| {
        malformed(String::new(), format!("is not JSON (line {}, column {})", error.line(), error.column()))
    })?;
    parse(&document).map_err(|Faults(faults)| {
        let Some((first, others)) = faults.split_first() else {
            return malformed(String::new(), "cannot be read".into());
        };
        let others = others.iter().map(|fault| format!("; {:?}: {}", fault.pointer, fault.detail));
        malformed(first.pointer.clone(), others.fold(first.detail.clone(), |detail, other| detail + &other))
    })
}

/// A text that says something: not empty, no blanks around it (the usual accident of pasting), nothing unprintable.
fn text(place: &Reader<'_>) -> Option<String> {
    let text = place.string()?;
    if text.is_empty() {
        return place.fault(FaultCode::Empty, "must not be empty");
    }
    if text.trim() != text {
        return place.fault(FaultCode::Invalid, "must not begin or end with blanks or line breaks");
    }
    if text.chars().any(char::is_control) {
        return place.fault(FaultCode::Invalid, "must not hold control characters");
    }
    Some(text.to_owned())
}

/// A text that goes into an HTTP header: visible ASCII only.
fn header_text(place: &Reader<'_>) -> Option<String> {
    let text = text(place)?;
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some(text)
    } else {
        place.fault(FaultCode::Invalid, "must hold visible ASCII characters only")
    }
}

/// One of some words.
fn one_of<T: Copy>(place: &Reader<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = place.string()?;
    words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).or_else(|| {
        let list: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        place.fault(FaultCode::UnknownValue, format!("must be one of {}", list.join(", ")))
    })
}

/// A number above zero.
fn positive(place: &Reader<'_>) -> Option<f64> {
    match place.value().as_f64() {
        None => place.fault(FaultCode::WrongType, "must be a number"),
        Some(number) if number > 0.0 && number.is_finite() => Some(number),
        Some(_) => place.fault(FaultCode::OutOfRange, "must be greater than 0"),
    }
}

/// A whole number of seconds, at least one and at most `most`.
fn seconds(place: &Reader<'_>, most: u64) -> Option<Duration> {
    match place.value() {
        Value::Number(number) => match number.as_u64() {
            Some(seconds @ 1..) if seconds <= most => Some(Duration::from_secs(seconds)),
            _ => place.fault(FaultCode::OutOfRange, format!("must be a whole number of seconds from 1 to {most}")),
        },
        _ => place.fault(FaultCode::WrongType, "must be a number of seconds"),
    }
}

/// A list with at least one element.
fn some<T>(place: &Reader<'_>, reading: impl Fn(&Reader<'_>) -> Option<T>) -> Option<Vec<T>> {
    if place.value().as_array().is_some_and(Vec::is_empty) {
        return place.fault(FaultCode::Empty, "must have at least one element");
    }
    place.array(reading)
}
