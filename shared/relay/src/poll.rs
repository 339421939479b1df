//! Follows personalised pushes to their end, and tells shops what became of their promotions.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::{
    config::Destinations,
    destination::websale::login::Tokens,
    http::{Discreet, Http},
    ledger::{Connection, LedgerError, Purpose, Row, connection},
    message::RowKey,
    ports::Ports,
    retry::Call,
    shop::{Destination, ShopName},
};
use tell::Told;

mod ask;
pub(crate) mod record;
mod tell;
#[cfg(test)]
mod tests;
mod totals;

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
    /// How many callbacks shops have taken.
    pub told: usize,
    /// How many could not be asked about, or not told.
    pub failed: usize,
}

/// Asks about the open dispatches, and makes status callbacks.
#[derive(Clone)]
pub struct Poller {
    ports: Ports,
    /// HTTP to shops' callbacks, whose addresses are the shops' word.
    callbacks: Arc<dyn Http>,
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
    /// Shops that could not be told something in this run: the rest waits, and holds up nobody.
    deaf: Mutex<HashSet<ShopName>>,
    /// What is known of the shops' connections.
    connections: Mutex<HashMap<ShopName, Connection>>,
}

impl Poller {
    /// A poller over these ports; shops are called through `callbacks` ([`crate::http::GuardedHttp`]).
    pub fn new(ports: Ports, callbacks: Arc<dyn Http>, config: Destinations) -> Self {
        let ports = ports.discreet();
        let tokens = Tokens::new(ports.clone(), config.clone());
        Self::sharing(ports, callbacks, config, tokens)
    }

    /// The same with log-ins it shares with a forwarder of the same process.
    pub(crate) fn sharing(ports: Ports, callbacks: Arc<dyn Http>, config: Destinations, tokens: Tokens) -> Self {
        Self { ports, callbacks: Arc::new(Discreet(callbacks)), config, tokens }
    }

    /// Asks about every dispatch that is due, and tells shops what they are owed, until `deadline`.
    pub async fn run(&self, deadline: Timestamp) -> Polled {
        let mut rows = match self.ports.ledger.due(Purpose::Poll, self.ports.clock.now(), BATCH).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "open dispatches and callbacks cannot be read");
                return Polled { failed: 1, ..Polled::default() };
            }
        };
        // What the chunks are asked now counts in the totals.
        rows.sort_by_key(record::is_split);
        let run = Run {
            poller: self,
            deadline,
            troubled: Mutex::default(),
            deaf: Mutex::default(),
            connections: Mutex::default(),
        };
        // Collected, because a lazily borrowing stream is not Send for every lifetime, and hosts spawn this.
        let asking: Vec<_> = rows.iter().map(|row| run.one(row)).collect();
        let mut asked = stream::iter(asking).buffer_unordered(AT_ONCE);
        let mut total = Polled::default();
        while let Some((asked, told)) = asked.next().await {
            total = total.with(asked, told);
        }
        total
    }
}

impl Polled {
    fn with(mut self, asked: Asked, told: Told) -> Self {
        self.asked += usize::from(matches!(asked, Asked::Running | Asked::Ended));
        self.ended += usize::from(asked == Asked::Ended);
        self.told += told.told;
        self.failed += usize::from(asked == Asked::Failed) + usize::from(told.failed);
        self
    }
}

impl Run<'_> {
    /// Does what the row is due for: one thing, or both, and neither stands in the other's way.
    async fn one(&self, row: &Row) -> (Asked, Told) {
        let RowKey { shop: Some(shop), .. } = &row.key else { return (Asked::Skipped, Told::default()) };
        let now = self.now();
        let is_asked = row.due.is_some_and(|due| due.purpose == Purpose::Poll && due.at <= now);
        let asked = if is_asked { self.one_question(row, shop).await } else { Asked::Skipped };
        let is_told = row.callbacks.as_ref().is_some_and(|callbacks| callbacks.at <= now);
        let told = if is_told || asked == Asked::Ended { self.tell(row, shop).await } else { Told::default() };
        (asked, told)
    }

    async fn one_question(&self, row: &Row, shop: &ShopName) -> Asked {
        if self.troubled.lock().unwrap_or_else(PoisonError::into_inner).contains(shop) || !self.has_time() {
            return Asked::Skipped;
        }
        if record::is_split(row) {
            return self.add_up(row).await;
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
