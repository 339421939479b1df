//! A year of promotions: four shops in two time zones, some three hundred promotions of all channels, everything that
//! goes wrong in a year, and in the end WEBSALE as a small model says that it must be.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;

use crate::{
    Kind,
    chance::Chance,
    host::{Alter, Host},
    operator::{Act, Command, Patience, Script},
    play,
    ports::Vault,
    scenario::{Scenario, after, minutes},
    schedule::Next,
    trouble::{Matter, Trouble},
    world::{Event, World},
};
use calendar::{Calendar, begin};
use model::{Outcome, Seen};
use script::Promotion;

mod calendar;
mod compare;
mod draw;
mod model;
mod script;

/// A year and what must come of it.
pub struct Year {
    seed: u64,
    calendar: Calendar,
    promotions: Vec<(Promotion, Outcome)>,
}

/// What came of a year.
#[derive(Debug, Default)]
pub struct YearReport {
    /// How many promotions there were.
    pub promotions: usize,
    /// How many webhooks were taken.
    pub accepted: usize,
    /// How many webhooks were refused as faulty.
    pub refused: usize,
    /// How many entries and dispatches WEBSALE has in the end.
    pub delivered: usize,
    /// Entries that are neither shown nor remembered.
    pub left_over: usize,
    /// How many promotions went through what, as the model has it.
    pub tally: Vec<(&'static str, usize)>,
    /// What is not as it must be.
    pub differences: Vec<String>,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
}

type IsSo = fn(&Seen) -> bool;

/// While ports fail, one call in so many does.
const FAULT_RATE: u64 = 12;
/// All that was begun has ended so long after the year.
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 420);
/// While something is the matter, an operator looks so often whether WEBSALE is to be asked what went out.
const LOOKS: SignedDuration = SignedDuration::from_mins(20);

impl Year {
    /// The year of a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let calendar = Calendar::drawn(&mut chance);
        let promotions = draw::promotions(&mut chance, &calendar);
        Self { seed, calendar, promotions }
    }

    /// The same year without anything that fails by chance: whatever is lost is lost by the product.
    pub fn without_chance(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut calendar = Calendar::drawn(&mut chance);
        calendar.troubles.retain(|trouble| trouble.matter != Matter::Flaky);
        let promotions = draw::promotions(&mut chance, &calendar);
        Self { seed, calendar, promotions }
    }

    /// Lets it happen, with ports altered like this.
    pub fn run(&self, alter: Alter, traced: bool) -> YearReport {
        let world = World::new(self.seed, begin(), FAULT_RATE, BTreeSet::new());
        {
            let mut state = world.state();
            state.now = begin();
            state.trace = traced.then(Vec::new);
            state.next_fire = Some(Next::UNKNOWN);
            state.troubles.clone_from(&self.calendar.troubles);
            for trouble in self.calendar.troubles.iter().filter(|trouble| trouble.matter == Matter::Down) {
                state.at(trouble.from, Event::GoDown);
            }
        }
        let (scenario, refused) = self.scenario();
        let kind = if self.seed.is_multiple_of(2) { Kind::Lambda } else { Kind::Embedded };
        let vault = Vault { values: scenario.secrets.clone(), gaps: Vec::new() };
        let mut host = Host::new(kind, world.clone(), vault, alter, scenario.operators.len());
        play(&world, &mut host, &scenario, after(begin(), YEAR));
        self.compare(&world, &host, &refused)
    }

    /// The webhooks of the year, and which of them are to be refused.
    fn scenario(&self) -> (Scenario, BTreeSet<usize>) {
        let mut scenario = Scenario { operators: self.operators(), ..Scenario::default() };
        let key = json!({"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="});
        scenario.secrets.insert("shoprelay/_installation".into(), key);
        for shop in &self.calendar.shops {
            scenario.secrets.extend(shop.secrets());
        }
        let mut refused = BTreeSet::new();
        for (promotion, outcome) in &self.promotions {
            let shop = &self.calendar.shops[promotion.shop];
            for (number, said) in promotion.said.iter().enumerate() {
                let (endpoint, kind, data) = said.webhook(&promotion.id, &shop.zone);
                for at in &said.sent {
                    if outcome.refused.contains(&number) {
                        refused.insert(scenario.hooks.len());
                    }
                    scenario.hook(*at, shop.name, endpoint, kind, &data);
                }
            }
        }
        (scenario, refused)
    }

    /// Somebody who asks WEBSALE what went out, whenever that is unknown; and who puts back what was given up, but only
    /// where ports failed: an outage is no reason to give anything up that need not be.
    fn operators(&self) -> Vec<Script> {
        let looks = |trouble: &Trouble| {
            let over = after(trouble.until, minutes(180));
            let times = std::iter::successors(Some(trouble.from), |at| Some(after(*at, LOOKS)));
            let asked = times.take_while(move |at| *at < over).map(|at| (at, Act::Resolve(Patience::Once)));
            let is_flaky = trouble.matter == Matter::Flaky;
            let put_back = is_flaky.then(|| (after(trouble.until, minutes(60)), Act::Redrive(Patience::UntilDone)));
            asked.chain(put_back).map(|(at, act)| vec![Command { at, act }])
        };
        self.calendar.troubles.iter().flat_map(looks).collect()
    }

    fn compare(&self, world: &World, host: &Host, refused: &BTreeSet<usize>) -> YearReport {
        let state = world.state();
        let mut found = compare::Found::default();
        for (promotion, outcome) in &self.promotions {
            compare::promotion(&state, &self.calendar, promotion, outcome, &mut found);
        }
        let really: BTreeSet<usize> = host.refused.iter().copied().collect();
        if really != *refused {
            let wrong = really.symmetric_difference(refused);
            found
                .differences
                .push(format!("refused or taken, and not to be: webhooks {:?}", wrong.collect::<Vec<_>>()));
        }
        found.differences.extend(state.violations.iter().map(ToString::to_string));
        YearReport {
            promotions: self.promotions.len(),
            accepted: host.accepted.len(),
            refused: host.refused.len(),
            delivered: state.websale.entries.len() + state.websale.dispatches.len(),
            left_over: found.left_over,
            tally: self.tally(),
            differences: found.differences,
            trace: state.trace.clone().unwrap_or_default(),
        }
    }

    fn tally(&self) -> Vec<(&'static str, usize)> {
        let count =
            |is_so: &dyn Fn(&Outcome) -> bool| self.promotions.iter().filter(|(_, outcome)| is_so(outcome)).count();
        let entry =
            |outcome: &Outcome, sent| outcome.entry.as_ref().is_some_and(|entry| entry.active && entry.sent == sent);
        let seen: [(&'static str, IsSo); 10] = [
            ("changed", |seen| seen.changed),
            ("changed after being sent", |seen| seen.changed_after_it_was_sent),
            ("heard out of order", |seen| seen.overtaken),
            ("draft", |seen| seen.drafted),
            ("called off", |seen| seen.called_off),
            ("called off after being sent", |seen| seen.called_off_too_late),
            ("moved to another channel", |seen| seen.other_channel),
            ("too late", |seen| seen.too_late),
            ("kept for the end of quiet hours", |seen| seen.waited_for_quiet),
            ("delayed by an outage", |seen| seen.delayed),
        ];
        let ends = [
            ("push sent", count(&|outcome| entry(outcome, true))),
            ("news or teaser shown", count(&|outcome| entry(outcome, false))),
            ("personalised push sent", count(&|outcome| outcome.dispatched.is_some())),
            ("refused for quiet hours", count(&|outcome| !outcome.refused.is_empty())),
        ];
        let seen = seen.map(|(name, is_so)| (name, count(&|outcome| is_so(&outcome.seen))));
        ends.into_iter().chain(seen).collect()
    }
}
