//! Follows personalised pushes to their end.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::{
    config::Destinations,
    destination::websale::login::Tokens,
    ledger::{Connection, LedgerError, Purpose, Row, connection},
    message::RowKey,
    ports::Ports,
    retry::Call,
    shop::{Destination, ShopName},
};

mod ask;
mod record;
#[cfg(test)]
mod tests;

/// How many dispatches are asked about at the same time.
const AT_ONCE: usize = 8;
/// How many rows are read in one run; what is left is due in the next.
const BATCH: usize = 1000;

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
    ports: Ports,
    config: Destinations,
    tokens: Tokens,
}

/// What came of one dispatch in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// It is still going out.
    Running,
    /// It has ended, or we stopped asking.
    Ended,
    /// WEBSALE, the ledger or the shop's settings failed.
    Failed,
    /// Not asked: no time is left, or somebody else is at it, or its shop just failed.
    Skipped,
}

/// One run.
struct Run<'a> {
    poller: &'a Poller,
    deadline: Timestamp,
    /// Shops whose calls failed in this run: their other dispatches wait, and hold up nobody.
    troubled: Mutex<HashSet<ShopName>>,
    /// What is known of the shops' connections.
    connections: Mutex<HashMap<ShopName, Connection>>,
}

impl Poller {
    /// A poller over these ports.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        let ports = ports.discreet();
        let tokens = Tokens::new(ports.clone(), config.clone());
        Self::sharing(ports, config, tokens)
    }

    /// The same with log-ins it shares with a forwarder of the same process.
    pub(crate) const fn sharing(ports: Ports, config: Destinations, tokens: Tokens) -> Self {
        Self { ports, config, tokens }
    }

    /// Asks about every dispatch that is due, until `deadline`.
    pub async fn run(&self, deadline: Timestamp) -> Polled {
        let rows = match self.ports.ledger.due(Purpose::Poll, self.ports.clock.now(), BATCH).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "open dispatches cannot be read");
                return Polled { failed: 1, ..Polled::default() };
            }
        };
        let run = Run { poller: self, deadline, troubled: Mutex::default(), connections: Mutex::default() };
        // Collected, because a lazily borrowing stream is not Send for every lifetime, and hosts spawn this.
        let asking: Vec<_> = rows.iter().map(|row| run.one(row)).collect();
        let mut asked = stream::iter(asking).buffer_unordered(AT_ONCE);
        let mut total = Polled::default();
        while let Some(asked) = asked.next().await {
            total = total.with(asked);
        }
        total
    }
}

impl Polled {
    fn with(mut self, asked: Asked) -> Self {
        self.asked += usize::from(matches!(asked, Asked::Running | Asked::Ended));
        self.ended += usize::from(asked == Asked::Ended);
        self.failed += usize::from(asked == Asked::Failed);
        self
    }
}

impl Run<'_> {
    async fn one(&self, row: &Row) -> Asked {
        let RowKey { shop: Some(shop), .. } = &row.key else { return Asked::Skipped };
        if self.troubled.lock().unwrap_or_else(PoisonError::into_inner).contains(shop) || !self.has_time() {
            return Asked::Skipped;
        }
        match self.connection(shop).await {
            Ok(connection) if connection.paused_at.is_some() => Asked::Skipped,
            Ok(connection) => self.ask(row, shop, connection.proven.contains(&Call::WebsaleStatus)).await,
            Err(error) => {
                tracing::error!(row = %row.key, %error, "a dispatch is not asked about");
                Asked::Failed
            }
        }
    }

    /// Read once a run.
    async fn connection(&self, shop: &ShopName) -> Result<Connection, LedgerError> {
        let known = || self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = known().get(shop) {
            return Ok(connection.clone());
        }
        let row = self.poller.ports.ledger.get(&connection::row_key(shop, Destination::Websale)).await?;
        let connection = row.and_then(|row| row.connection).unwrap_or_default();
        known().insert(shop.clone(), connection.clone());
        Ok(connection)
    }
}
