//! Hosts: who runs the handlers, when, and in which processes.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use relay::{
    batch,
    config::{Destinations, Variables},
    dispatch,
    forward::{WebsaleForwarder, WebsandForwarder},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    shop::Destination,
};

use crate::{
    operator::Script,
    ports::{self, Vault},
    scenario::Scenario,
    tasks::Tasks,
    world::{Event, World},
};
use receive::Heard;

mod operate;
mod receive;
mod timed;

use operate::Operator;

/// Which host is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every function in processes of its own; what a dead one held comes back after the visibility time-out.
    Lambda,
    /// One process; when it is back, it holds everything anew and voids all leases.
    Embedded,
}

/// Changes the ports before a handler is given them: how a broken product is simulated.
pub type Alter = fn(Ports) -> Ports;

/// A function's time, and how long a message is hidden from others: six times that.
const fn limits(destination: Destination) -> (SignedDuration, SignedDuration) {
    match destination {
        Destination::Websand => (SignedDuration::from_secs(60), SignedDuration::from_secs(360)),
        Destination::Websale => (SignedDuration::from_secs(120), SignedDuration::from_secs(720)),
    }
}

/// How many processes of a kind work side by side.
const SIDE_BY_SIDE: usize = 2;
/// How long a function of a schedule may take.
const SCHEDULED: SignedDuration = SignedDuration::from_secs(60);

/// What a task came to.
enum Outcome {
    Settled(Destination, usize, Vec<(u64, Settlement)>),
    Answered(usize, Heard),
    Operated(usize, bool),
    Ran,
}

/// A process that settles messages; nothing while it is dead or has never been needed.
#[derive(Clone)]
struct Worker {
    process: u32,
    handler: Arc<dyn Handler>,
    is_busy: bool,
}

/// A host at work in a world.
pub(crate) struct Host {
    kind: Kind,
    world: World,
    config: Destinations,
    vault: Arc<Vault>,
    alter: Alter,
    tasks: Tasks<Outcome>,
    processes: u32,
    workers: BTreeMap<(Destination, usize), Worker>,
    /// The one process, if the host has but one.
    only: Option<u32>,
    /// Which webhooks were taken.
    pub(crate) accepted: Vec<usize>,
    /// Which webhooks were refused as faulty: no shop sends these again.
    pub(crate) refused: Vec<usize>,
    /// The operators; the last one is who puts everything right at the end.
    pub(crate) operators: Vec<Operator>,
    /// What is done in the end.
    last: Script,
}

impl Host {
    pub(crate) fn new(kind: Kind, world: World, vault: Vault, alter: Alter, operators: usize) -> Self {
        let config = Destinations::from_variables(Variables(&|_| None));
        let mut host = Self {
            kind,
            world,
            config: config.unwrap_or_else(|error| unreachable!("the defaults are valid: {error}")),
            vault: Arc::new(vault),
            alter,
            tasks: Tasks::default(),
            processes: 0,
            workers: BTreeMap::new(),
            only: None,
            accepted: Vec::new(),
            refused: Vec::new(),
            operators: vec![Operator::default(); operators + 1],
            last: Script::new(),
        };
        host.only = (kind == Kind::Embedded).then(|| host.born());
        host
    }

    fn born(&mut self) -> u32 {
        self.processes += 1;
        self.processes
    }

    /// A process to do something in, and its ports.
    fn process(&mut self) -> (u32, Ports) {
        let process = match self.only {
            Some(only) => only,
            None => self.born(),
        };
        (process, (self.alter)(ports::of(&self.world.process(process), &self.vault)))
    }

    /// Whether anybody is at work.
    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    fn within(&self, limit: SignedDuration) -> Timestamp {
        self.world.state().now.saturating_add(limit).unwrap_or(Timestamp::MAX)
    }

    /// Something happens.
    pub(crate) fn on(&mut self, event: Event, scenario: &Scenario) {
        if self.is_down(&event) {
            return;
        }
        match event {
            Event::Wake(waker) => waker.wake(),
            Event::Deliver(destination) if self.world.state().looks_now(destination) => self.deliver(destination),
            Event::Deliver(_) => {}
            Event::Arrive(index) => self.receive(index, &scenario.hooks[index]),
            Event::Erase(index) => scenario.erasures[index].ask(&mut self.world.state()),
            Event::Dispatch => self.dispatch(),
            Event::Poll => self.poll(),
            Event::TimeOut { process, task } => {
                // The embedded host has no such limit.
                if self.kind == Kind::Lambda && self.tasks.is_running(task) {
                    self.world.state().kill(process);
                }
            }
            Event::Operate(index) => self.operate(index, scenario),
            Event::Restart => self.restart(),
            Event::GoDown => self.go_down(),
        }
        self.run();
    }

    fn deliver(&mut self, destination: Destination) {
        for slot in 0..SIDE_BY_SIDE {
            let (limit, hidden) = limits(destination);
            if self.only.is_some_and(|only| self.world.state().is_dead(only)) {
                return;
            }
            if self.worker(destination, slot).is_busy {
                continue;
            }
            let most = usize::try_from(self.world.state().chance.between(1, 4)).unwrap_or(1);
            let taken = self.world.state().take(destination, most, hidden);
            if taken.is_empty() {
                break;
            }
            let deadline = self.within(limit);
            let Worker { process, handler, .. } = self.worker(destination, slot).clone();
            if let Some(worker) = self.workers.get_mut(&(destination, slot)) {
                worker.is_busy = true;
            }
            self.world.state().begun(process, &taken);
            let numbers: Vec<u64> = taken.iter().map(|stored| stored.number).collect();
            let taken_at = self.world.state().now;
            let received = |stored: crate::queue::Stored| Received {
                body: stored.body,
                sent_at: stored.sent_at,
                taken_at,
                deadline,
            };
            let batch: Vec<Received> = taken.into_iter().map(received).collect();
            self.start(process, limit, async move {
                let settlements = batch::settle(&*handler, batch).await;
                Outcome::Settled(destination, slot, numbers.into_iter().zip(settlements).collect())
            });
        }
        self.world.state().expect_delivery(destination);
    }

    fn worker(&mut self, destination: Destination, slot: usize) -> &mut Worker {
        let known = self.workers.get(&(destination, slot)).map(|worker| worker.process);
        if known.is_none_or(|process| self.world.state().is_dead(process)) {
            let (process, ports) = self.process();
            let handler: Arc<dyn Handler> = match destination {
                Destination::Websand => Arc::new(WebsandForwarder::new(ports, self.config.clone())),
                Destination::Websale => Arc::new(WebsaleForwarder::new(ports, self.config.clone())),
            };
            self.workers.insert((destination, slot), Worker { process, handler, is_busy: false });
        }
        self.workers.entry((destination, slot)).or_insert_with(|| unreachable!("inserted just now"))
    }

    fn dispatch(&mut self) {
        let (process, ports) = self.process();
        let deadline = self.within(SCHEDULED);
        self.start(process, SCHEDULED, async move {
            dispatch::dispatch(&ports, deadline).await;
            Outcome::Ran
        });
    }

    fn poll(&mut self) {
        let (process, ports) = self.process();
        let poller = relay::poll::Poller::new(ports.clone(), ports.http, self.config.clone());
        let deadline = self.within(SCHEDULED);
        self.start(process, SCHEDULED, async move {
            poller.run(deadline).await;
            Outcome::Ran
        });
    }

    fn restart(&mut self) {
        if self.kind == Kind::Embedded && self.only.is_some_and(|only| self.world.state().is_dead(only)) {
            let mut state = self.world.state();
            state.void_leases();
            state.show_all();
            drop(state);
            self.only = Some(self.born());
            self.workers.clear();
        }
    }

    /// Lets everybody go on who can, and buries the dead.
    fn run(&mut self) {
        while let Some(outcome) = self.tasks.next() {
            self.ended(outcome);
        }
        self.bury();
    }

    fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Settled(destination, slot, settlements) => {
                let Some(worker) = self.workers.get_mut(&(destination, slot)) else { return };
                worker.is_busy = false;
                let mut state = self.world.state();
                for (number, settlement) in settlements {
                    state.ended(worker.process, number);
                    state.settle(number, settlement);
                }
                state.expect_delivery(destination);
            }
            Outcome::Answered(index, heard) => self.answered(index, heard),
            Outcome::Operated(index, is_done) => self.operated(index, is_done),
            Outcome::Ran => {}
        }
    }

    fn bury(&mut self) {
        let world = self.world.clone();
        let any_died = self.tasks.drop_those(|process| world.state().is_dead(process));
        if any_died || self.only.is_some_and(|only| self.world.state().is_dead(only)) {
            let mut state = self.world.state();
            let wait = SignedDuration::from_millis(i64::try_from(state.chance.between(100, 20_000)).unwrap_or(100));
            state.after(wait, Event::Restart);
            for destination in Destination::ALL {
                state.expect_delivery(destination);
            }
        }
    }
}
