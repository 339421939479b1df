//! Reads a JSON body strictly; every refusal names the field by its whole path.

use bytes::Bytes;
use hyper::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::answer::Answer;

/// A JSON object and where it is in the body.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

/// Parses a body that must be JSON.
pub(super) fn json_body(headers: &HeaderMap, body: &Bytes) -> Result<Value, Answer> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Answer::refused(400, "Content-Type must be application/json"));
    }
    serde_json::from_slice(body).map_err(|error| Answer::refused(400, &format!("the body is not JSON: {error}")))
}

impl<'a> Fields<'a> {
    /// The body itself.
    pub(super) fn of_body(body: &'a Value) -> Result<Self, Answer> {
        Self::new(String::new(), body)
    }

    /// The object at `path`.
    pub(super) fn new(path: String, value: &'a Value) -> Result<Self, Answer> {
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            _ if path.is_empty() => Err(Answer::refused(400, "the body must be an object")),
            _ => Err(Answer::refused(400, &format!("{path} must be an object"))),
        }
    }

    /// The field's path in the body.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A refusal of one field.
    pub(super) fn refuse(&self, name: &str, problem: &str) -> Answer {
        Answer::refused(400, &format!("{} {problem}", self.path(name)))
    }

    /// Refuses fields that are not documented.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Answer> {
        match self.map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.refuse(name, "is not a documented field")),
            None => Ok(()),
        }
    }

    /// The field as it is.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// A field that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a Value, Answer> {
        self.get(name).ok_or_else(|| self.refuse(name, "is missing"))
    }

    /// An object that must be there.
    pub(super) fn object(&self, name: &str) -> Result<Self, Answer> {
        Self::new(self.path(name), self.required(name)?)
    }

    /// A text that may be absent.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(name, "must be a string")),
        }
    }

    /// A text that must be there and not be empty.
    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, Answer> {
        match self.required(name).and(self.text(name))? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.refuse(name, "must not be empty")),
        }
    }

    /// A text of limited length, counted in code points.
    pub(super) fn short_text(&self, name: &str, most: usize) -> Result<Option<&'a str>, Answer> {
        let text = self.text(name)?;
        match text.map(|text| text.chars().count()) {
            Some(length) if length > most => {
                Err(self.refuse(name, &format!("must have at most {most} characters, not {length}")))
            }
            _ => Ok(text),
        }
    }

    /// A whole number, not negative, that may be absent.
    pub(super) fn whole(&self, name: &str) -> Result<Option<u64>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.refuse(name, "must be a whole number")),
            },
        }
    }

    /// A truth value that may be absent.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.refuse(name, "must be true or false")),
        }
    }

    /// A list that may be absent. What an empty one means is documented nowhere, so it is refused.
    pub(super) fn list(&self, name: &str) -> Result<Option<&'a [Value]>, Answer> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) if list.is_empty() => Err(self.refuse(name, "must not be empty")),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(self.refuse(name, "must be an array")),
        }
    }

    /// A list of texts that may be absent.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Answer> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let texts = list.iter().enumerate().map(|(index, item)| match item {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.refuse(&format!("{name}[{index}]"), "must be a string that is not empty")),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }
}

/// Whether a text looks like an e-mail address.
pub(super) fn is_address(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || letter == '@');
    text.rsplit_once('@').is_some_and(|(local, domain)| plain(local) && plain(domain) && domain.contains('.'))
}
