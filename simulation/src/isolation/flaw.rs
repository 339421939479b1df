//! Broken products, to see that the figures show it.

use std::sync::Arc;

use relay::{
    Async,
    config::Destinations,
    ledger::{Expected, Ledger, LedgerError, Meddled, Meddler, Put, Row},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    shop::Destination,
};

use super::worker::forwarder;

/// How the product is broken, to see that the figures show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Not at all.
    None,
    /// Nobody remembers that a destination is down, neither a worker nor the ledger.
    Forgetful,
    /// The queue does not look at whose message it is.
    Unfair,
    /// Rows know of no time before which a message must not go out.
    Impatient,
}

impl Flaw {
    /// The ports of a product that is broken so.
    pub(super) fn alter(self, ports: Ports) -> Ports {
        match self {
            Self::None | Self::Unfair => ports,
            Self::Forgetful | Self::Impatient => {
                Ports { ledger: Arc::new(Meddled { ledger: Arc::clone(&ports.ledger), by: Lossy(self) }), ..ports }
            }
        }
    }
}

/// A worker that remembers nothing from message to message.
pub(super) struct Forgetful {
    pub(super) ports: Ports,
    pub(super) config: Destinations,
    pub(super) destination: Destination,
}

impl Handler for Forgetful {
    fn handle(&self, received: Received) -> Async<'_, Settlement> {
        let worker = forwarder(self.destination, self.ports.clone(), self.config.clone());
        Box::pin(async move { worker.handle(received).await })
    }
}

/// Rows are not kept with everything they are told.
struct Lossy(Flaw);

impl Meddler for Lossy {
    fn put<'a>(
        &'a self,
        ledger: &'a dyn Ledger,
        row: &'a Row,
        expected: Expected,
    ) -> Async<'a, Result<Put, LedgerError>> {
        let mut kept = row.clone();
        match (self.0, &mut kept.connection) {
            (Flaw::Forgetful, Some(connection)) => connection.down.clear(),
            (Flaw::Impatient, _) => kept.not_before = None,
            _ => {}
        }
        Box::pin(async move { ledger.put(&kept, expected).await })
    }
}
