//! Commands of operators: each in a process of its own, given again if it fails or its process dies.

use jiff::SignedDuration;

use super::{Host, Outcome};
use crate::{
    operator, ports,
    scenario::{Scenario, after},
    world::Event,
};

/// How long a command may take.
const COMMAND: SignedDuration = SignedDuration::from_mins(10);
/// How long an operator takes to read what a command says.
const READING: SignedDuration = SignedDuration::from_secs(10);

impl Host {
    /// Gives the operator's next command, and looks again whether its process has died.
    pub(super) fn operate(&mut self, index: usize, scenario: &Scenario) {
        let script = scenario.operators.get(index).unwrap_or(&self.last);
        let Some(command) = script.get(self.operated[index]).cloned() else { return };
        let now = self.world.state().now;
        let again = if now < command.at { command.at } else { after(now, COMMAND) };
        self.world.state().at(again, Event::Operate(index));
        if now < command.at || self.commands.get(&index).is_some_and(|task| self.tasks.is_running(*task)) {
            return;
        }
        let process = self.born();
        let hand = self.world.process(process);
        let ports = (self.alter)(ports::of(&hand, &self.vault));
        let act = command.act;

        self.world.state().note(|| format!("operator {index}, process {process}: {act:?}"));
        let task = self.start(process, COMMAND, async move { Outcome::Operated(index, act.run(&ports, &hand).await) });
        self.commands.insert(index, task);
    }

    /// Nothing fails any more: an operator puts right what can be. Tells whether there is nothing left to do.
    pub(crate) fn is_put_right(&mut self) -> bool {
        let last = self.operated.len() - 1;
        let is_first = self.last.is_empty();
        let mut state = self.world.state();
        if self.operated[last] < self.last.len() || !(is_first || state.has_doubt()) {
            return self.operated[last] == self.last.len();
        }
        let now = state.now;
        state.calm_from = state.calm_from.min(now);
        state.at(now, Event::Operate(last));
        (self.last, self.operated[last]) = (operator::last(now, is_first), 0);
        false
    }

    pub(super) fn operated(&mut self, index: usize, is_done: bool) {
        self.operated[index] += usize::from(is_done);
        self.world.state().after(READING, Event::Operate(index));
    }
}
