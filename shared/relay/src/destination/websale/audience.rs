//! The stored body of a personalised push, with its addresses apart: whole, in part, or without one of them.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::event::Email;

#[cfg(test)]
mod tests;

/// A body whose filter lists addresses.
pub struct Addressed {
    body: Map<String, Value>,
    /// A place is empty where somebody was forgotten after the audience had been split: nobody else moves into it.
    places: Vec<Value>,
}

impl Addressed {
    /// Reads a body; nothing if it lists no addresses.
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let Value::Array(places) = body.get_mut("filter")?.get_mut("email")?.take() else { return None };
        Some(Self { body, places })
    }

    /// How many places the audience has.
    pub const fn places(&self) -> usize {
        self.places.len()
    }

    /// Whether anybody is left.
    pub fn has_anybody(&self) -> bool {
        self.places.iter().any(|place| !place.is_null())
    }

    /// The body for everybody who is left; nothing if nobody is. A filter without addresses would reach all.
    pub fn whole(&self) -> Option<Bytes> {
        self.with(0..self.places.len(), None)
    }

    /// The body of one chunk of several. Its number is in the name that WEBSALE lists it by, so that a person can tell
    /// there which of them went out.
    pub fn chunk(&self, places: Range<usize>, number: u32, of: u32) -> Option<Bytes> {
        self.with(places, Some(format!("({number}/{of})")))
    }

    fn with(&self, places: Range<usize>, suffix: Option<String>) -> Option<Bytes> {
        let range = places.start.min(self.places.len())..places.end.min(self.places.len());
        let emails: Vec<Value> = self.places.get(range)?.iter().filter(|place| !place.is_null()).cloned().collect();
        if emails.is_empty() {
            return None;
        }
        let mut body = self.body.clone();
        if let (Some(Value::String(name)), Some(suffix)) = (body.get_mut("name"), suffix) {
            *name = format!("{name} {suffix}");
        }
        *body.get_mut("filter")?.get_mut("email")? = Value::Array(emails);
        Some(Bytes::from(Value::Object(body).to_string()))
    }

    /// Takes an address out; whether it was in. Its place goes too, or stays empty if it `keeps_places`.
    pub fn forget(&mut self, email: &Email, keeps_places: bool) -> bool {
        let is_theirs = |place: &Value| place.as_str() == Some(email.as_str());
        if !self.places.iter().any(is_theirs) {
            return false;
        }
        if keeps_places {
            self.places.iter_mut().filter(|place| is_theirs(place)).for_each(|place| *place = Value::Null);
        } else {
            self.places.retain(|place| !is_theirs(place));
        }
        true
    }

    /// The body as it is stored, empty places included.
    pub fn stored(&self) -> Bytes {
        let mut body = self.body.clone();
        if let Some(email) = body.get_mut("filter").and_then(|filter| filter.get_mut("email")) {
            *email = Value::Array(self.places.clone());
        }
        Bytes::from(Value::Object(body).to_string())
    }
}
