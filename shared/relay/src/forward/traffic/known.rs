//! What the ledger says of the shops' connections, read once for all messages that came together.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt, future::Shared};
use jiff::{SignedDuration, Timestamp};

use crate::{
    ledger::{LedgerError, Row},
    message::RowKey,
    ports::Ports,
};

/// For so long a message is content with what was read for one that came with it: what other processes found out
/// meanwhile it learns no later than a message does that is just making its call.
const FRESH: SignedDuration = SignedDuration::from_secs(1);
/// Rows that are read anew anyway are of no use; beyond this many they are dropped.
const MANY: usize = 1024;

type Read = Shared<Pin<Box<dyn Future<Output = Result<Option<Row>, LedgerError>> + Send>>>;

/// The rows of connections, as they were read a moment ago or are being read.
#[derive(Default)]
pub(in crate::forward) struct Known(Mutex<HashMap<RowKey, (Timestamp, Read)>>);

impl Known {
    /// The row as it was when the message was taken from the queue, or later.
    pub(in crate::forward) fn read(&self, ports: &Ports, key: &RowKey, taken_at: Timestamp) -> Read {
        let now = ports.clock.now();
        let is_fresh = |began: Timestamp| now.duration_since(began) < FRESH;
        let mut known = self.lock();
        if let Some((_, read)) = known.get(key).filter(|(began, _)| *began >= taken_at && is_fresh(*began)) {
            return read.clone();
        }
        if known.len() >= MANY {
            known.retain(|_, (began, _)| is_fresh(*began));
        }
        let (ledger, wanted) = (ports.ledger.clone(), key.clone());
        let reading: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move { ledger.get(&wanted).await });
        let read = reading.shared();
        known.insert(key.clone(), (now, read.clone()));
        read
    }

    /// This process has changed the row.
    pub(in crate::forward) fn forget(&self, key: &RowKey) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RowKey, (Timestamp, Read)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        forward::testing::World,
        ledger::{Expected, connection},
        shop::Destination,
    };

    /// Stores the connection's row, as another process does.
    async fn write(world: &World, version: u64) -> RowKey {
        let key = connection::row_key(&"acme".parse().unwrap(), Destination::Websand);
        let row = Row { version, ..Row::new(key.clone(), world.ports.clock.now()) };
        let expected = if version == 1 { Expected::Absent } else { Expected::Version(version - 1) };
        world.ports.ledger.put(&row, expected).await.unwrap();
        key
    }

    #[tokio::test]
    async fn what_is_read_for_one_is_known_to_those_that_came_with_it_and_to_nobody_else() {
        let (world, known) = (World::new(), Known::default());
        let key = write(&world, 1).await;
        let taken_at = world.ports.clock.now();
        let version = async |taken_at| known.read(&world.ports, &key, taken_at).await.unwrap().unwrap().version;
        assert_eq!(version(taken_at).await, 1);
        write(&world, 2).await;
        assert_eq!(version(taken_at).await, 1, "it came with the first");
        assert_eq!(version(taken_at + SignedDuration::from_nanos(1)).await, 2, "it came after what was read");
    }

    #[tokio::test]
    async fn it_is_read_anew_after_a_second_and_after_a_change_of_our_own() {
        let (world, known) = (World::new(), Known::default());
        let key = write(&world, 1).await;
        let taken_at = world.ports.clock.now();
        let version = async || known.read(&world.ports, &key, taken_at).await.unwrap().unwrap().version;
        assert_eq!(version().await, 1);
        write(&world, 2).await;
        known.forget(&key);
        assert_eq!(version().await, 2);
        write(&world, 3).await;
        world.advance(1);
        assert_eq!(version().await, 3);
    }
}
