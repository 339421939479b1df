//! Which letters are meant.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Letter;
use crate::shop::{Destination, ShopName};

/// Which letters are meant: those that pass everything that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Ids of letters or of events; empty: all.
    pub ids: BTreeSet<String>,
    /// Whose.
    pub shop: Option<ShopName>,
    /// Where they were going.
    pub destination: Option<Destination>,
    /// Why they were parked.
    pub reason: Option<String>,
    /// Parked not later than this.
    pub parked_until: Option<Timestamp>,
}

impl Wanted {
    /// Whether letters of this destination may be meant.
    pub fn is_of(&self, destination: Destination) -> bool {
        self.destination.is_none_or(|wanted| wanted == destination)
    }

    /// Whether this letter is meant.
    pub fn takes(&self, letter: &Letter) -> bool {
        let is_named = |id: &str| self.ids.contains(id);
        (self.ids.is_empty() || is_named(&letter.id) || letter.event_id().is_some_and(is_named))
            && self.is_of(letter.destination)
            && (self.shop.is_none() || self.shop == letter.shop)
            && (self.reason.is_none() || self.reason == letter.reason)
            && self.parked_until.is_none_or(|until| letter.parked_at <= until)
    }
}
