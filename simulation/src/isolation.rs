//! Shops side by side, one of them in trouble: how long the others wait, what their destination gets at which rate, and
//! when.
//!
//! The real handlers run on models of both hosts in which time matters: calls take as long as they take, and there is
//! room for so many at once. What is modelled and what is not is said in `docs/simulation.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ::http::Request;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use relay::{
    config::{Destinations, Variables},
    ingest::Ingest,
    ports::Ports,
    queue::Settlement,
    shop::Destination,
};

use crate::{
    Kind, ports,
    tasks::Tasks,
    world::{Event, World, start},
};

mod embedded;
mod flaw;
mod lambda;
mod line;
mod mail;
mod shop;
mod worker;

pub use flaw::Flaw;
pub use shop::{Shop, Trouble, nine_and, steady};

use embedded::Embedded;
use lambda::Lambda;
use line::Line;
use mail::{Post, Room};

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// On which host.
    pub kind: Kind,
    /// Where all webhooks go.
    pub destination: Destination,
    /// Who sends them.
    pub shops: Vec<Shop>,
    /// How the product is broken.
    pub flaw: Flaw,
}

/// What became of a shop's webhooks.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    /// How many were taken.
    pub taken: usize,
    /// How long each that reached the destination took from there, in order.
    pub latencies: Vec<SignedDuration>,
    /// How many were parked.
    pub parked: usize,
    /// When the shop's account was called.
    pub calls: Vec<Timestamp>,
}

/// What became of all webhooks, by shop.
pub type Fates = BTreeMap<String, Fate>;

/// No trial takes longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What a task came to.
enum Outcome {
    Answered,
    Settled { worker: usize, settlements: Vec<(u64, Settlement)> },
}

/// A host's workers: takes what there is room for, and hears what became of it.
trait Workers {
    fn start(&mut self, room: &Room, tasks: &mut Tasks<Outcome>);
    fn ended(&mut self, worker: usize, settlements: Vec<(u64, Settlement)>, room: &Room);
}

/// Runs a trial until every webhook is settled.
///
/// # Panics
/// It does not come to rest.
pub fn run(trial: &Trial) -> Fates {
    let world = World::new(1, start(), 1, BTreeSet::new());
    let room = Room::new(world.clone(), trial);
    let ingest = ingest(&room);
    let mut workers: Box<dyn Workers> = match trial.kind {
        Kind::Lambda => Box::new(Lambda::new(&room, trial)),
        Kind::Embedded => Box::new(Embedded::new(&room, trial)),
    };
    let hooks = shop::hooks(trial);
    for (index, hook) in hooks.iter().enumerate() {
        world.state().at(hook.at, Event::Arrive(index));
    }
    let (mut tasks, mut to_come) = (Tasks::default(), hooks.len());
    while let Some(event) = world.advance() {
        match event {
            Event::Wake(waker) => waker.wake(),
            Event::Deliver(_) => room.looked(),
            Event::Arrive(index) => {
                to_come -= 1;
                tasks.start(0, receive(ingest.clone(), hooks[index].request()));
            }
            _ => {}
        }
        workers.start(&room, &mut tasks);
        while let Some(outcome) = tasks.next() {
            if let Outcome::Settled { worker, settlements } = outcome {
                workers.ended(worker, settlements, &room);
            }
            workers.start(&room, &mut tasks);
        }
        room.expect();
        if to_come == 0 && tasks.is_empty() && room.is_empty() {
            break;
        }
        let passed = world.state().now.duration_since(start());
        assert!(passed < LONGEST, "it does not come to rest: {} messages after {passed}", room.waiting());
    }
    room.fates()
}

/// The latency that so many of a hundred stay within.
pub fn percentile(latencies: &[SignedDuration], of_hundred: usize) -> SignedDuration {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * of_hundred / 100).min(last)).copied().unwrap_or_default()
}

async fn receive(ingest: Arc<Ingest>, request: Request<Bytes>) -> Outcome {
    let answer = ingest.receive(None, request).await;
    assert_eq!(answer.receipt.status, "queued", "a webhook is not taken: {:?}", answer.receipt);
    Outcome::Answered
}

fn ingest(room: &Room) -> Arc<Ingest> {
    let Ports { secrets, queue, clock, .. } = process(room, 0);
    Arc::new(Ingest { secrets, queue, clock })
}

/// The ports of a process of this number.
fn process(room: &Room, number: u32) -> Ports {
    let process = room.world.process(number);
    Ports {
        queue: Arc::new(Post { process: process.clone(), room: room.clone() }),
        http: Arc::new(Line { process: process.clone(), room: room.clone() }),
        ..ports::of(&process, &room.vault)
    }
}

/// The product's settings where so many workers share a shop's rate.
fn config(workers: usize) -> Destinations {
    let workers = workers.to_string();
    let variable = move |name: &str| (name == "SHOPRELAY_WORKERS").then(|| workers.clone());
    let config = Destinations::from_variables(Variables(&variable));
    config.unwrap_or_else(|error| unreachable!("the settings are valid: {error}"))
}
