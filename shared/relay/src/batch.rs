//! Settles a batch of messages: side by side, each for itself.

use crate::queue::{Handler, Received, Settlement};

/// Settles every message, at most `concurrency` at a time, and says what becomes of each, in order. A panic is caught
/// and hurts only its own message.
pub async fn settle(_handler: &dyn Handler, _batch: Vec<Received>, _concurrency: usize) -> Vec<Settlement> {
    todo!()
}
