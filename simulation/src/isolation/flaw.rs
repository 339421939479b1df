//! Broken products, to see that the figures show it.

use std::sync::Arc;

use jiff::Timestamp;
use relay::{
    Async,
    config::Destinations,
    ledger::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage},
    message::RowKey,
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
                Ports { ledger: Arc::new(Lossy { ledger: Arc::clone(&ports.ledger), flaw: self }), ..ports }
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

/// A ledger that does not keep everything it is told.
struct Lossy {
    ledger: Arc<dyn Ledger>,
    flaw: Flaw,
}

impl Lossy {
    fn kept(&self, mut row: Row) -> Row {
        match (self.flaw, &mut row.connection) {
            (Flaw::Forgetful, Some(connection)) => connection.down.clear(),
            (Flaw::Impatient, _) => row.not_before = None,
            _ => {}
        }
        row
    }
}

impl Ledger for Lossy {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        self.ledger.get(key)
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move { self.ledger.put(&self.kept(row.clone()), expected).await })
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        self.ledger.due(purpose, until, limit)
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        self.ledger.delete(key, version)
    }

    fn scan_page<'a>(&'a self, prefix: &'a str, after: Option<&'a str>) -> Async<'a, Result<ScanPage, LedgerError>> {
        self.ledger.scan_page(prefix, after)
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        self.ledger.put_part(part, content, expires_at)
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        self.ledger.get_part(part)
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        self.ledger.delete_part(part)
    }
}
