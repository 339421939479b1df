//! Commands of operators: each in a process of its own, given again if it fails or its process dies.

use jiff::{SignedDuration, Timestamp};

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

/// How far an operator has come with their script.
#[derive(Clone, Default)]
pub(crate) struct Operator {
    /// How many commands are done.
    pub(crate) done: usize,
    /// The task of the last command that was given.
    task: Option<u64>,
    /// When they look next. Only the look that was planned last counts: else each command that fails would plan one more.
    look: Option<Timestamp>,
}

impl Host {
    /// Gives the operator's next command, and looks again whether its process has died.
    pub(super) fn operate(&mut self, index: usize, scenario: &Scenario) {
        let Operator { done, task, look } = self.operators[index];
        let script = scenario.operators.get(index).unwrap_or(&self.last);
        let Some(command) = script.get(done).cloned() else { return };
        let now = self.world.state().now;
        if look.is_some_and(|look| look != now) {
            return;
        }
        self.look(index, if now < command.at { command.at } else { after(now, COMMAND) });
        if now < command.at || task.is_some_and(|task| self.tasks.is_running(task)) {
            return;
        }
        let process = self.born();
        let hand = self.world.process(process);
        let ports = (self.alter)(ports::of(&hand, &self.vault));
        let act = command.act;

        self.world.state().note(|| format!("operator {index}, process {process}: {act:?}"));
        let task = self.start(process, COMMAND, async move { Outcome::Operated(index, act.run(&ports, &hand).await) });
        self.operators[index].task = Some(task);
    }

    /// Nothing fails any more: an operator puts right what can be. Tells whether there is nothing left to do.
    pub(crate) fn is_put_right(&mut self) -> bool {
        let last = self.operators.len() - 1;
        let is_first = self.last.is_empty();
        let mut state = self.world.state();
        if self.operators[last].done < self.last.len() || !(is_first || state.has_doubt()) {
            return self.operators[last].done == self.last.len();
        }
        let now = state.now;
        state.calm_from = state.calm_from.min(now);
        drop(state);
        (self.last, self.operators[last].done) = (operator::last(now, is_first), 0);
        self.look(last, now);
        false
    }

    pub(super) fn operated(&mut self, index: usize, is_done: bool) {
        self.operators[index].done += usize::from(is_done);
        let now = self.world.state().now;
        self.look(index, after(now, READING));
    }

    pub(super) fn look(&mut self, index: usize, at: Timestamp) {
        self.operators[index].look = Some(at);
        self.world.state().at(at, Event::Operate(index));
    }
}
