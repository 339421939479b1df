//! The queues: at least once, in any order, invisible while somebody is at work.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::{
    Async,
    message::Message,
    queue::{DeadLetter, Entry, Place, Queue, QueueError, Settlement, Sweep, SweepEnd, Swept, Verdict},
    shop::{Destination, ShopName},
};

use crate::world::{Event, Process, State};

/// What the queues hold.
#[derive(Default)]
pub(crate) struct QueueState {
    pub(crate) messages: Vec<Stored>,
    pub(crate) dead: Vec<DeadLetter>,
    numbers: u64,
    /// When each queue looks at its messages next.
    looks: BTreeMap<Destination, Timestamp>,
}

/// One message on a queue.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) number: u64,
    pub(crate) destination: Destination,
    pub(crate) body: String,
    pub(crate) sent_at: Timestamp,
    pub(crate) visible_at: Timestamp,
    /// Whether somebody is at work on it.
    pub(crate) in_hand: bool,
}

/// The longest a message can be held back in one go (SQS).
const LONGEST_HOLD: SignedDuration = SignedDuration::from_hours(12);

impl State {
    pub(crate) fn enqueue(&mut self, destination: Destination, body: String) {
        self.introduce(&body);
        self.queue.numbers += 1;
        let (number, now) = (self.queue.numbers, self.now);
        self.queue.messages.push(Stored { number, destination, body, sent_at: now, visible_at: now, in_hand: false });
        self.expect_delivery(destination);
    }

    /// Hands over up to `most` visible messages, in any order, and hides them for a while. A message may be handed over
    /// twice at the same time.
    pub(crate) fn take(&mut self, destination: Destination, most: usize, hidden: SignedDuration) -> Vec<Stored> {
        let now = self.now;
        let until = now.saturating_add(hidden).unwrap_or(Timestamp::MAX);
        let is_visible = |stored: &Stored| stored.destination == destination && stored.visible_at <= now;
        let mut found: Vec<usize> =
            (0..self.queue.messages.len()).filter(|index| is_visible(&self.queue.messages[*index])).collect();
        self.chance.shuffle(&mut found);
        let mut taken = Vec::new();
        for index in found.into_iter().take(most) {
            let stored = self.queue.messages[index].clone();
            self.note(|| format!("message {} handed over: {}", stored.number, summary(&stored.body)));
            taken.push(stored);
            let is_doubled = now < self.calm_from && self.chance.one_in(40);
            let stored = &mut self.queue.messages[index];
            (stored.visible_at, stored.in_hand) = (if is_doubled { now } else { until }, true);
        }
        taken
    }

    /// What the host makes of a settlement. Deleting may fail: then the message comes back.
    pub(crate) fn settle(&mut self, number: u64, settlement: Settlement) {
        self.note(|| format!("message {number} settled: {settlement:?}"));
        let Some(index) = self.queue.messages.iter().position(|stored| stored.number == number) else { return };
        match settlement {
            Settlement::Done if self.now < self.calm_from && self.chance.one_in(40) => {}
            Settlement::Done => {
                self.queue.messages.remove(index);
            }
            Settlement::Back { after } => {
                let after = SignedDuration::try_from(after).unwrap_or(LONGEST_HOLD).min(LONGEST_HOLD);
                let at = self.now.saturating_add(after).unwrap_or(Timestamp::MAX);
                let stored = &mut self.queue.messages[index];
                (stored.visible_at, stored.in_hand) = (at, false);
            }
        }
    }

    /// What the embedded host does at its start: nobody is at work on any message.
    pub(crate) fn show_all(&mut self) {
        let now = self.now;
        for stored in self.queue.messages.iter_mut().filter(|stored| stored.in_hand) {
            (stored.visible_at, stored.in_hand) = (now, false);
        }
        for destination in Destination::ALL {
            self.expect_delivery(destination);
        }
    }

    /// Lets the queue look at its messages when the next one can be seen, unless it will have looked before. Only one look
    /// counts: if each planned another, they would become ever more while messages wait for hours.
    pub(crate) fn expect_delivery(&mut self, destination: Destination) {
        let of_queue = self.queue.messages.iter().filter(|stored| stored.destination == destination);
        let Some(at) = of_queue.map(|stored| stored.visible_at).min() else { return };
        let late = i64::try_from(self.chance.below(300)).unwrap_or_default();
        let at = at.max(self.now).saturating_add(SignedDuration::from_millis(late)).unwrap_or(Timestamp::MAX);
        if self.queue.looks.get(&destination).is_none_or(|planned| at < *planned) {
            self.queue.looks.insert(destination, at);
            self.at(at, Event::Deliver(destination));
        }
    }

    /// Puts a look off: there is nobody to hand anything over to.
    pub(crate) fn look_later(&mut self, destination: Destination, at: Timestamp) {
        self.queue.looks.insert(destination, at);
        self.at(at, Event::Deliver(destination));
    }

    /// Whether this is the look that the queue has planned last.
    pub(crate) fn looks_now(&mut self, destination: Destination) -> bool {
        let is_planned = self.queue.looks.get(&destination) == Some(&self.now);
        if is_planned {
            self.queue.looks.remove(&destination);
        }
        is_planned
    }
}

/// Type, id and subject of a message.
fn summary(body: &str) -> String {
    let message: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    format!("{} {} {} {}", message["source"], message["type"], message["id"], message["subject"])
}

/// A process's hand on the queues.
pub(crate) struct SimQueue(pub Process);

impl SimQueue {
    /// Does something at the queue service; it, or its confirmation, may be lost.
    async fn request(&self, act: impl FnOnce(&mut State) + Send) -> Result<(), QueueError> {
        let lost = || QueueError::Unavailable("simulated".into());
        self.0.pause(1, 20).await;
        if self.0.with(State::fails) {
            return Err(lost());
        }
        self.0.with(act);
        self.0.pause(1, 20).await;
        if self.0.with(State::fails) { Err(lost()) } else { Ok(()) }
    }
}

impl Queue for SimQueue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.request(|state| state.enqueue(message.destination(), message.to_json())))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.request(|state| {
            state.is_suspect(letter);
            state.queue.dead.push(letter.clone());
        }))
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(async move {
            if sweep.place == Place::Waiting {
                self.0.pause(1, 20).await;
                return Ok(Swept { examined: 0, end: SweepEnd::Unreachable });
            }
            // As a request: it, or the word of how it went, may be lost.
            let lost = || QueueError::Unavailable("simulated".into());
            self.0.pause(1, 20).await;
            if self.0.with(State::fails) {
                return Err(lost());
            }
            let of_place = |letter: &&DeadLetter| letter.destination == sweep.destination;
            let letters: Vec<DeadLetter> =
                self.0.with(|state| state.queue.dead.iter().filter(of_place).cloned().collect());
            let examined = u64::try_from(letters.len()).unwrap_or_default();
            for (number, letter) in letters.iter().enumerate() {
                let id = format!("{}-{number}", sweep.destination);
                let verdict = sweep.judge.judge(entry(&id, letter)).await;
                let is_gone = verdict == Verdict::Delete;
                self.0.with(|state| apply(&mut state.queue.dead, letter, verdict));
                if is_gone {
                    sweep.judge.deleted(&id).await;
                }
            }
            self.0.pause(1, 20).await;
            if self.0.with(State::fails) {
                return Err(lost());
            }
            Ok(Swept { examined, end: SweepEnd::Complete })
        })
    }
}

/// A letter as a sweep shows it; since when it has been there nobody asks.
fn entry<'a>(id: &'a str, letter: &'a DeadLetter) -> Entry<'a> {
    Entry {
        id,
        body: &letter.body,
        since: Timestamp::UNIX_EPOCH,
        shop: letter.shop.as_ref().map(ShopName::as_str),
        reason: Some(&letter.reason),
        status: letter.status,
        detail: letter.detail.as_deref(),
    }
}

/// Does with a letter what the judge said.
fn apply(dead: &mut Vec<DeadLetter>, letter: &DeadLetter, verdict: Verdict) {
    let Some(place) = dead.iter().position(|other| other == letter) else { return };
    let replacement = match verdict {
        Verdict::Keep => return,
        Verdict::Delete => None,
        Verdict::Rewrite(body) => Some(DeadLetter { body, ..letter.clone() }),
        Verdict::Replace(other) => Some(*other),
    };
    dead.splice(place..=place, replacement);
}
