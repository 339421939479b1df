//! Deterministic simulation of the whole product.
//!
//! The real handlers run over ports that fail in every way the real ones can, on a clock of their own, driven by a
//! seed. Each port call yields before and after its effect; at chosen yields the process dies: nothing more comes of
//! it, while queues and clocks go on. The same seed gives the same run, step by step.
//!
//! When everything has come to rest, what reached the destinations is compared with what the shops meant.

pub mod broken;
pub mod chance;
mod check;
mod host;
mod http;
mod invariant;
pub mod isolation;
mod ledger;
mod operator;
mod people;
mod ports;
mod queue;
pub mod scenario;
mod schedule;
mod suspects;
mod tasks;
mod trouble;
mod websale;
mod websand;
mod world;
pub mod year;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use relay::{ledger::Purpose, ports::Ports};

use chance::Chance;
pub use host::Alter;
use host::Host;
pub use host::Kind;
pub use invariant::{Invariant, Violation};
use ports::Vault;
use scenario::Scenario;
use world::{Event, World, start};

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything by chance follows from it.
    pub seed: u64,
    /// On which host.
    pub kind: Kind,
    /// A port call fails once in so many times, until it grows calm.
    pub fault_rate: u64,
    /// How long things fail, from the beginning.
    pub troubled: SignedDuration,
    /// The port yields at which the process that yields dies.
    pub deaths: BTreeSet<u64>,
    /// By then everything must have come to rest.
    pub longest: SignedDuration,
    /// Whether to note what happens.
    pub traced: bool,
    /// What the ports become before the handlers get them; the identity for the product as it is.
    pub alter: Alter,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// How many webhooks were taken.
    pub accepted: usize,
    /// How many times a port yielded: at each of them the process can be let die.
    pub yields: u64,
    /// How many transactions, pushes and dispatches reached the destinations.
    pub delivered: usize,
    /// How many rows ended parked or unknown, before an operator put right what can be.
    pub for_a_person: usize,
    /// What must never be and was.
    pub violations: Vec<Violation>,
    /// What happened, if the plan asks for it.
    pub trace: Vec<String>,
}

/// More than this happens in no run.
const MOST_EVENTS: usize = 3_000_000;
/// Waits for a person last ten days; no run takes longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Plan {
    /// What chance makes of a seed.
    pub fn drawn(seed: u64) -> (Self, Scenario) {
        let mut chance = Chance::new(seed);
        let kind = if chance.one_in(3) { Kind::Embedded } else { Kind::Lambda };
        let troubled = SignedDuration::from_mins(i64::try_from(chance.between(30, 600)).unwrap_or(60));
        let fault_rate = *chance.pick(&[8, 20, 60, 1000]);
        let deaths = (0..chance.below(6)).map(|_| chance.between(1, 4000)).collect();
        let scenario = Scenario::drawn(&mut chance);
        (Self { seed, kind, fault_rate, troubled, deaths, longest: LONGEST, traced: false, alter: unaltered }, scenario)
    }

    /// A run in which nothing fails by itself.
    pub fn calm(kind: Kind) -> Self {
        let troubled = SignedDuration::ZERO;
        Self {
            seed: 1,
            kind,
            fault_rate: 1,
            troubled,
            deaths: BTreeSet::new(),
            longest: LONGEST,
            traced: false,
            alter: unaltered,
        }
    }
}

/// The product as it is.
pub fn unaltered(ports: Ports) -> Ports {
    ports
}

/// Runs a plan to its end.
pub fn run(plan: &Plan, scenario: &Scenario) -> Report {
    let calm_from = start().saturating_add(plan.troubled).unwrap_or(Timestamp::MAX);
    let world = World::new(plan.seed, calm_from, plan.fault_rate, plan.deaths.clone());
    let vault = Vault { values: scenario.secrets.clone(), gaps: scenario.gaps.clone() };
    let mut host = Host::new(plan.kind, world.clone(), vault, plan.alter, scenario.operators.len());
    world.state().trace = plan.traced.then(Vec::new);
    let end = start().saturating_add(plan.longest).unwrap_or(Timestamp::MAX);
    let for_a_person = play(&world, &mut host, scenario, end);
    check::check(&world, &host, scenario);
    Report { for_a_person: for_a_person.unwrap_or_default(), ..report(&world, &host) }
}

/// Lets everything happen until it has come to rest, put right what can be, and come to rest again. How many rows called
/// a person when it rested first.
fn play(world: &World, host: &mut Host, scenario: &Scenario, end: Timestamp) -> Option<usize> {
    {
        let mut state = world.state();
        for (index, hook) in scenario.hooks.iter().enumerate() {
            state.at(hook.at, Event::Arrive(index));
        }
        for (index, erasure) in scenario.erasures.iter().enumerate() {
            state.at(erasure.at, Event::Erase(index));
        }
        for (index, script) in scenario.operators.iter().enumerate() {
            script.first().into_iter().for_each(|command| state.at(command.at, Event::Operate(index)));
        }
        let now = state.now;
        state.fire(Purpose::Send, scenario::after(now, SignedDuration::from_secs(60)));
        state.fire(Purpose::Poll, scenario::after(now, SignedDuration::from_secs(70)));
    }
    let (mut events, mut for_a_person) = (0, None);
    while let Some(event) = world.advance() {
        events += 1;
        if events > MOST_EVENTS || world.state().now > end {
            world.state().violated(Invariant::Rest, format!("there is still something to do after {events} events"));
            break;
        }
        let schedule = match event {
            Event::Dispatch => Some(Purpose::Send),
            Event::Poll => Some(Purpose::Poll),
            _ => None,
        };
        if !world.state().happens(&event) {
            continue;
        }
        host.on(event, scenario);
        if let Some(purpose) = schedule {
            world.state().fire_again(purpose, host.answered_for() < scenario.hooks.len());
        }
        if is_at_rest(world, host, scenario) {
            for_a_person = for_a_person.or_else(|| Some(world.state().for_a_person()));
            if host.is_put_right() {
                break;
            }
        }
    }
    for_a_person
}

fn is_at_rest(world: &World, host: &Host, scenario: &Scenario) -> bool {
    let state = world.state();
    host.is_idle()
        && host.answered_for() == scenario.hooks.len()
        && host.operators.iter().zip(&scenario.operators).all(|(operator, script)| operator.done == script.len())
        && scenario.erasures.iter().all(|erasure| erasure.at < state.now)
        && state.queue.messages.is_empty()
        && state.next_due(Purpose::Send).is_none()
        && state.next_due(Purpose::Poll).is_none()
}

fn report(world: &World, host: &Host) -> Report {
    let state = world.state();
    let shown: usize = state.websale.entries.iter().filter(|entry| entry.active).count();
    Report {
        accepted: host.accepted.len(),
        yields: state.yields,
        delivered: state.websand.transactions.len() + shown + state.websale.dispatches.len(),
        for_a_person: state.for_a_person(),
        violations: state.violations.clone(),
        trace: state.trace.clone().unwrap_or_default(),
    }
}
