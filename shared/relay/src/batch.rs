//! Settles a batch of messages: side by side, each for itself.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};

use crate::{
    queue::{Handler, Received, Settlement},
    retry::PUT_BACK,
};

/// Settles every message, at most `concurrency` at a time, and says what becomes of each, in order. A panic is caught
/// and hurts only its own message, which comes back; the ledger counts how often it was started.
pub async fn settle(handler: &dyn Handler, batch: Vec<Received>, concurrency: usize) -> Vec<Settlement> {
    let settle_one = |received| async move {
        // Nothing of the handler is used after a panic but its ports, which are made for failures at any point.
        let settled = AssertUnwindSafe(async { handler.handle(received).await }).catch_unwind().await;
        settled.unwrap_or_else(|_| {
            // The panic's message may quote what it was about; the panic hook has written where it happened.
            tracing::error!("a message made its handler panic and comes back");
            Settlement::Back { after: PUT_BACK }
        })
    };
    stream::iter(batch.into_iter().map(settle_one)).buffered(concurrency.max(1)).collect().await
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    use jiff::Timestamp;

    use super::*;
    use crate::Async;

    /// Yields as many times as the message says, then settles it; panics at `early` before the first await, at `late`
    /// after it.
    #[derive(Default)]
    struct Sleepy {
        running: AtomicUsize,
        most: AtomicUsize,
    }

    impl Handler for Sleepy {
        fn handle(&self, received: Received) -> Async<'_, Settlement> {
            assert!(received.body != "early", "bob@example.com");
            Box::pin(async move {
                let running = self.running.fetch_add(1, SeqCst) + 1;
                self.most.fetch_max(running, SeqCst);
                tokio::task::yield_now().await;
                assert!(received.body != "late", "bob@example.com");
                let turns: u64 = received.body.parse().unwrap();
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                self.running.fetch_sub(1, SeqCst);
                Settlement::Back { after: Duration::from_secs(turns) }
            })
        }
    }

    fn batch(bodies: &[&str]) -> Vec<Received> {
        let received = |body: &&str| Received {
            body: (*body).to_owned(),
            sent_at: Timestamp::UNIX_EPOCH,
            deadline: Timestamp::UNIX_EPOCH,
        };
        bodies.iter().map(received).collect()
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
        let settled = settle(&Sleepy::default(), batch(&["50", "1", "20", "3"]), 4).await;
        assert_eq!(waits(&settled), [50, 1, 20, 3]);
    }

    #[tokio::test]
    async fn no_more_than_so_many_run_at_a_time() {
        for (concurrency, expected) in [(0, 1), (1, 1), (3, 3), (100, 10)] {
            let handler = Sleepy::default();
            let settled = settle(&handler, batch(&["2"; 10]), concurrency).await;
            assert_eq!((settled.len(), handler.most.load(SeqCst)), (10, expected));
        }
    }

    #[tokio::test]
    async fn a_panic_hurts_only_its_own_message() {
        let settled = settle(&Sleepy::default(), batch(&["5", "early", "late", "7"]), 2).await;
        assert_eq!(waits(&settled), [5, 30, 30, 7]);
    }
}
