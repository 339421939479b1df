//! Runs futures, one at a time, in an order that depends on nothing but them.

use std::{
    collections::{BTreeMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

/// Futures of processes.
pub(crate) struct Tasks<T> {
    running: BTreeMap<u64, Task<T>>,
    ready: Arc<Ready>,
    started: u64,
}

struct Task<T> {
    process: u32,
    future: Pin<Box<dyn Future<Output = T>>>,
}

/// Tasks that can go on.
#[derive(Default)]
struct Ready(Mutex<VecDeque<u64>>);

impl Ready {
    fn push(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(number);
    }

    fn pop(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

struct TaskWaker {
    number: u64,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.number);
    }
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self { running: BTreeMap::new(), ready: Arc::default(), started: 0 }
    }
}

impl<T> Tasks<T> {
    /// Starts a future in a process, and names it.
    pub(crate) fn start(&mut self, process: u32, future: impl Future<Output = T> + 'static) -> u64 {
        self.started += 1;
        self.running.insert(self.started, Task { process, future: Box::pin(future) });
        self.ready.push(self.started);
        self.started
    }

    /// Whether it has neither ended nor been dropped.
    pub(crate) fn is_running(&self, number: u64) -> bool {
        self.running.contains_key(&number)
    }

    /// Which processes are at work.
    pub(crate) fn processes(&self) -> impl Iterator<Item = u32> {
        self.running.values().map(|task| task.process)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Lets those go on that can, until one has ended; nothing if none can go on.
    pub(crate) fn next(&mut self) -> Option<T> {
        while let Some(number) = self.ready.pop() {
            let Some(task) = self.running.get_mut(&number) else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { number, ready: Arc::clone(&self.ready) }));
            if let Poll::Ready(outcome) = task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.running.remove(&number);
                return Some(outcome);
            }
        }
        None
    }

    /// Drops the futures of some processes; tells whether there were any.
    pub(crate) fn drop_those(&mut self, of: impl Fn(u32) -> bool) -> bool {
        let before = self.running.len();
        self.running.retain(|_, task| !of(task.process));
        self.running.len() < before
    }
}
