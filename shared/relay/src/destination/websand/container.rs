//! Fills one object of a request.

use serde_json::{Map, Value};

use super::{CUSTOMER, Container};
use crate::secret::WebsandSecret;

/// One object of a request, under the names that the shop uses. Nothing empty gets in: what is left out leaves the
/// profile at Websand as it is.
pub(super) struct Filling<'a> {
    container: Container,
    secret: &'a WebsandSecret,
    object: Map<String, Value>,
}

impl<'a> Filling<'a> {
    pub(super) fn of(container: Container, secret: &'a WebsandSecret) -> Self {
        Self { container, secret, object: Map::new() }
    }

    /// Puts one of our fields in, under its name at the shop's account.
    pub(super) fn put(mut self, ours: &str, value: impl Into<Value>) -> Self {
        let theirs = self.container.name_of(ours, &self.secret.field_names);
        if let (Some(theirs), Some(value)) = (theirs, substance(value.into())) {
            self.object.insert(theirs.to_owned(), value);
        }
        self
    }

    /// Puts the fields in that say something about consent.
    pub(super) fn put_consent(mut self, (field, value): &(String, Value)) -> Self {
        self.object.insert(field.clone(), value.clone());
        self
    }

    /// Adds the shop's further fields. A name of ours is taken whether it was used or not, so that a further field has
    /// the same name in every event, and can never say something about consent.
    pub(super) fn finish(mut self, custom: &Map<String, Value>) -> Value {
        for (name, value) in custom {
            let Some(value) = substance(value.clone()) else { continue };
            let mut free = name.clone();
            while self.is_taken(&free) {
                free.insert_str(0, "custom_");
            }
            self.object.insert(free, value);
        }
        Value::Object(self.object)
    }

    fn is_taken(&self, name: &str) -> bool {
        let secret = self.secret;
        let Container { fixed, renamable, .. } = self.container;
        let ours = fixed.contains(&name) || renamable.contains(&name);
        let theirs = self.container.names(&secret.field_names).any(|(_, theirs)| theirs == name);
        let consent = [Some(&secret.consent_granted), secret.consent_withdrawn.as_ref()];
        let about_consent =
            name == DEFAULT_CONSENT_FIELD || consent.into_iter().flatten().any(|(field, _)| field == name);
        let in_customer = fixed == CUSTOMER.fixed;
        ours || theirs || self.object.contains_key(name) || (in_customer && about_consent)
    }
}

/// Where Websand's own clients put consent; taken even if the shop's account uses another field.
const DEFAULT_CONSENT_FIELD: &str = "marketing_consent";

/// The value without its nulls; nothing if nothing is left.
fn substance(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(elements) => {
            let elements: Vec<_> = elements.into_iter().filter_map(substance).collect();
            (!elements.is_empty()).then_some(Value::Array(elements))
        }
        Value::Object(fields) => {
            let fields: Map<_, _> =
                fields.into_iter().filter_map(|(name, value)| Some((name, substance(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        value => Some(value),
    }
}
