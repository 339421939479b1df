//! What is the matter for a while, at times that are known beforehand.

use jiff::Timestamp;

use crate::world::State;

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    /// None of our processes lives.
    Down,
    /// WEBSALE is not there, or answers 503.
    Unreachable,
    /// Ports fail and processes die, by chance. Nothing that would leave a promotion to a person for good.
    Flaky,
}

/// A time in which something is the matter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    pub(crate) matter: Matter,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// While ports fail, a process dies once in so many of their yields.
const DEATH_RATE: u64 = 300;

impl Trouble {
    pub(crate) fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

impl State {
    /// Whether this is the matter now.
    pub(crate) fn suffers(&self, matter: Matter) -> bool {
        self.troubles.iter().any(|trouble| trouble.matter == matter && trouble.covers(self.now))
    }

    /// Until when none of our processes lives.
    pub(crate) fn down_until(&self) -> Option<Timestamp> {
        let is_down = |trouble: &&Trouble| trouble.matter == Matter::Down && trouble.covers(self.now);
        self.troubles.iter().find(is_down).map(|trouble| trouble.until)
    }

    /// Whether the process that yields now dies of it.
    pub(crate) fn dies(&mut self) -> bool {
        self.suffers(Matter::Flaky) && self.chance.one_in(DEATH_RATE)
    }
}
