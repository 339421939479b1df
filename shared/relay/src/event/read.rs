//! Reads JSON into types that can only be valid, collecting every fault on the way.
//!
//! A reading function takes a [`Reader`] at one place of the document and returns `Some` value, or `None` after it noted
//! a fault. [`read`] turns that into a `Result`: a value only if there was no fault at all.

use std::{cell::RefCell, rc::Rc};

use serde_json::{Map, Value};

use super::fault::{Fault, FaultCode, Faults};
use crate::text::safe;

mod scalar;
pub(super) use scalar::nearest;

/// How much of a field's name is repeated in a pointer, in bytes.
const MAX_FIELD_NAME: usize = 80;

/// One place in a document.
#[derive(Clone)]
pub struct Reader<'v> {
    value: &'v Value,
    /// How it was reached; nothing at the document itself.
    step: Option<Rc<Step<'v>>>,
    faults: &'v RefCell<Vec<Fault>>,
}

/// One step down in a document. Pointers are made of the steps when there is a fault to point at, which is rarely.
struct Step<'v> {
    above: Option<Rc<Self>>,
    to: To<'v>,
}

enum To<'v> {
    Field(&'v str),
    Element(usize),
}

/// Reads a whole document.
pub fn read<T>(document: &Value, reading: impl FnOnce(&Reader<'_>) -> Option<T>) -> Result<T, Faults> {
    let faults = RefCell::new(Vec::new());
    let value = reading(&Reader { value: document, step: None, faults: &faults });
    let mut faults = faults.into_inner();
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        _ => {
            if faults.is_empty() {
                faults.push(Fault {
                    pointer: String::new(),
                    code: FaultCode::Invalid,
                    detail: "cannot be read".into(),
                });
            }
            Err(Faults(faults))
        }
    }
}

impl<'v> Reader<'v> {
    /// The JSON value at this place.
    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// Notes a fault at this place.
    pub fn fault<T>(&self, code: FaultCode, detail: impl Into<String>) -> Option<T> {
        self.faults.borrow_mut().push(Fault { pointer: self.pointer(), code, detail: detail.into() });
        None
    }

    /// Notes a fault at a field below this place, whether it is there or not.
    pub fn fault_at<T>(&self, field: &str, code: FaultCode, detail: impl Into<String>) -> Option<T> {
        self.faults.borrow_mut().push(Fault { pointer: below(&self.pointer(), field), code, detail: detail.into() });
        None
    }

    /// Whether the field is there and not null.
    pub fn has(&self, field: &str) -> bool {
        self.value.get(field).is_some_and(|value| !value.is_null())
    }

    /// A field that must be there.
    pub fn required<T>(&self, field: &str, reading: impl FnOnce(&Reader<'v>) -> Option<T>) -> Option<T> {
        match self.field(field) {
            Some(place) => reading(&place),
            None => self.fault_at(field, FaultCode::Missing, "is required"),
        }
    }

    /// A field that may be absent or null. A fault inside makes the whole document faulty, so `None` is enough here.
    pub fn optional<T>(&self, field: &str, reading: impl FnOnce(&Reader<'v>) -> Option<T>) -> Option<T> {
        self.field(field).and_then(|place| reading(&place))
    }

    /// The object at this place.
    pub fn object(&self) -> Option<&'v Map<String, Value>> {
        match self.value {
            Value::Object(map) => Some(map),
            _ => self.fault(FaultCode::WrongType, "must be an object"),
        }
    }

    /// Every element of the array at this place, read. Elements with faults are noted and left out.
    pub fn array<T>(&self, reading: impl Fn(&Reader<'v>) -> Option<T>) -> Option<Vec<T>> {
        let Value::Array(elements) = self.value else {
            return self.fault(FaultCode::WrongType, "must be an array");
        };
        let read_one = |(number, value)| reading(&self.below(value, To::Element(number)));
        Some(elements.iter().enumerate().filter_map(read_one).collect())
    }

    /// The string at this place, as it is.
    pub fn string(&self) -> Option<&'v str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.fault(FaultCode::WrongType, "must be a string"),
        }
    }

    /// The boolean at this place.
    pub fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => self.fault(FaultCode::WrongType, "must be true or false"),
        }
    }

    /// Notes every field that is not in this list: a misspelt field would otherwise be lost in silence.
    pub fn deny_unknown(&self, known: &[&str]) {
        if let Value::Object(map) = self.value {
            for field in map.keys().filter(|field| !known.contains(&field.as_str())) {
                let hint = nearest(known, field).map_or_else(String::new, |name| format!("; did you mean {name}?"));
                let _: Option<()> =
                    self.fault_at(field, FaultCode::UnknownField, format!("is not a field of this object{hint}"));
            }
        }
    }

    fn field(&self, field: &str) -> Option<Reader<'v>> {
        let (name, value) = self.value.as_object()?.get_key_value(field)?;
        (!value.is_null()).then(|| self.below(value, To::Field(name)))
    }

    fn below(&self, value: &'v Value, to: To<'v>) -> Reader<'v> {
        Reader { value, step: Some(Rc::new(Step { above: self.step.clone(), to })), faults: self.faults }
    }

    fn pointer(&self) -> String {
        let steps = std::iter::successors(self.step.as_deref(), |step| step.above.as_deref());
        let steps: Vec<_> = steps.map(|step| &step.to).collect();
        steps.into_iter().rev().fold(String::new(), |pointer, to| match to {
            To::Field(field) => below(&pointer, field),
            To::Element(number) => format!("{pointer}/{number}"),
        })
    }
}

/// A field's name comes from outside when the field is unknown: an address in it is masked.
fn below(pointer: &str, field: &str) -> String {
    format!("{pointer}/{}", safe(field, MAX_FIELD_NAME).replace('~', "~0").replace('/', "~1"))
}
