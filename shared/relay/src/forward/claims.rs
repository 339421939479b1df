//! The rows that a message holds. A start that is not known to have ended counts as a crash, so whoever comes to an end
//! gives back what they still hold: the ledger, the queue or the secrets did not answer, and that is not the event's fault.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::{
    ledger::{Guess, LedgerError, Row, State, transition, update},
    message::RowKey,
    ports::Ports,
};

#[cfg(test)]
mod tests;

/// How often it is tried to give a row back. If the ledger is away for longer, the lease lapses and the start counts.
const TRIES: u8 = 3;
/// No try is begun with less time than this: who is ended by the host has all their messages count as crashed.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// What one message has claimed, and may still hold.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<Vec<Claim>>);

#[derive(Debug)]
struct Claim {
    key: RowKey,
    token: String,
    event_id: String,
}

impl Claims {
    /// A row is claimed, or may be: the ledger did not say.
    pub(super) fn took(&self, key: &RowKey, token: &str, event_id: &str) {
        self.held().push(Claim { key: key.clone(), token: token.to_owned(), event_id: event_id.to_owned() });
    }

    /// Such a row is as the ledger says now.
    pub(super) fn noted(&self, token: &str, row: Option<&Row>) {
        if row.and_then(|row| row.lease.as_ref()).is_none_or(|lease| lease.token != token) {
            self.held().retain(|claim| claim.token != token);
        }
    }

    /// The message has come to an end: gives back what it still holds.
    pub(super) async fn give_back(&self, ports: &Ports, deadline: Timestamp) {
        let held = std::mem::take(&mut *self.held());
        let has_time = || deadline.duration_since(ports.clock.now()) >= MARGIN;
        for claim in held {
            let mut tries = 0..TRIES;
            while tries.next().is_some() && has_time() && claim.give_back(ports).await.is_err() {}
        }
    }

    fn held(&self) -> MutexGuard<'_, Vec<Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// A call that was announced may have been made; that it was not, or how it ended, only its caller can say.
    async fn give_back(&self, ports: &Ports) -> Result<(), LedgerError> {
        let is_announced = |row: &&Row| matches!(row.state, State::Intended | State::OutcomeUnknown);
        let decide = |stored: Option<&Row>| {
            let stored = stored.filter(|row| !is_announced(row));
            transition::finish(stored, &self.token, |row| transition::released(row, &self.event_id))
        };
        update(&*ports.ledger, &*ports.random, &self.key, Guess::Unknown, decide).await.map(drop)
    }
}
