//! Everything outside the product: time, chance, the stores, the destinations, and who is alive.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use jiff::{SignedDuration, Timestamp};
use relay::shop::Destination;

use crate::{
    chance::Chance,
    invariant::{Invariant, Violation},
    ledger::LedgerState,
    people::Keys,
    queue::QueueState,
    schedule::Next,
    suspects::Suspects,
    trouble::{Matter, Trouble},
    websale::Websale,
    websand::Websand,
};

/// The instant every simulation begins at: 2026-06-01T08:00:00Z.
pub(crate) const START: i64 = 1_780_300_800;

/// The world, shared by all who live in it.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

/// What the world is at an instant.
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) chance: Chance,
    pub(crate) queue: QueueState,
    pub(crate) ledger: LedgerState,
    pub(crate) websand: Websand,
    pub(crate) websale: Websale,
    pub(crate) keys: Keys,
    /// Nothing fails by itself from here on.
    pub(crate) calm_from: Timestamp,
    /// What is the matter at which times, besides.
    pub(crate) troubles: Vec<Trouble>,
    /// When schedules fire next, in a run that is so long that they must not do so in vain.
    pub(crate) next_fire: Option<Next>,
    /// How often a port call fails: once in so many times.
    pub(crate) fault_rate: u64,
    /// What must never be and was.
    pub(crate) violations: Vec<Violation>,
    /// What happened, line by line, if anybody wants to know.
    pub(crate) trace: Option<Vec<String>>,
    /// At these port yields the process that yields dies.
    pub(crate) deaths: BTreeSet<u64>,
    /// How many times a port has yielded so far.
    pub(crate) yields: u64,
    /// Pushes of which a person said that they were not sent, after the shop had changed them.
    pub(crate) outdated: BTreeSet<String>,
    /// When whatever is at work right now began.
    pub(crate) at_work_since: Timestamp,
    /// How many answers to writes of a row were lost.
    pub(crate) lost_notes: BTreeMap<String, usize>,
    pub(crate) suspects: Suspects,
    dead: BTreeSet<u32>,
    timeline: BinaryHeap<Reverse<Entry>>,
    entries: u64,
}

/// What happens at an instant.
pub(crate) enum Event {
    /// A port call goes on.
    Wake(Waker),
    /// A queue may hand over messages.
    Deliver(Destination),
    /// A shop sends its webhook of this number.
    Arrive(usize),
    /// The request of this number to forget somebody is queued.
    Erase(usize),
    /// The dispatcher's schedule fires.
    Dispatch,
    /// The poller's schedule fires.
    Poll,
    /// The host ends the process, if it is still at this task.
    TimeOut { process: u32, task: u64 },
    /// The operator of this number gives the next command.
    Operate(usize),
    /// A dead process has a successor.
    Restart,
    /// All processes die, and have no successors before an instant that the world knows.
    GoDown,
}

struct Entry {
    at: Timestamp,
    number: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl World {
    /// A world at its beginning.
    pub(crate) fn new(seed: u64, calm_from: Timestamp, fault_rate: u64, deaths: BTreeSet<u64>) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: start(),
            chance: Chance::new(seed),
            queue: QueueState::default(),
            ledger: LedgerState::default(),
            websand: Websand::default(),
            websale: Websale::default(),
            keys: Keys::new(),
            calm_from,
            troubles: Vec::new(),
            next_fire: None,
            fault_rate,
            violations: Vec::new(),
            trace: None,
            deaths,
            yields: 0,
            outdated: BTreeSet::new(),
            at_work_since: start(),
            lost_notes: BTreeMap::new(),
            suspects: Suspects::default(),
            dead: BTreeSet::new(),
            timeline: BinaryHeap::new(),
            entries: 0,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hand of a process on the world.
    pub(crate) fn process(&self, id: u32) -> Process {
        Process { world: self.clone(), id }
    }

    /// The next thing that happens, at its instant.
    pub(crate) fn advance(&self) -> Option<Event> {
        let mut state = self.state();
        let Reverse(entry) = state.timeline.pop()?;
        state.now = state.now.max(entry.at);
        Some(entry.event)
    }
}

impl State {
    /// Lets something happen after a while.
    pub(crate) fn after(&mut self, wait: SignedDuration, event: Event) {
        let at = self.now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.at(at, event);
    }

    /// Lets something happen at an instant.
    pub(crate) fn at(&mut self, at: Timestamp, event: Event) {
        self.entries += 1;
        self.timeline.push(Reverse(Entry { at, number: self.entries, event }));
    }

    /// Whether something fails now.
    pub(crate) fn fails(&mut self) -> bool {
        (self.now < self.calm_from || self.suffers(Matter::Flaky)) && self.chance.one_in(self.fault_rate)
    }

    pub(crate) fn violated(&mut self, of: Invariant, what: impl Into<String>) {
        self.violations.push(Violation { at: self.now, of, what: what.into() });
    }

    /// Notes what happens, for a person who looks into a run.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{} {}", self.now, what()));
        }
    }

    pub(crate) fn kill(&mut self, process: u32) {
        self.note(|| format!("process {process} dies"));
        if self.dead.insert(process) {
            self.bury_with(process);
        }
    }

    /// How many processes died, of whatever.
    pub(crate) fn died(&self) -> usize {
        self.dead.len()
    }

    pub(crate) fn is_dead(&self, process: u32) -> bool {
        self.dead.contains(&process)
    }
}

/// A process's hand on the world. Once it is dead, nothing comes of it any more.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) world: World,
    pub(crate) id: u32,
}

impl Process {
    /// Looks at the world, or changes it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.world.state())
    }

    /// Yields for some milliseconds. Here processes die: what comes after never happens.
    pub(crate) fn pause(&self, shortest: u64, longest: u64) -> Pause {
        Pause { process: self.clone(), shortest, longest, until: None }
    }
}

/// See [`Process::pause`].
pub(crate) struct Pause {
    process: Process,
    shortest: u64,
    longest: u64,
    until: Option<Timestamp>,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.process.world.state();
        if state.is_dead(this.process.id) {
            return Poll::Pending;
        }
        if let Some(until) = this.until {
            return if state.now >= until { Poll::Ready(()) } else { Poll::Pending };
        }
        state.yields += 1;
        let number = state.yields;
        if state.deaths.contains(&number) || state.dies() {
            state.kill(this.process.id);
            return Poll::Pending;
        }
        let millis = state.chance.between(this.shortest, this.longest);
        let wait = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        this.until = state.now.checked_add(wait).ok();
        state.after(wait, Event::Wake(context.waker().clone()));
        Poll::Pending
    }
}

/// See [`START`].
pub(crate) fn start() -> Timestamp {
    Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH)
}
