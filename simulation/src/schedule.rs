//! The schedules of dispatcher and poller. They fire every minute; those that would find nothing are left out.

use jiff::{SignedDuration, Timestamp};
use relay::ledger::{Purpose, Row};

use crate::{
    scenario::after,
    world::{Event, State},
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// When the schedules of a long run fire next, which is sooner if something is written that is due sooner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next {
    dispatch: Timestamp,
    poll: Timestamp,
}

impl Next {
    pub(crate) const UNKNOWN: Self = Self { dispatch: Timestamp::MAX, poll: Timestamp::MAX };

    const fn of(&mut self, purpose: Purpose) -> &mut Timestamp {
        if matches!(purpose, Purpose::Send) { &mut self.dispatch } else { &mut self.poll }
    }
}

/// What was planned for an instant happens now, or not at all: it happened sooner.
fn comes_up(planned: &mut Timestamp, now: Timestamp) -> bool {
    let is_now = *planned == now;
    if is_now {
        *planned = Timestamp::MAX;
    }
    is_now
}

impl State {
    /// Lets a schedule fire then.
    pub(crate) fn fire(&mut self, purpose: Purpose, at: Timestamp) {
        if let Some(next) = &mut self.next_fire {
            *next.of(purpose) = at;
        }
        self.at(at, if purpose == Purpose::Send { Event::Dispatch } else { Event::Poll });
    }

    /// Whether what was planned happens; it does not if it was to happen sooner meanwhile.
    pub(crate) fn happens(&mut self, event: &Event) -> bool {
        let now = self.now;
        match (&mut self.next_fire, event) {
            (Some(next), Event::Dispatch) => comes_up(&mut next.dispatch, now),
            (Some(next), Event::Poll) => comes_up(&mut next.poll, now),
            _ => true,
        }
    }

    /// Lets the schedule for it fire in time for a row that is written.
    pub(crate) fn foresee(&mut self, row: &Row) {
        let Some(due) = row.index().filter(|due| matches!(due.purpose, Purpose::Send | Purpose::Poll)) else { return };
        let at = due.at.max(after(self.now, MINUTE));
        if self.next_fire.as_mut().is_some_and(|next| at < *next.of(due.purpose)) {
            self.fire(due.purpose, at);
        }
    }

    /// Lets a schedule that has fired do so again.
    pub(crate) fn fire_again(&mut self, purpose: Purpose, more_to_come: bool) {
        let minute = after(self.now, MINUTE);
        let busy = more_to_come || !self.queue.messages.is_empty();
        let at = match self.next_due(purpose) {
            Some(due) => minute.max(due),
            // Whatever is written that is due will be foreseen.
            None if self.next_fire.is_some() => return,
            None if busy => after(minute, SignedDuration::from_mins(4)),
            None => minute,
        };
        self.fire(purpose, at);
    }
}
