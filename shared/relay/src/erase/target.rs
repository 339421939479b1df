//! Who is to be forgotten, and until when.

use jiff::Timestamp;

use super::{Request, tombstone::dated};
use crate::{
    ledger::Row,
    message::{Kind, Message, Person, RowKey, Whose},
    secret::InstallationKey,
    shop::{Destination, ShopName},
};

/// Who is to be forgotten, and until when.
pub(super) struct Target<'a> {
    pub(super) shop: &'a ShopName,
    pub(super) who: Who<'a>,
    /// What is dated later stays.
    pub(super) until: Timestamp,
}

/// One person or everybody.
pub(super) enum Who<'a> {
    Person {
        person: &'a Person,
        /// Known only with the address.
        customer_key: Option<String>,
    },
    Shop,
}

impl<'a> Target<'a> {
    pub(super) fn of(request: &'a Request, key: &InstallationKey, until: Timestamp) -> Self {
        let who = match &request.whose {
            Whose::Shop { .. } => Who::Shop,
            Whose::Person(person) => {
                let customer_key = person.email.as_ref().map(|email| key.customer_key(email));
                Who::Person { person, customer_key }
            }
        };
        Self { shop: &request.shop, who, until }
    }

    /// Whether the message is dated within what is to be forgotten.
    pub(super) fn covers(&self, message: &Message) -> bool {
        dated(&message.revision()) <= self.until
    }

    /// Whether the row is to go, as far as it can be told by the row alone.
    pub(super) fn takes(&self, row: &Row) -> bool {
        match &self.who {
            // Requests, and what became of them, are kept: they say what was done. So is what an operator has paused.
            Who::Shop => !matches!(row.key.kind, Kind::Privacy | Kind::Connection) && !self.is_later(row),
            Who::Person { person, customer_key } => match row.key.kind {
                Kind::Order => {
                    let is_theirs = row.customer.is_some() && row.customer == *customer_key;
                    person.orders.contains(&row.key.subject) || (is_theirs && !self.is_later(row))
                }
                Kind::Customer => {
                    let is_theirs = customer_key.as_ref() == Some(&row.key.subject);
                    is_theirs && row.revision.is_none_or(|revision| dated(&revision) <= self.until)
                }
                Kind::Reference => self.named().contains(&row.key),
                Kind::Consent | Kind::Promotion | Kind::Chunk | Kind::Login | Kind::Privacy | Kind::Connection => false,
            },
        }
    }

    /// Whether everything the row knows is dated later than what is to be forgotten. An old order may be seen for the
    /// first time, or change, while the request waits.
    fn is_later(&self, row: &Row) -> bool {
        let newest = row.revision.or(row.promotion.as_ref().map(|promotion| promotion.revision));
        row.first_at > self.until && newest.is_some_and(|revision| dated(&revision) > self.until)
    }

    /// The rows that can be named without a search.
    pub(super) fn named(&self) -> Vec<RowKey> {
        let Who::Person { person, customer_key } = &self.who else { return Vec::new() };
        let row = |kind, subject: String| self.row(kind, subject);
        let customer = customer_key.iter().map(|key| row(Kind::Customer, key.clone()));
        let orders = person
            .orders
            .iter()
            .flat_map(|order| [row(Kind::Order, order.clone()), row(Kind::Reference, format!("order/{order}"))]);
        let fetched = person.customer_id.iter().flat_map(|id| {
            [row(Kind::Reference, format!("customer/{id}")), row(Kind::Reference, format!("consent/{id}"))]
        });
        customer.chain(orders).chain(fetched).collect()
    }

    /// The row of the person's decision, which becomes the tombstone.
    pub(super) fn decision(&self) -> Option<RowKey> {
        let Who::Person { customer_key, .. } = &self.who else { return None };
        Some(self.row(Kind::Consent, customer_key.clone()?))
    }

    fn row(&self, kind: Kind, subject: String) -> RowKey {
        RowKey { shop: Some(self.shop.clone()), destination: Destination::Websand, kind, subject }
    }
}
