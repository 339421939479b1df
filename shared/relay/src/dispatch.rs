//! Wakes promotions when they are due.

use jiff::Timestamp;

use crate::ports::Ports;

/// What one run of the dispatcher did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// How many promotions were queued.
    pub queued: usize,
    /// How many rows failed and stay due.
    pub failed: usize,
}

/// Queues every promotion that is due, until `deadline`.
pub async fn dispatch(_ports: &Ports, _deadline: Timestamp) -> Dispatched {
    todo!()
}
