//! Giving a message up: it is kept in the dead-letter queue until a person has looked.

use super::Attempt;
use crate::{
    forward::letter,
    ledger::{Attention, CallbackStatus, Change, Guess, Row, callback, transition},
    queue::Settlement,
    retry::Failure,
};

impl Attempt<'_> {
    /// Parks the message, then notes it in the row. If parking itself fails, the message comes back.
    pub(crate) async fn park(&self, row: Option<Row>, failure: &Failure, attention: Attention) -> Settlement {
        self.log_failure("parked", failure);
        let destination = self.key.destination;
        if let Err(back) = letter::park(self.ports, self.received, destination, Some(self.shop), failure).await {
            return back;
        }
        // The first reason stays.
        let _ = self.parked.set((failure.clone(), attention));
        let now = self.now();
        let known = row.as_ref().map(|row| row.version);
        let guess = row.map_or(Guess::Unknown, |row| Guess::Row(Box::new(row)));
        let decide = |stored: Option<&Row>| {
            let is_ours = |row: &Row| row.lease.as_ref().is_some_and(|lease| lease.token == self.token);
            // Somebody else has gone on with the row meanwhile; what it says is theirs.
            if stored.is_some_and(|row| known != Some(row.version) && !is_ours(row)) {
                return Change::Keep(());
            }
            let row = stored.cloned().unwrap_or_else(|| Row::new(self.key.clone(), now));
            let row = transition::parked(row, self.event_id, failure, attention, now);
            let status = CallbackStatus::Parked;
            Change::Write(Box::new(callback::owe(row, status, self.revision, Some(&failure.code), now)), ())
        };
        // A letter that no row shows would be found by nobody: rather is the message parked once more.
        self.change(guess, decide).await.map_or_else(|error| self.ledger_failed(&error), |_| Settlement::Done)
    }

    /// Why the message was parked, if it was.
    pub(crate) fn parked(&self) -> Option<&(Failure, Attention)> {
        self.parked.get()
    }
}
