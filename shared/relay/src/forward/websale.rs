//! Placeholder.
use crate::{
    Async,
    config::Destinations,
    ports::Ports,
    queue::{Handler, Received, Settlement},
};

/// Settles messages for WEBSALE.
#[derive(Clone)]
pub struct WebsaleForwarder {
    #[allow(dead_code)]
    ports: Ports,
    #[allow(dead_code)]
    config: Destinations,
}

impl WebsaleForwarder {
    /// A forwarder over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config }
    }
}

impl Handler for WebsaleForwarder {
    fn handle(&self, _received: Received) -> Async<'_, Settlement> {
        todo!()
    }
}
