//! Who is at work, and since when.

use std::{
    collections::BTreeSet,
    pin::Pin,
    task::{Context, Poll},
};

use jiff::{SignedDuration, Timestamp};

use super::{Host, Outcome, receive::AGAIN};
use crate::world::{Event, World};

/// A task that tells the world when it began, whenever it goes on.
struct Timed<T> {
    world: World,
    since: Timestamp,
    task: Pin<Box<dyn Future<Output = T>>>,
}

impl<T> Future for Timed<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.world.state().at_work_since = self.since;
        self.task.as_mut().poll(context)
    }
}

impl Host {
    /// Whoever lives dies.
    pub(super) fn go_down(&self) {
        let workers = self.workers.values().map(|worker| worker.process);
        let living: BTreeSet<u32> = self.tasks.processes().chain(workers).chain(self.only).collect();
        for process in living {
            self.world.state().kill(process);
        }
    }

    /// Whether there is nobody for this event, as none of our processes lives. What is not for a process goes on.
    pub(super) fn is_down(&mut self, event: &Event) -> bool {
        let mut state = self.world.state();
        let Some(until) = state.down_until() else { return false };
        match event {
            Event::Wake(_) | Event::TimeOut { .. } | Event::Erase(_) | Event::GoDown => return false,
            // Its schedule fires again by itself.
            Event::Dispatch | Event::Poll => {}
            Event::Deliver(destination) => state.look_later(*destination, until),
            Event::Operate(index) => {
                drop(state);
                self.look(*index, until);
            }
            Event::Restart => state.at(until, Event::Restart),
            Event::Arrive(index) => state.after(AGAIN, Event::Arrive(*index)),
        }
        true
    }

    /// Starts a task of a process; after this time it may be ended. Names the task.
    pub(super) fn start(
        &mut self,
        process: u32,
        within: SignedDuration,
        task: impl Future<Output = Outcome> + 'static,
    ) -> u64 {
        let since = self.world.state().now;
        let task = self.tasks.start(process, Timed { world: self.world.clone(), since, task: Box::pin(task) });
        self.world.state().after(within, Event::TimeOut { process, task });
        task
    }
}
