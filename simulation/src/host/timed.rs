//! Who is at work, and since when.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use jiff::{SignedDuration, Timestamp};

use super::{Host, Outcome};
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
