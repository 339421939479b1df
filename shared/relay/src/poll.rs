//! Follows personalised pushes to their end.

use jiff::Timestamp;

use crate::{config::Destinations, ports::Ports};

/// What one run of the poller did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Polled {
    /// How many dispatches were asked about.
    pub asked: usize,
    /// How many of them have ended.
    pub ended: usize,
    /// How many could not be asked about.
    pub failed: usize,
}

/// Asks about the open dispatches.
#[derive(Clone)]
pub struct Poller {
    #[allow(dead_code)]
    ports: Ports,
    #[allow(dead_code)]
    config: Destinations,
}

impl Poller {
    /// A poller over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config }
    }

    /// Asks about every dispatch that is due, until `deadline`.
    pub async fn run(&self, _deadline: Timestamp) -> Polled {
        todo!()
    }
}
