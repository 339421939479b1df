//! Websand's data API: one POST for an order (transaction), one for a customer (subscriber).

mod fields;

pub use fields::{CONTAINERS, CUSTOMER, Container, ITEM, TOTAL, TRANSACTION};
