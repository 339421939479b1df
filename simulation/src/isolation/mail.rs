//! The queue: whose turn it is, who has how much in flight, and how long a message is hidden.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use relay::{
    Async,
    message::Message,
    queue::{DeadLetter, Queue, QueueError},
    shop::Destination,
};
use serde_json::{Value, json};

use super::{Fate, Fates, Shop, Trial, Trouble};
use crate::{
    ports::Vault,
    world::{Event, Process, World, start},
};

/// SQS takes a group for noisy if it has at least so many messages in flight …
const NOISY: usize = 30;
/// … and more than one in so many of all that are.
const NOISY_PART: usize = 10;

/// Everything that those at work have in common.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) world: World,
    pub(super) vault: Arc<Vault>,
    pub(super) destination: Destination,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<String, BTreeMap<Place, Stored>>,
    in_flight: BTreeMap<u64, Stored>,
    /// How many messages of a shop are in flight.
    flying: BTreeMap<String, usize>,
    numbers: u64,
    /// When somebody will look at the queue.
    planned: Option<Timestamp>,
    troubles: BTreeMap<String, (Trouble, Timestamp)>,
    taken: BTreeMap<String, Timestamp>,
    fates: Fates,
}

/// When a message can be seen; of those that can be seen from the same instant on, the first one sent comes first.
type Place = (Timestamp, u64);

#[derive(Clone)]
pub(super) struct Stored {
    pub(super) number: u64,
    pub(super) shop: String,
    pub(super) body: String,
    pub(super) sent_at: Timestamp,
}

impl Room {
    pub(super) fn new(world: World, trial: &Trial) -> Self {
        let mut secrets: BTreeMap<String, Value> = trial.shops.iter().flat_map(Shop::secrets).collect();
        let key = json!({"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="});
        secrets.insert("shoprelay/_installation".into(), key);
        let trouble = |shop: &Shop| {
            let (trouble, lasts) = shop.trouble?;
            Some((shop.name.clone(), (trouble, start().saturating_add(lasts).unwrap_or(Timestamp::MAX))))
        };
        let state = State { troubles: trial.shops.iter().filter_map(trouble).collect(), ..State::default() };
        let vault = Arc::new(Vault { values: secrets, gaps: Vec::new() });
        Self { world, vault, destination: trial.destination, state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.state().now
    }

    /// What is the matter with a shop's account now; it is called.
    pub(super) fn called(&self, shop: &str) -> Option<Trouble> {
        let (now, mut state) = (self.now(), self.state());
        state.fate(shop).calls.push(now);
        state.troubles.get(shop).filter(|(_, until)| now < *until).map(|(trouble, _)| *trouble)
    }

    /// The destination has what the webhook of this id was about.
    pub(super) fn reached(&self, shop: &str, id: &str) {
        let (now, mut state) = (self.now(), self.state());
        if let Some(taken) = state.taken.remove(id) {
            state.fate(shop).latencies.push(now.duration_since(taken));
        }
    }

    /// The next visible message by SQS's rules: those of noisy shops come after all others.
    pub(super) fn next_by_noise(&self) -> Option<Stored> {
        let (now, mut state) = (self.now(), self.state());
        let heads = state.heads(now).map(|(shop, place)| (state.is_noisy(shop), place, shop.clone()));
        let (_, place, shop) = heads.min()?;
        state.take(&shop, place)
    }

    /// The next visible message in the order in which they became visible, whosever it is.
    pub(super) fn next_in_order(&self) -> Option<Stored> {
        let (now, mut state) = (self.now(), self.state());
        let (place, shop) = state.heads(now).map(|(shop, place)| (place, shop.clone())).min()?;
        state.take(&shop, place)
    }

    /// The next visible message of the shop that comes after this one and may have so many more in flight.
    pub(super) fn next_in_turn(&self, last: &str, most: usize) -> Option<Stored> {
        let (now, mut state) = (self.now(), self.state());
        let has_room = |shop: &String| state.flying.get(shop).is_none_or(|flying| *flying < most);
        let heads: Vec<(String, Place)> =
            state.heads(now).filter(|(shop, _)| has_room(shop)).map(|(shop, place)| (shop.clone(), place)).collect();
        let next = heads.iter().find(|(shop, _)| shop.as_str() > last).or(heads.first())?;
        state.take(&next.0, next.1)
    }

    /// A message is gone, or hidden until then.
    pub(super) fn settle(&self, number: u64, back: Option<SignedDuration>) {
        let (now, mut state) = (self.now(), self.state());
        let Some(stored) = state.in_flight.remove(&number) else { return };
        if let Some(flying) = state.flying.get_mut(&stored.shop) {
            *flying -= 1;
        }
        if let Some(after) = back {
            let at = now.saturating_add(after).unwrap_or(Timestamp::MAX);
            state.waiting.entry(stored.shop.clone()).or_default().insert((at, number), stored);
        }
    }

    /// Sees to it that the queue is looked at when the next message can be seen.
    pub(super) fn expect(&self) {
        let (now, mut state) = (self.now(), self.state());
        let later = (now, u64::MAX)..;
        let next = state.waiting.values().filter_map(|waiting| waiting.range(later.clone()).next());
        let Some(next) = next.map(|((at, _), _)| *at).min() else { return };
        if state.planned.is_none_or(|planned| next < planned) {
            state.planned = Some(next);
            drop(state);
            self.world.state().at(next, Event::Deliver(self.destination));
        }
    }

    /// The queue is being looked at.
    pub(super) fn looked(&self) {
        let (now, mut state) = (self.now(), self.state());
        state.planned = state.planned.filter(|planned| *planned > now);
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.values().map(BTreeMap::len).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state().in_flight.is_empty() && self.waiting() == 0
    }

    pub(super) fn fates(&self) -> Fates {
        std::mem::take(&mut self.state().fates)
    }
}

impl State {
    fn fate(&mut self, shop: &str) -> &mut Fate {
        self.fates.entry(shop.to_owned()).or_default()
    }

    /// The first message of each shop that has one to be seen.
    fn heads(&self, now: Timestamp) -> impl Iterator<Item = (&String, Place)> {
        let head = |waiting: &BTreeMap<Place, Stored>| waiting.first_key_value().map(|(place, _)| *place);
        let heads = self.waiting.iter().filter_map(move |(shop, waiting)| Some((shop, head(waiting)?)));
        heads.filter(move |(_, (at, _))| *at <= now)
    }

    fn is_noisy(&self, shop: &str) -> bool {
        let flying = self.flying.get(shop).copied().unwrap_or_default();
        flying >= NOISY && flying * NOISY_PART > self.in_flight.len()
    }

    fn take(&mut self, shop: &str, place: Place) -> Option<Stored> {
        let stored = self.waiting.get_mut(shop)?.remove(&place)?;
        self.in_flight.insert(stored.number, stored.clone());
        *self.flying.entry(shop.to_owned()).or_default() += 1;
        Some(stored)
    }
}

/// A process's hand on the queue.
pub(super) struct Post {
    pub(super) process: Process,
    pub(super) room: Room,
}

impl Post {
    async fn store(&self, message: &Message) {
        self.process.pause(1, 20).await;
        let (now, shop) = (self.room.now(), message.shop.to_string());
        let mut state = self.room.state();
        state.numbers += 1;
        let number = state.numbers;
        state.fate(&shop).taken += 1;
        state.taken.entry(message.subject.clone()).or_insert(now);
        let stored = Stored { number, shop: shop.clone(), body: message.to_json(), sent_at: now };
        state.waiting.entry(shop).or_default().insert((now, number), stored);
    }
}

impl Queue for Post {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.store(message).await;
            self.process.pause(1, 20).await;
            Ok(())
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.process.pause(1, 20).await;
            let shop = letter.shop.as_ref().map(ToString::to_string).unwrap_or_default();
            self.room.state().fate(&shop).parked += 1;
            Ok(())
        })
    }
}
