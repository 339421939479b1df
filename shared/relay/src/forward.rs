//! The delivering half: settles one message against the ledger and a destination.

use crate::{
    Async,
    config::Destinations,
    ports::Ports,
    queue::{Handler, Received, Settlement},
};

/// Settles messages for Websand.
#[derive(Clone)]
pub struct WebsandForwarder {
    #[allow(dead_code)]
    ports: Ports,
    #[allow(dead_code)]
    config: Destinations,
}

/// Settles messages for WEBSALE.
#[derive(Clone)]
pub struct WebsaleForwarder {
    #[allow(dead_code)]
    ports: Ports,
    #[allow(dead_code)]
    config: Destinations,
}

impl WebsandForwarder {
    /// A forwarder over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config }
    }
}

impl WebsaleForwarder {
    /// A forwarder over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config }
    }
}

impl Handler for WebsandForwarder {
    fn handle(&self, _received: Received) -> Async<'_, Settlement> {
        todo!()
    }
}

impl Handler for WebsaleForwarder {
    fn handle(&self, _received: Received) -> Async<'_, Settlement> {
        todo!()
    }
}
