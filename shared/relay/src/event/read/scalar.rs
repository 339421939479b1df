//! Reading of single values: texts, numbers, times, one of several words.

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};

use super::Reader;
use crate::{
    event::{
        fault::FaultCode,
        value::{BadValue, Currency, Email, Money, Quantity},
    },
    revision::MAX_AHEAD,
};

/// The longest id of a subject, in characters.
const MAX_ID: usize = 200;

/// Of these words the one most like `word`, if any is like it at all.
pub(in crate::event) fn nearest<'k>(known: &[&'k str], word: &str) -> Option<&'k str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(candidate, word);
    let best = known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) >= 0.75).then_some(best)
}

impl<'v> Reader<'v> {
    /// A text that is not empty and has no control characters but line breaks and tabs.
    pub fn text(&self) -> Option<&'v str> {
        let text = self.string()?;
        if text.trim().is_empty() {
            return self.fault(FaultCode::Empty, "must not be empty");
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return self.fault(FaultCode::Invalid, "must not contain control characters");
        }
        Some(text)
    }

    /// A text of at most so many characters (Unicode code points).
    pub fn text_up_to(&self, most: usize) -> Option<&'v str> {
        let text = self.text()?;
        if text.chars().count() > most {
            return self.fault(FaultCode::TooLong, format!("must have at most {most} characters"));
        }
        Some(text)
    }

    /// The name of a subject: part of ledger keys, URLs and log lines, so short, on one line, and no e-mail address.
    pub fn id(&self) -> Option<String> {
        let id = self.text_up_to(MAX_ID)?;
        if id.chars().any(char::is_control) {
            return self.fault(FaultCode::Invalid, "must not contain control characters");
        }
        if id.contains('@') || id.contains("%40") {
            let detail = "must not contain @: an id is written to logs and keys, so it must not be an e-mail address";
            return self.fault(FaultCode::Invalid, detail);
        }
        Some(id.to_owned())
    }

    /// A text of which an empty one says nothing: empty, absent and null are the same.
    pub fn words(&self) -> Option<String> {
        let empty = self.value().as_str().is_some_and(|text| text.trim().is_empty());
        if empty { None } else { self.text().map(str::to_owned) }
    }

    /// An array of texts; empty ones are left out.
    pub fn list_of_words(&self) -> Option<Vec<String>> {
        self.array(Self::words)
    }

    /// A value written as text, read by `FromStr`.
    fn parsed<T: std::str::FromStr<Err = BadValue>>(&self, text: &str) -> Option<T> {
        text.parse().or_else(|BadValue(what)| self.fault(FaultCode::Invalid, what).ok_or(())).ok()
    }

    /// An e-mail address.
    pub fn email(&self) -> Option<Email> {
        self.parsed(self.string()?)
    }

    /// A currency.
    pub fn currency(&self) -> Option<Currency> {
        self.parsed(self.string()?)
    }

    /// An amount, as a decimal string or a number; its decimal text is taken as it is.
    pub fn money(&self) -> Option<Money> {
        self.parsed(&self.decimal_text()?)
    }

    /// A quantity, as a number or a decimal string.
    pub fn quantity(&self) -> Option<Quantity> {
        self.parsed(&self.decimal_text()?)
    }

    fn decimal_text(&self) -> Option<String> {
        match self.value() {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => self.fault(FaultCode::WrongType, "must be a decimal number, as a number or a string"),
        }
    }

    /// A whole number within limits.
    pub fn integer(&self, from: u64, to: u64) -> Option<u64> {
        let Value::Number(number) = self.value() else {
            return self.fault(FaultCode::WrongType, "must be a whole number");
        };
        match number.as_u64() {
            Some(value) if (from..=to).contains(&value) => Some(value),
            _ => self.fault(FaultCode::OutOfRange, format!("must be a whole number from {from} to {to}")),
        }
    }

    /// An RFC 3339 time with an offset from UTC.
    pub fn time(&self) -> Option<Timestamp> {
        let text = self.string()?;
        let rfc3339 = text.len() <= 40 && text.get(10..11).is_some_and(|t| matches!(t, "T" | "t" | " "));
        match text.parse() {
            Ok(time) if rfc3339 && !text.ends_with(']') => Some(time),
            _ if rfc3339 && text.parse::<jiff::civil::DateTime>().is_ok() => {
                self.fault(FaultCode::Invalid, "must say its offset from UTC, as in 2026-06-10T08:00:00+02:00 or …Z")
            }
            _ => self.fault(FaultCode::Invalid, "must be an RFC 3339 time, such as 2026-06-10T08:00:00+02:00"),
        }
    }

    /// A time that decides which of two events is newer: one from the future would beat all later ones.
    pub fn revision_time(&self, now: Timestamp) -> Option<Timestamp> {
        let time = self.time()?;
        if time.duration_since(now) > MAX_AHEAD {
            return self.fault(FaultCode::InFuture, "must not be more than 5 minutes ahead of the present");
        }
        Some(time)
    }

    /// A calendar day.
    pub fn day(&self) -> Option<Date> {
        let text = self.string()?;
        match text.parse() {
            Ok(day) if text.len() == 10 => Some(day),
            _ => self.fault(FaultCode::Invalid, "must be a date of the form YYYY-MM-DD"),
        }
    }

    /// One of several words.
    pub fn one_of<T: Copy>(&self, all: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        let word = self.string()?;
        let found = all.iter().copied().find(|candidate| name(*candidate) == word);
        found.or_else(|| {
            let names: Vec<&str> = all.iter().map(|candidate| name(*candidate)).collect();
            let hint = nearest(&names, word).map_or_else(String::new, |name| format!("; did you mean {name}?"));
            self.fault(FaultCode::UnknownValue, format!("must be one of {}{hint}", names.join(", ")))
        })
    }

    /// An http or https URL of at most so many characters, kept as it was written.
    pub fn url(&self, most: usize) -> Option<&'v str> {
        let text = self.text_up_to(most)?;
        match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(text),
            _ => self.fault(FaultCode::Invalid, "must be an absolute http or https URL"),
        }
    }

    /// Further fields, passed on as they are.
    pub fn further(&self) -> Option<Map<String, Value>> {
        self.object().cloned()
    }
}
