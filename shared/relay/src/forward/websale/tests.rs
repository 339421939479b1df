//! A shop, a WEBSALE that keeps its rules, and a clock that stands still.

use std::{pin::pin, task::Context, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use super::WebsaleForwarder;
use crate::{
    destination::websale::{
        sample::promotion,
        stage::{Crash, Stage},
    },
    dispatch::{Dispatched, dispatch},
    event::{Cancellation, Channel, Event, Promotion},
    forward::testing::START,
    ledger::{Row, State},
    message::{Message, Payload},
    queue::{Handler, Received, Settlement},
    shop::Platform,
};

mod callbacks;
mod cancel;
mod change;
mod chunks;
mod crash;
mod edits;
mod failure;
mod lifecycle;
mod outcome;
mod passage;
mod quiet;

/// Minutes after the start.
pub(super) fn minute(minutes: i64) -> Timestamp {
    Timestamp::from_second(START + 60 * minutes).unwrap()
}

/// A promotion of revision `minute(revision)` that goes out a day after the start.
pub(super) fn tomorrow(channel: Channel, revision: i64) -> Promotion {
    let day = 24 * 60;
    let sent = channel.is_sent();
    let shown = channel != Channel::PersonalisedPush;
    Promotion {
        updated_at: minute(revision),
        visible_from: shown.then(|| minute(day)),
        visible_until: shown.then(|| minute(9 * day)),
        send_at: sent.then(|| minute(day)),
        send_before: sent.then(|| minute(day + 360)),
        ..promotion(channel)
    }
}

/// The same, to go out as soon as it is received.
pub(super) fn at_once(channel: Channel, revision: i64) -> Promotion {
    Promotion { visible_from: None, send_at: None, send_before: None, ..tomorrow(channel, revision) }
}

pub(super) fn titled(title: &str, promotion: Promotion) -> Promotion {
    Promotion { title: Some(title.into()), ..promotion }
}

pub(super) struct Play {
    pub(super) stage: Stage,
    forwarder: WebsaleForwarder,
}

impl Play {
    pub(super) fn new() -> Self {
        let stage = Stage::new();
        let forwarder = WebsaleForwarder::new(stage.ports.clone(), stage.world.config.clone());
        Self { stage, forwarder }
    }

    /// The same after the process was started anew: tokens are forgotten.
    fn restarted(&mut self) {
        self.forwarder = WebsaleForwarder::new(self.stage.ports.clone(), self.stage.world.config.clone());
    }

    fn now(&self) -> Timestamp {
        self.stage.ports.clock.now()
    }

    fn message(&self, updated_at: Timestamp, event: Event) -> Message {
        let name = event.event_type().name();
        Message {
            id: format!("evt-{name}-{updated_at}"),
            shop: "acme".parse().unwrap(),
            platform: Platform::Canonical,
            subject: "summer-2026".into(),
            time: Some(updated_at),
            received_at: self.now(),
            sequence: None,
            traceparent: None,
            quiet_hours: None,
            silent_after_hours: None,
            payload: Payload::Event(event),
        }
    }

    /// A schedule received now.
    pub(super) fn schedule(&self, promotion: &Promotion) -> Message {
        self.message(promotion.updated_at, Event::PromotionScheduled(Box::new(promotion.clone())))
    }

    /// A cancellation of revision `minute(revision)` received now.
    pub(super) fn cancellation(&self, revision: i64) -> Message {
        let updated_at = minute(revision);
        self.message(updated_at, Event::PromotionCancelled(Cancellation { id: "summer-2026".into(), updated_at }))
    }

    pub(super) async fn handle(&self, message: &Message) -> Settlement {
        self.forwarder.handle(self.stage.world.received(message)).await
    }

    /// Handles a message that is settled at once.
    pub(super) async fn done(&self, message: &Message) {
        assert_eq!(self.handle(message).await, Settlement::Done);
    }

    async fn schedules(&self, promotion: &Promotion) {
        self.done(&self.schedule(promotion)).await;
    }

    async fn cancels(&self, revision: i64) {
        self.done(&self.cancellation(revision)).await;
    }

    /// Runs the dispatcher and delivers what it queues. How each message was settled.
    async fn dispatches(&self) -> Vec<Settlement> {
        let Dispatched { failed, .. } = dispatch(&self.stage.ports, self.now() + Duration::from_secs(50)).await;
        assert_eq!(failed, 0);
        let mut settled = Vec::new();
        for message in self.queued() {
            settled.push(self.handle(&message).await);
        }
        settled
    }

    /// What the dispatcher queued, taken off the queue.
    fn queued(&self) -> Vec<Message> {
        std::mem::take(&mut *self.stage.world.queue.sent.lock().unwrap())
    }

    pub(super) fn advance_to(&self, then: Timestamp) {
        self.stage.world.advance(then.duration_since(self.now()).as_secs());
    }

    fn row(&self) -> Row {
        let rows = self.stage.world.ledger.rows();
        rows.into_values().find(|row| row.key.kind == crate::message::Kind::Promotion).unwrap()
    }

    pub(super) fn state(&self) -> State {
        self.row().state
    }

    /// The calls since this was asked last.
    pub(super) fn calls(&self) -> Vec<String> {
        self.stage.websale.calls()
    }

    /// The reasons for which messages were parked.
    fn parked(&self) -> Vec<String> {
        self.stage.world.queue.parked.lock().unwrap().iter().map(|letter| letter.reason.clone()).collect()
    }

    /// The title of the only entry.
    fn title(&self) -> Value {
        let entries = self.stage.websale.entries();
        assert_eq!(entries.len(), 1);
        entries[&64].fields["title"].clone()
    }

    /// Delivers a message to a worker that ends at the `number`th call to a port. Whether it came that far.
    fn crashes(&self, message: Received, number: usize, crash: Crash) -> bool {
        self.stage.fuse.set(number, crash);
        let mut handling = pin!(self.forwarder.handle(message));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let crashed = loop {
            if handling.as_mut().poll(&mut context).is_ready() {
                break false;
            }
            if self.stage.fuse.is_burnt() {
                break true;
            }
        };
        self.stage.fuse.clear();
        crashed
    }
}
