//! Websand's data API: one POST for an order (transaction), one for a customer (subscriber).
//!
//! Documented are five fields of a transaction and the address of a subscriber; all other names are the shop's choice.

mod container;
mod currency;
mod customer;
mod fields;
mod request;
mod transaction;

pub use currency::NoFactor;
pub use customer::subscriber;
pub use fields::{CONTAINERS, CUSTOMER, Container, ITEM, TOTAL, TRANSACTION};
pub use request::{content_hash, subscriber_request, transaction_request};
pub use transaction::transaction;

#[cfg(test)]
mod tests;
