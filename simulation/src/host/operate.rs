//! Commands of operators: each in a process of its own, given again if it fails or its process dies.

use jiff::SignedDuration;

use super::{Host, Outcome};
use crate::{operator::Script, ports, scenario::after, world::Event};

/// How long a command may take.
const COMMAND: SignedDuration = SignedDuration::from_mins(10);
/// How long an operator takes to read what a command says.
const READING: SignedDuration = SignedDuration::from_secs(10);

impl Host {
    /// Gives the operator's next command, and looks again whether its process has died.
    pub(super) fn operate(&mut self, index: usize, script: &Script) {
        let Some(command) = script.get(self.operated[index]) else { return };
        let now = self.world.state().now;
        let again = if now < command.at { command.at } else { after(now, COMMAND) };
        self.world.state().at(again, Event::Operate(index));
        if now < command.at || self.commands.get(&index).is_some_and(|task| self.tasks.is_running(*task)) {
            return;
        }
        let process = self.born();
        let ports = (self.alter)(ports::of(&self.world.process(process), &self.vault));
        let act = command.act.clone();
        self.world.state().note(|| format!("operator {index}, process {process}: {act:?}"));
        let task = self.start(process, COMMAND, async move { Outcome::Operated(index, act.run(&ports).await) });
        self.commands.insert(index, task);
    }

    pub(super) fn operated(&mut self, index: usize, is_done: bool) {
        self.operated[index] += usize::from(is_done);
        self.world.state().after(READING, Event::Operate(index));
    }
}
