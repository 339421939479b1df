//! Wakes promotions when they are due, and tells of shops that should have been heard of.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::{
    destination::websale::body::content_hash,
    ledger::{self, Change, Due, Guess, LedgerError, Purpose, Row, connection},
    message::{Message, Payload, RowKey},
    ports::Ports,
    queue::QueueError,
    shop::{Platform, ShopName},
};

mod silence;
#[cfg(test)]
mod tests;

/// Whoever works on a promotion longer than this is believed to be gone, and the promotion is queued once more.
pub(crate) const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Promotions of a paused connection are looked at this often, so that they go out soon after it is resumed.
const PAUSED: SignedDuration = SignedDuration::from_mins(2);

/// How many rows are read at a time.
const BATCH: usize = 100;

/// What one run of the dispatcher did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// How many promotions were queued.
    pub queued: usize,
    /// How many rows failed and stay due.
    pub failed: usize,
}

/// Why a promotion was not queued, or its row not moved.
#[derive(Debug, thiserror::Error)]
enum WakeError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Queues every promotion that is due, until `deadline`.
pub async fn dispatch(ports: &Ports, deadline: Timestamp) -> Dispatched {
    let mut done = Dispatched::default();
    let (mut seen, mut pauses) = (HashSet::new(), Pauses::default());
    // A row of which the shop has yet to be told something stands in the index under the poller's purpose, and goes out
    // in time even if nobody polls.
    for purpose in [Purpose::Send, Purpose::Poll] {
        if !dispatch_found(ports, purpose, deadline, (&mut seen, &mut pauses), &mut done).await {
            break;
        }
    }
    done
}

/// Queues those promotions that are found in the index under this purpose. Whether there is time for more.
async fn dispatch_found(
    ports: &Ports,
    purpose: Purpose,
    deadline: Timestamp,
    (seen, pauses): (&mut HashSet<RowKey>, &mut Pauses),
    done: &mut Dispatched,
) -> bool {
    loop {
        // Rows that failed in this run stay due and come first: they must not hide those behind them.
        let limit = BATCH + done.failed;
        let now = ports.clock.now();
        let rows = match ports.ledger.due(purpose, now, limit).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "due promotions cannot be read");
                done.failed += 1;
                return false;
            }
        };
        let is_last = rows.len() < limit;
        let new: Vec<_> = rows.into_iter().filter(|row| seen.insert(row.key.clone())).collect();
        let is_stuck = new.is_empty();
        let is_due = |row: &Row| {
            connection::silent(row, now) || row.due.is_some_and(|due| due.purpose == Purpose::Send && due.at <= now)
        };
        for row in new.into_iter().filter(is_due) {
            if ports.clock.now() >= deadline {
                return false;
            }
            match wake(ports, &row, pauses).await {
                Ok(queued) => done.queued += usize::from(queued),
                Err(error) => {
                    tracing::error!(row = %row.key, %error, "a due promotion is not queued");
                    done.failed += 1;
                }
            }
        }
        if is_last || is_stuck {
            return true;
        }
    }
}

/// Which shops' connections are paused: their promotions would only come back again and again. Read once a run.
#[derive(Default)]
struct Pauses(HashMap<ShopName, bool>);

impl Pauses {
    async fn holds(&mut self, ports: &Ports, row: &Row) -> Result<bool, LedgerError> {
        let Some(shop) = &row.key.shop else { return Ok(false) };
        if let Some(known) = self.0.get(shop) {
            return Ok(*known);
        }
        let connection = ports.ledger.get(&connection::row_key(shop, row.key.destination)).await?;
        let is_paused = connection.and_then(|row| row.connection).is_some_and(|known| known.paused_at.is_some());
        self.0.insert(shop.clone(), is_paused);
        Ok(is_paused)
    }
}

/// Queues one promotion, then moves its due time ahead, in this order: a crash between the two queues it twice, and the
/// forwarder does it once. Somebody at work on the row, or a wait that was asked for, is left in peace.
async fn wake(ports: &Ports, row: &Row, pauses: &mut Pauses) -> Result<bool, WakeError> {
    let now = ports.clock.now();
    if row.connection.is_some() {
        return silence::tell(ports, row, now).await.map(|()| false);
    }
    let is_paused = pauses.holds(ports, row).await?;
    let busy_until = row.lease.as_ref().map(|lease| lease.until).max(row.not_before).filter(|until| *until > now);
    let message = due_message(row).filter(|_| busy_until.is_none() && !is_paused);
    if let Some(message) = &message {
        ports.queue.send(message).await?;
    }
    let wait = if is_paused { PAUSED } else { AGAIN_AFTER };
    let later = busy_until.unwrap_or(now).saturating_add(wait).unwrap_or(Timestamp::MAX);
    let found = row.due;
    let decide = |stored: Option<&Row>| match stored {
        Some(stored) if stored.due == found => {
            let due = Some(Due { purpose: Purpose::Send, at: later });
            Change::Write(Box::new(Row { due, ..stored.clone() }), ())
        }
        // Somebody else moved it, or it is not due any more.
        _ => Change::Keep(()),
    };
    let guess = Guess::Row(Box::new(row.clone()));
    ledger::update(&*ports.ledger, &*ports.random, &row.key, guess, decide).await?;
    Ok(message.is_some())
}

/// The message for the forwarder. Two dispatchers at once make the same one.
fn due_message(row: &Row) -> Option<Message> {
    let (shop, promotion, due) = (row.key.shop.clone()?, row.promotion.as_ref()?, row.due?);
    let revision = promotion.revision;
    let named = format!("{}|{revision:?}|{}", row.key, due.at);
    Some(Message {
        id: format!("due-{}", content_hash(&[named.as_bytes()]).get(..32)?),
        shop,
        platform: Platform::Canonical,
        subject: row.key.subject.clone(),
        time: revision.time,
        received_at: revision.received_at,
        sequence: revision.sequence,
        traceparent: None,
        quiet_hours: None,
        silent_after_hours: None,
        payload: Payload::PromotionDue { row: row.key.clone(), revision },
    })
}
