//! Settles a batch of messages: side by side, each for itself.

use std::{borrow::Cow, collections::HashMap, panic::AssertUnwindSafe};

use futures_util::{FutureExt, StreamExt, stream};
use serde::Deserialize;

use crate::{
    queue::{Handler, Received, Settlement},
    retry::PUT_BACK,
};

/// How many messages of one shop are settled at a time. Each may need a connection of its own to the destination, and a
/// TLS handshake costs a small function more than the request. Those of other shops wait for none of them.
pub const OF_ONE_SHOP: usize = 5;

const BACK: Settlement = Settlement::Back { after: PUT_BACK };

/// Settles every message, at most [`OF_ONE_SHOP`] of a shop at a time, and says what becomes of each, in order. A panic
/// is caught and hurts only its own message, which comes back; the ledger counts how often it was started.
pub async fn settle(handler: &dyn Handler, batch: Vec<Received>) -> Vec<Settlement> {
    let mut settled = vec![BACK; batch.len()];
    let settle_one = |(place, received)| async move {
        // Nothing of the handler is used after a panic but its ports, which are made for failures at any point.
        let settled = AssertUnwindSafe(async { handler.handle(received).await }).catch_unwind().await;
        let settled = settled.unwrap_or_else(|_| {
            // The panic's message may quote what it was about; the panic hook has written where it happened.
            tracing::error!("a message made its handler panic and comes back");
            BACK
        });
        (place, settled)
    };
    // Whoever is done makes room for the next, whatever keeps those before it.
    let lanes =
        by_source(batch).into_iter().map(|lane| stream::iter(lane).map(settle_one).buffer_unordered(OF_ONE_SHOP));
    let mut ended = stream::select_all(lanes);
    while let Some((place, settlement)) = ended.next().await {
        settled[place] = settlement;
    }
    settled
}

/// Messages and their places in the batch, those of one source together.
fn by_source(batch: Vec<Received>) -> Vec<Vec<(usize, Received)>> {
    let (mut lanes, mut known) = (Vec::<Vec<_>>::new(), HashMap::new());
    for (place, received) in batch.into_iter().enumerate() {
        let lane = *known.entry(source(&received.body)).or_insert(lanes.len());
        if lane == lanes.len() {
            lanes.push(Vec::new());
        }
        lanes[lane].push((place, received));
    }
    lanes
}

/// A message's source, which names the shop; nothing if there is none to be found.
fn source(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        source: Cow<'a, str>,
    }
    serde_json::from_str::<Envelope<'_>>(body).ok().map(|envelope| envelope.source.into_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        time::Duration,
    };

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::Async;

    /// Yields as many times as the message's data say, then settles it; panics at `early` before the first await, at
    /// `late` after it.
    #[derive(Default)]
    struct Sleepy {
        running: AtomicUsize,
        most: AtomicUsize,
    }

    impl Handler for Sleepy {
        fn handle(&self, received: Received) -> Async<'_, Settlement> {
            let message: serde_json::Value = serde_json::from_str(&received.body).unwrap();
            let data = message["data"].as_str().unwrap().to_owned();
            assert!(data != "early", "bob@example.com");
            Box::pin(async move {
                let running = self.running.fetch_add(1, SeqCst) + 1;
                self.most.fetch_max(running, SeqCst);
                tokio::task::yield_now().await;
                assert!(data != "late", "bob@example.com");
                let turns: u64 = data.parse().unwrap();
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                self.running.fetch_sub(1, SeqCst);
                Settlement::Back { after: Duration::from_secs(turns) }
            })
        }
    }

    /// Messages of shops, with their data.
    fn batch(messages: &[(&str, &str)]) -> Vec<Received> {
        let received = |(shop, data): &(&str, &str)| Received {
            body: json!({"source": format!("/shops/{shop}/canonical"), "data": data}).to_string(),
            sent_at: Timestamp::UNIX_EPOCH,
            taken_at: Timestamp::UNIX_EPOCH,
            deadline: Timestamp::UNIX_EPOCH,
        };
        messages.iter().map(received).collect()
    }

    fn waits(settlements: &[Settlement]) -> Vec<u64> {
        let wait = |settlement: &Settlement| match settlement {
            Settlement::Back { after } => after.as_secs(),
            Settlement::Done => 0,
        };
        settlements.iter().map(wait).collect()
    }

    #[tokio::test]
    async fn settlements_keep_the_order_of_the_messages() {
        let messages = [("acme", "50"), ("flowers", "1"), ("acme", "20"), ("acme", "3")];
        let settled = settle(&Sleepy::default(), batch(&messages)).await;
        assert_eq!(waits(&settled), [50, 1, 20, 3]);
    }

    #[tokio::test]
    async fn no_more_than_so_many_of_a_shop_run_at_a_time() {
        for (shops, expected) in [(1, OF_ONE_SHOP), (2, 2 * OF_ONE_SHOP), (20, 20)] {
            let shops: Vec<String> = (0..20).map(|number| format!("shop-{}", number % shops)).collect();
            let messages: Vec<_> = shops.iter().map(|shop| (shop.as_str(), "2")).collect();
            let handler = Sleepy::default();
            let settled = settle(&handler, batch(&messages)).await;
            assert_eq!((settled.len(), handler.most.load(SeqCst)), (20, expected));
        }
    }

    /// Ends when this message has: the others must not wait for it.
    struct Hanging {
        order: Mutex<Vec<String>>,
    }

    impl Handler for Hanging {
        fn handle(&self, received: Received) -> Async<'_, Settlement> {
            Box::pin(async move {
                let hangs = received.body.contains("hangs");
                let so_many = 10;
                while hangs && self.order.lock().unwrap().len() < so_many {
                    tokio::task::yield_now().await;
                }
                self.order.lock().unwrap().push(received.body);
                Settlement::Done
            })
        }
    }

    #[tokio::test]
    async fn a_message_that_hangs_keeps_nobody_waiting() {
        let mut messages = vec![("acme", "hangs")];
        messages.extend([("acme", "1"); 10]);
        let handler = Hanging { order: Mutex::default() };
        settle(&handler, batch(&messages)).await;
        assert!(handler.order.lock().unwrap().last().unwrap().contains("hangs"));
    }

    #[tokio::test]
    async fn calls_that_hang_keep_no_other_shop_waiting() {
        let mut messages = vec![("acme", "hangs"); 10];
        messages.extend([("flowers", "1"); 10]);
        let handler = Hanging { order: Mutex::default() };
        settle(&handler, batch(&messages)).await;
        assert!(handler.order.lock().unwrap()[..10].iter().all(|body| body.contains("flowers")));
    }

    #[tokio::test]
    async fn a_panic_hurts_only_its_own_message() {
        let messages = [("acme", "5"), ("acme", "early"), ("acme", "late"), ("acme", "7")];
        let settled = settle(&Sleepy::default(), batch(&messages)).await;
        assert_eq!(waits(&settled), [5, 30, 30, 7]);
    }
}
