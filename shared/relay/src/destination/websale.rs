//! WEBSALE's shop app: what its calls look like, and what its answers mean.
//!
//! Only `create` and the log-in are documented with their paths; the other paths are settings of the shop
//! ([`crate::secret::WebsaleEndpoints`]).

pub mod answer;
pub mod audience;
pub mod body;
pub mod call;
pub mod login;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod stage;
