//! The queues: messages wait here until they are settled, and dead letters until a person looks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use relay::{
    Async,
    clock::Clock,
    message::Message,
    queue::{DeadLetter, Queue, QueueError, Settlement, Sweep, Swept},
    shop::{Destination, ShopName},
};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::Notify;

use crate::store::{Store, StoreError};

mod flight;
mod sweep;
#[cfg(test)]
mod tests;

use flight::Flight;

/// The largest message, as on SQS: what runs on one host runs on the other.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

const SEND: &str = "INSERT INTO message (destination, shop, sent_at, visible_at, body) VALUES (?1, ?2, ?3, ?3, ?4)";
const PARK: &str = "INSERT INTO dead_letter (destination, shop, parked_at, reason, status, detail, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const LOAD: &str = "SELECT body, sent_at FROM message WHERE id = ?1";
const NEXT: &str = "SELECT min(visible_at) FROM message WHERE destination = ?1 AND visible_at > ?2";
const DONE: &str = "DELETE FROM message WHERE id = ?1";
const WAKE: &str = "UPDATE message SET visible_at = ?3 WHERE destination = ?1 AND shop = ?2 AND visible_at > ?3";
const BACK: &str = "UPDATE message SET visible_at = ?2 WHERE id = ?1";

/// The queues in SQLite, and their workers' side.
#[derive(Clone)]
pub struct SqliteQueue {
    store: Store,
    clock: Arc<dyn Clock>,
    websand: Arc<Lane>,
    websale: Arc<Lane>,
}

/// What is known of one destination's queue beside the database.
#[derive(Default)]
struct Lane {
    changed: Notify,
    flight: Mutex<Flight>,
}

/// Names a message in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    destination: Destination,
    shop: String,
    id: i64,
}

/// A message in flight: nobody else gets it until it is settled.
#[derive(Clone, Debug)]
pub struct Taken {
    /// To settle it with.
    pub ticket: Ticket,
    /// The message's text.
    pub body: String,
    /// When it was put on the queue.
    pub sent_at: Timestamp,
}

/// What [`SqliteQueue::take`] found.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Messages, now in flight.
    pub messages: Vec<Taken>,
    /// When the next message becomes visible by itself. Earlier changes are announced by [`SqliteQueue::changed`].
    pub next: Option<Timestamp>,
}

/// How many messages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On the queue, in flight or not.
    pub waiting: u64,
    /// When the oldest of them was put there.
    pub oldest: Option<Timestamp>,
    /// In the dead-letter queue.
    pub dead: u64,
}

impl SqliteQueue {
    /// The queues in this store.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, websand: Arc::default(), websale: Arc::default() }
    }

    /// Takes at most `limit` visible messages. Shops take turns, and one shop has only so many messages in flight at a
    /// time, so that no shop keeps another waiting. Not cancel-safe: what was taken must be settled.
    ///
    /// # Errors
    /// The database failed; nothing is in flight because of this call.
    pub async fn take(&self, destination: Destination, limit: usize, now: Timestamp) -> Result<Batch, StoreError> {
        let lane = self.lane(destination).clone();
        let now = now.as_microsecond();
        self.store.read(move |connection| take(connection, &lane, destination, limit, now)).await
    }

    /// Settles a message: it is gone, or visible again later. Returns when that is stored.
    ///
    /// # Errors
    /// The database failed; the message is still in flight.
    pub async fn settle(&self, ticket: &Ticket, settlement: Settlement) -> Result<(), StoreError> {
        let (id, visible_at) = (ticket.id, self.visible_at(settlement));
        let act = move |connection: &Connection| match visible_at {
            None => connection.prepare_cached(DONE)?.execute([id]),
            Some(at) => connection.prepare_cached(BACK)?.execute([id, at]),
        };
        let (lane, ticket, now) = (self.lane(ticket.destination).clone(), ticket.clone(), self.clock.now());
        let after = move |_: &usize| {
            match settlement {
                Settlement::Done => lane.flight().done(&ticket.shop, ticket.id),
                Settlement::Back { .. } => lane.flight().back(&ticket.shop, ticket.id, now.as_microsecond()),
            }
            lane.changed.notify_one();
        };
        self.store.write(act, after).await.map(drop)
    }

    /// Completes when the destination's queue may have something to take that it had not before: a message came, or
    /// one was settled. A change while nobody waits is remembered, once.
    pub async fn changed(&self, destination: Destination) {
        self.lane(destination).changed.notified().await;
    }

    /// How many messages there are for a destination. Counts them one by one: for operators, not for every request.
    ///
    /// # Errors
    /// The database failed.
    pub async fn counts(&self, destination: Destination) -> Result<Counts, StoreError> {
        self.store.read(move |connection| counts(connection, destination)).await
    }

    async fn enqueue(&self, destination: Destination, shop: String, body: String) -> Result<(), QueueError> {
        within_limit(&body)?;
        let now = self.clock.now().as_microsecond();
        let act = move |connection: &Connection| {
            connection.prepare_cached(SEND)?.execute((destination.name(), &shop, now, &body))
        };
        let lane = self.lane(destination).clone();
        self.store.write(act, move |_| lane.changed.notify_one()).await.map(drop).map_err(|error| unavailable(&error))
    }

    async fn bury(&self, letter: DeadLetter) -> Result<(), QueueError> {
        within_limit(&letter.body)?;
        let now = self.clock.now().as_microsecond();
        let act = move |connection: &Connection| {
            let DeadLetter { shop, destination, body, reason, status, detail } = &letter;
            let values = (destination.name(), shop.as_ref().map(ShopName::as_str), now, reason, status, detail, body);
            connection.prepare_cached(PARK)?.execute(values)
        };
        self.store.write(act, |_| ()).await.map(drop).map_err(|error| unavailable(&error))
    }

    fn visible_at(&self, settlement: Settlement) -> Option<i64> {
        match settlement {
            Settlement::Done => None,
            Settlement::Back { after } => Some(later(self.clock.now(), after).as_microsecond()),
        }
    }

    fn lane(&self, destination: Destination) -> &Arc<Lane> {
        match destination {
            Destination::Websand => &self.websand,
            Destination::Websale => &self.websale,
        }
    }
}

impl Lane {
    fn flight(&self) -> std::sync::MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for SqliteQueue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.enqueue(message.destination(), message.shop.to_string(), message.to_json()))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.bury(letter.clone()))
    }

    fn wake<'a>(&'a self, shop: &'a ShopName, destination: Destination) -> Async<'a, Result<(), QueueError>> {
        let now = self.clock.now().as_microsecond();
        let shop = shop.to_string();
        let act = move |connection: &Connection| {
            connection.prepare_cached(WAKE)?.execute((destination.name(), &shop, now)).map(drop)
        };
        let lane = self.lane(destination).clone();
        let woken = self.store.write(act, move |()| lane.changed.notify_one());
        Box::pin(async move { woken.await.map_err(|error| unavailable(&error)) })
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(sweep::run(&self.store, &*self.clock, sweep))
    }
}

fn take(
    connection: &Connection,
    lane: &Lane,
    destination: Destination,
    limit: usize,
    now: i64,
) -> rusqlite::Result<Batch> {
    // The lock is held until the choice is made: a message leaves the flight only after its deletion is committed, so
    // what this snapshot still shows of a deleted message is either in flight or deleted before the snapshot.
    let mut flight = lane.flight();
    let choice = flight.choose(connection, destination, limit, now)?;
    drop(flight);
    let loaded = load(connection, destination, &choice.messages, now);
    if loaded.is_err() {
        lane.flight().give_back(&choice.messages);
    }
    let batch = loaded?;
    let next = [batch.next, choice.rest_ends.map(timestamp)].into_iter().flatten().min();
    Ok(Batch { next, ..batch })
}

fn load(
    connection: &Connection,
    destination: Destination,
    chosen: &[(i64, String)],
    now: i64,
) -> rusqlite::Result<Batch> {
    let mut statement = connection.prepare_cached(LOAD)?;
    let mut messages = Vec::with_capacity(chosen.len());
    for (id, shop) in chosen {
        let ticket = Ticket { destination, shop: shop.clone(), id: *id };
        messages.push(
            statement
                .query_row([id], |row| Ok(Taken { ticket, body: row.get(0)?, sent_at: timestamp(row.get(1)?) }))?,
        );
    }
    let next: Option<i64> = connection.prepare_cached(NEXT)?.query_row((destination.name(), now), |row| row.get(0))?;
    Ok(Batch { messages, next: next.map(timestamp) })
}

fn counts(connection: &Connection, destination: Destination) -> rusqlite::Result<Counts> {
    const OLDEST: &str = "SELECT sent_at FROM message WHERE id = (SELECT min(id) FROM message WHERE destination = ?1)";
    let count = |sql: &str| connection.query_row(sql, [destination.name()], |row| row.get::<_, u64>(0));
    Ok(Counts {
        waiting: count("SELECT count(*) FROM message WHERE destination = ?1")?,
        oldest: connection.query_row(OLDEST, [destination.name()], |row| row.get(0)).optional()?.map(timestamp),
        dead: count("SELECT count(*) FROM dead_letter WHERE destination = ?1")?,
    })
}

fn within_limit(body: &str) -> Result<(), QueueError> {
    match body.len() {
        bytes if bytes > MAX_MESSAGE_BYTES => Err(QueueError::TooLarge { bytes, limit: MAX_MESSAGE_BYTES }),
        _ => Ok(()),
    }
}

fn later(now: Timestamp, after: Duration) -> Timestamp {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
    now.saturating_add(after).unwrap_or(Timestamp::MAX)
}

/// A stored time; one that no timestamp can be was not written by us.
fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn unavailable(error: &StoreError) -> QueueError {
    QueueError::Unavailable(error.to_string())
}
