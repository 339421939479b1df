//! Takes messages of one destination from the queue, hands each to the handler, and settles it.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use relay::{
    batch,
    clock::Clock,
    queue::{Handler, Received, Settlement},
    retry::PUT_BACK,
    shop::Destination,
};
use relay_sqlite::{SqliteQueue, StoreError, Taken};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};

#[cfg(test)]
mod tests;

/// Messages of one destination handled at the same time. Waiting for an answer costs next to nothing; the queue sees to
/// it that one shop has only a few of them.
const AT_ONCE: usize = 256;
/// A handler that is still not back this long after its deadline is given up.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The longest sleep. The host's own changes are announced, so this only matters for what a command beside it queues, and
/// if the machine's clock is set.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The worker of one destination.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) queue: SqliteQueue,
    pub(crate) destination: Destination,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Worker {
    /// Works until told to stop, then ends the deliveries in hand.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut deliveries = JoinSet::new();
        loop {
            let sleep = self.start_visible(&slots, &mut deliveries).await;
            while deliveries.try_join_next().is_some() {}
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => break,
                () = self.queue.changed(self.destination) => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
        while deliveries.join_next().await.is_some() {}
    }

    /// Starts as many visible messages as there is room for; returns how long to sleep if nothing changes.
    async fn start_visible(&self, slots: &Arc<Semaphore>, deliveries: &mut JoinSet<()>) -> Duration {
        let now = self.clock.now();
        let batch = match self.queue.take(self.destination, slots.available_permits(), now).await {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(destination = %self.destination, %error, "no messages can be taken");
                return STORE_PAUSE;
            }
        };
        for taken in batch.messages {
            // Only this loop takes slots, and no more messages than there are slots were taken.
            if let Ok(slot) = slots.clone().acquire_owned().await {
                deliveries.spawn(self.clone().deliver(taken, slot));
            }
        }
        batch.next.map_or(LONGEST_SLEEP, |next| until(now, next).min(LONGEST_SLEEP))
    }

    async fn deliver(self, taken: Taken, slot: OwnedSemaphorePermit) {
        let limit = time_limit(self.destination);
        let taken_at = self.clock.now();
        let deadline = taken_at.saturating_add(limit).unwrap_or(Timestamp::MAX);
        let received = Received { body: taken.body, sent_at: taken.sent_at, taken_at, deadline };
        let handling = batch::settle(&*self.handler, vec![received]);
        let handled = tokio::time::timeout(limit.unsigned_abs() + GRACE, handling).await;
        let settlement = handled.ok().and_then(|settled| settled.first().copied()).unwrap_or_else(|| {
            tracing::error!(destination = %self.destination, "a message was not settled in time and comes back");
            Settlement::Back { after: PUT_BACK }
        });
        // Settling announces a change; whoever hears it must find the slot free.
        drop(slot);
        while let Err(error) = self.queue.settle(&taken.ticket, settlement).await {
            tracing::error!(destination = %self.destination, %error, "a message could not be settled yet");
            if error == StoreError::Closed {
                return;
            }
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

/// How long a handler may take, as in Lambda.
const fn time_limit(destination: Destination) -> SignedDuration {
    SignedDuration::from_secs(match destination {
        Destination::Websand => 60,
        Destination::Websale => 120,
    })
}

/// A millisecond more, because timers end up to one early.
fn until(now: Timestamp, next: Timestamp) -> Duration {
    Duration::try_from(next.duration_since(now)).unwrap_or_default() + Duration::from_millis(1)
}
