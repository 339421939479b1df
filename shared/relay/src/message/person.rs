//! Privacy requests: whose data is to be shown or forgotten.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Email, Reader};

/// Whose data is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// One person's.
    Person(Person),
    /// Everybody's in this shop: it has left.
    Shop {
        /// When it was asked for.
        requested_at: Timestamp,
    },
}

/// A person as a privacy request names them.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The address, as far as it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The shop's id of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The shop's ids of the person's orders that the request names.
    pub orders: Vec<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

impl fmt::Debug for Person {
    /// Shows no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("orders", &self.orders.len()).finish_non_exhaustive()
    }
}

impl Person {
    pub(super) fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&["email", "customer_id", "orders", "requested_at"]);
        let requested_at = place.required("requested_at", Reader::time);
        Some(Self {
            email: place.optional("email", Reader::email),
            customer_id: place.optional("customer_id", Reader::words),
            orders: place.optional("orders", |place| place.array(Reader::words)).unwrap_or_default(),
            requested_at: requested_at?,
        })
    }
}

impl Whose {
    pub(super) fn read(place: &Reader<'_>) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&["person", "shop"]);
        if place.has("shop") {
            return place.required("shop", |place| {
                place.object()?;
                place.deny_unknown(&["requested_at"]);
                Some(Self::Shop { requested_at: place.required("requested_at", Reader::time)? })
            });
        }
        place.required("person", Person::read).map(Self::Person)
    }
}
