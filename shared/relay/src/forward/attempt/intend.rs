//! Announcing the call of a chunk.

use jiff::Timestamp;

use super::{Attempt, LEASE_MARGIN, failure};
use crate::{
    alarm::Alarm,
    ledger::{
        Change, Guess, Lease, LedgerError, PendingPromotion, Row, chunk,
        transition::{Claim, Claimant, Relevance, finish},
        update,
    },
    queue::Settlement,
    retry::PUT_BACK,
};

impl Attempt<'_> {
    /// Claims this attempt's row, a chunk's, and announces its call. Nothing: the chunk is settled, or a person decides.
    /// `Err`: no call is to be made now. If the announcement may or may not be stored, it is taken back.
    pub(crate) async fn intend(&self, promotion: &PendingPromotion) -> Result<Option<Row>, Settlement> {
        let now = self.now();
        let until = self.received.deadline.saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        let lease = Lease { token: self.token.clone(), until };
        let (event_id, sent_at) = (self.event_id, self.received.sent_at);
        let by = Claimant { key: &self.key, event_id, lease, held_until: None, sent_at, now };
        let decide = |stored: Option<&Row>| chunk::intend(stored, &by, promotion);
        match update(&*self.ports.ledger, &*self.ports.random, &self.key, Guess::Absent, decide).await {
            Ok((Some(row), Claim::Granted)) => Ok(Some(row)),
            Ok((_, Claim::Superseded)) => Ok(None),
            Ok((_, Claim::OutcomeUnknown)) => {
                self.sound_alarm(
                    Alarm::OutcomeUnknown,
                    &failure("worker_vanished", "its worker vanished during the call"),
                );
                Ok(None)
            }
            Ok(_) => Err(Settlement::Back { after: PUT_BACK }),
            Err(error) => {
                let _ = self.take_back().await;
                Err(self.ledger_failed(&error))
            }
        }
    }

    /// Notes that the announced call was not made, or provably not processed.
    pub(crate) async fn take_back(&self) -> Result<(), LedgerError> {
        let now = self.now();
        let decide = |stored: Option<&Row>| {
            let stored = stored.filter(|row| row.state == crate::ledger::State::Intended);
            finish(stored, &self.token, |row| chunk::not_sent(row, now))
        };
        update(&*self.ports.ledger, &*self.ports.random, &self.key, Guess::Unknown, decide).await.map(drop)
    }

    /// Notes something in the row whoever holds it, if this attempt's event is news. The row as it is then.
    pub(crate) async fn note(
        &self,
        relevance: impl Fn(&Row) -> Relevance,
        note: impl Fn(&mut Row),
    ) -> Result<Guess, Settlement> {
        let decide = |stored: Option<&Row>| {
            let Some(row) = stored.filter(|row| relevance(row) == Relevance::Open) else { return Change::Keep(()) };
            let mut noted = row.clone();
            note(&mut noted);
            if noted == *row { Change::Keep(()) } else { Change::Write(Box::new(noted), ()) }
        };
        let noted = update(&*self.ports.ledger, &*self.ports.random, &self.key, Guess::Unknown, decide).await;
        let (row, ()) = noted.map_err(|error| self.ledger_failed(&error))?;
        Ok(row.map_or(Guess::Absent, |row| Guess::Row(Box::new(row))))
    }

    /// Notes that nobody is left in the chunk.
    pub(crate) async fn skip(&self, promotion: &Row, number: u32) -> Result<(), LedgerError> {
        let now = self.now();
        let decide = |stored: Option<&Row>| -> Change<()> { chunk::emptied(stored, promotion, number, now) };
        update(&*self.ports.ledger, &*self.ports.random, &self.key, Guess::Unknown, decide).await.map(drop)
    }
}
