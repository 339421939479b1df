//! The delivering half: settles one message against the ledger and a destination.

mod attempt;
mod claims;
mod consent;
mod erase;
mod letter;
mod passage;
#[cfg(test)]
pub(crate) mod testing;
mod traffic;
pub(crate) mod websale;
mod websand;

pub use websale::{Outlook, WebsaleForwarder};
pub use websand::WebsandForwarder;
