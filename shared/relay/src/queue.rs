//! The queue port: where accepted events wait, and where failed ones are parked.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Async,
    message::Message,
    shop::{Destination, ShopName},
};

mod lock;
mod sweep;

pub use lock::SweepLock;
pub use sweep::{Entry, Judge, Place, SWEEP_HIDES, Sweep, SweepEnd, Swept, Verdict};

/// Durable queues, one a destination, each with a dead-letter queue beside it.
pub trait Queue: Send + Sync {
    /// Puts a message on its destination's queue. Returns only when it is stored durably.
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>>;

    /// Parks what cannot be delivered on the destination's dead-letter queue. Returns only when it is stored durably.
    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>>;

    /// Looks at the messages in one place one by one, and deletes or rewrites those that the judge says. What is put there
    /// meanwhile may or may not be seen. What was looked at may be hidden from others until the sweep ends, or, if it
    /// ends early, for [`SWEEP_HIDES`]; so the next sweep goes on with the rest, and sweeps of one place must not overlap.
    /// Queues that are only sent to cannot be looked at.
    fn sweep<'a>(&'a self, _sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(std::future::ready(Ok(Swept { examined: 0, end: SweepEnd::Unreachable })))
    }

    /// Lets a shop's messages that were put back for later be seen at once, where the host can. They may not be wanted
    /// yet: then they are put back again.
    fn wake<'a>(&'a self, _shop: &'a ShopName, _destination: Destination) -> Async<'a, Result<(), QueueError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether sweeping hides messages from other sweeps, which then must not overlap.
    fn hides_what_it_sweeps(&self) -> bool {
        false
    }
}

/// Why a message could not be queued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The message is larger than the queue takes (SQS: 1 MiB). Permanent.
    #[error("the message is too large for the queue: {bytes} bytes, {limit} allowed")]
    TooLarge {
        /// The message's size.
        bytes: usize,
        /// The queue's limit.
        limit: usize,
    },
    /// The queue did not confirm. Retryable; the message may nevertheless have been stored.
    #[error("the queue did not confirm: {0}")]
    Unavailable(String),
}

/// A message that waits for a person, with the reason.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Whose event it is; absent if the message could not be read.
    pub shop: Option<ShopName>,
    /// Where it was going.
    pub destination: Destination,
    /// The message exactly as it was on the queue.
    pub body: String,
    /// A short code, such as `permanent` or `retries_exhausted`.
    pub reason: String,
    /// The destination's HTTP status, if it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The destination's words: capped, with addresses masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl fmt::Debug for DeadLetter {
    /// Shows no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("shop", &self.shop)
            .field("destination", &self.destination)
            .field("reason", &self.reason)
            .field("status", &self.status)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

/// One message as a host hands it to a [`Handler`].
#[derive(Clone)]
pub struct Received {
    /// The message's text.
    pub body: String,
    /// When it was put on the queue; the 72 hours of retrying count from here.
    pub sent_at: Timestamp,
    /// When the host took it from the queue: what was read since then may be read for all that were taken with it.
    pub taken_at: Timestamp,
    /// Until when the handler must have returned.
    pub deadline: Timestamp,
}

impl fmt::Debug for Received {
    /// Shows no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body: _, sent_at, taken_at, deadline } = self;
        let mut shown = f.debug_struct("Received");
        shown.field("sent_at", sent_at).field("taken_at", taken_at).field("deadline", deadline);
        shown.finish_non_exhaustive()
    }
}

/// What the host is to do with a message after its handler returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Settled for good (delivered, superseded, parked …): delete it.
    Done,
    /// It is to come back after this time.
    Back {
        /// How long it stays invisible.
        after: Duration,
    },
}

/// Settles messages of one queue. All that hosts know of a forwarder.
pub trait Handler: Send + Sync {
    /// Settles one message.
    fn handle(&self, received: Received) -> Async<'_, Settlement>;
}
