//! One attempt to settle one message: claiming the row, and what follows from success and failure. The same for all
//! destinations.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use self::secret::attention_for;
use super::passage::Passage;
use crate::{
    alarm::Alarm,
    ledger::{
        Attention, Change, Guess, Lease, LedgerError, Matter, Row, State,
        transition::{self, Claim, Claimant, Relevance},
        update,
    },
    message::{Message, RowKey},
    ports::Ports,
    queue::{Received, Settlement},
    retry::{Call, Circumstances, Decision, Failure, Outcome, PUT_BACK, decide},
    revision::Revision,
    shop::ShopName,
};

mod intend;
mod park;
mod say;
mod secret;
#[cfg(test)]
mod tests;

/// A lease outlives its worker's deadline by this, so that a worker at its limit is not overtaken.
const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(15);
/// A call is started only if this is left after its time-out: enough to note the answer.
const CALL_MARGIN: Duration = Duration::from_secs(5);

/// How often the end of an event is written before the message is left to come back.
const NOTE_TRIES: u8 = 3;

/// One attempt to settle one message.
pub(crate) struct Attempt<'a> {
    pub(crate) ports: &'a Ports,
    pub(crate) received: &'a Received,
    pub(crate) shop: &'a ShopName,
    pub(crate) event_id: &'a str,
    pub(crate) key: RowKey,
    pub(crate) revision: Revision,
    /// The token of the lease this attempt takes.
    token: String,
    /// Why the message was parked, once it was.
    parked: Arc<OnceLock<(Failure, Attention)>>,
    /// Whether the message may be news although the row knows of something newer.
    outlives_newer: bool,
    /// Its way to the destination.
    pub(crate) passage: Arc<Passage>,
}

/// What became of the wish to claim a row.
#[derive(Debug)]
pub(crate) enum Taken {
    /// It is ours.
    Ours(Box<Row>),
    /// There is nothing to do: it is as new or newer.
    Superseded,
    /// Not now, but again after this time: somebody else holds it, or it waits for its destination.
    Busy(Duration),
}

impl<'a> Attempt<'a> {
    /// An attempt to settle this message at the row `key`.
    pub(crate) fn new(
        ports: &'a Ports,
        received: &'a Received,
        message: &'a Message,
        key: RowKey,
        passage: Arc<Passage>,
    ) -> Self {
        let token = format!("{:016x}", ports.random.next());
        let (shop, event_id, revision) = (&message.shop, message.id.as_str(), message.revision());
        let outlives_newer = secret::outlives_newer(&message.payload);
        Self { ports, received, shop, event_id, key, revision, token, parked: Arc::default(), outlives_newer, passage }
    }

    /// The same attempt at another row, held beside the first: under a lease of its own.
    pub(crate) fn at_row(&self, key: RowKey) -> Self {
        let token = format!("{:016x}", self.ports.random.next());
        Self { key, token, parked: self.parked.clone(), passage: self.passage.clone(), ..*self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Claims the row; without a claim the message is settled already.
    pub(crate) async fn claim(&self, guess: Guess, relevance: impl Fn(&Row) -> Relevance) -> Result<Row, Settlement> {
        self.claim_noting(guess, relevance, |_| {}).await
    }

    /// The same for an event that changes what the row is about to do: `note` is written with the claim, and also when
    /// no call may be made yet, so that nothing older is done meanwhile.
    pub(crate) async fn claim_noting(
        &self,
        guess: Guess,
        relevance: impl Fn(&Row) -> Relevance,
        note: impl Fn(&mut Row),
    ) -> Result<Row, Settlement> {
        match self.try_claim(guess, relevance, note).await? {
            Taken::Ours(row) => Ok(*row),
            Taken::Superseded => Err(self.log_done("superseded")),
            Taken::Busy(after) => Err(Settlement::Back { after }),
        }
    }

    /// Tries to claim the row, for those who have something else to do otherwise. `Err`: the message is settled.
    pub(crate) async fn try_claim(
        &self,
        guess: Guess,
        relevance: impl Fn(&Row) -> Relevance,
        note: impl Fn(&mut Row),
    ) -> Result<Taken, Settlement> {
        let now = self.now();
        let until = self.received.deadline.saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        let lease = Lease { token: self.token.clone(), until };
        let held_until = self.passage.held_until();
        let (event_id, sent_at) = (self.event_id, self.received.sent_at);
        let by = Claimant { key: &self.key, event_id, lease, held_until, sent_at, now };
        let decide = |row: Option<&Row>| transition::claim_noting(row, &by, &relevance, &note);
        let claimed = update(&*self.ports.ledger, &*self.ports.random, &self.key, guess, decide).await;
        let is_refused = matches!(&claimed, Ok((_, claim)) if *claim != Claim::Granted);
        if !is_refused {
            self.passage.claims.took(&self.key, &self.token, self.event_id);
        }
        let (row, claim) = claimed.map_err(|error| self.ledger_failed(&error))?;
        match (claim, row) {
            (Claim::Granted, Some(row)) => match self.passage.given_up() {
                Some(failure) => Err(self.park(Some(row), failure, Attention::Parked).await),
                None => Ok(Taken::Ours(Box::new(row))),
            },
            (Claim::Superseded | Claim::Recorded, _) => Ok(Taken::Superseded),
            (Claim::Granted, None) | (Claim::Leased(_), _) => Ok(Taken::Busy(PUT_BACK)),
            (Claim::NotBefore(instant), _) => {
                let after = until_instant(now, instant);
                Ok(Taken::Busy(if held_until.is_some() { after.max(PUT_BACK) } else { after }))
            }
            (Claim::OutcomeUnknown, _) => {
                let detail = "its worker vanished during the call";
                tracing::error!(alarm = %Alarm::OutcomeUnknown, row = %self.key, event_id = self.event_id, detail, "a person is needed");
                Err(Settlement::Done)
            }
            (Claim::Crashed, row) => {
                let failure = failure("crashed", "started five times without coming to an end");
                Err(self.park(row, &failure, Attention::Parked).await)
            }
        }
    }

    /// Whether there is time for a call with this time-out.
    pub(crate) fn has_time_for(&self, timeout: Duration) -> bool {
        let needed = SignedDuration::try_from(timeout + CALL_MARGIN).unwrap_or(SignedDuration::MAX);
        self.now().saturating_add(needed).is_ok_and(|end| end <= self.received.deadline)
    }

    /// Goes on only if such a call may be made now; else the message comes back, its row untouched.
    pub(crate) async fn enter(&self, call: Call, rate: Option<f64>) -> Result<(), Settlement> {
        let entered = self.passage.enter(call, rate).await;
        entered.map_err(|after| Settlement::Back { after })?;
        self.gate(call).await?.map_err(|after| Settlement::Back { after })
    }

    /// Whether the shop's settings let the call be made, or after what time to look again.
    pub(crate) async fn gate(&self, call: Call) -> Result<Result<(), Duration>, Settlement> {
        self.passage.gate(Matter::Call(call)).await.map_err(|error| self.ledger_failed(&error))
    }

    /// What the outcome of a call means; noted for the other deliveries of this shop, too.
    pub(crate) fn judge(&self, call: Call, outcome: &Outcome, row: &Row, refreshed: bool) -> Decision {
        let decision = decide(call, outcome, &self.circumstances(call, row, refreshed));
        self.passage.called(call, outcome, &decision);
        decision
    }

    /// What [`decide`] needs to know.
    fn circumstances(&self, call: Call, row: &Row, refreshed: bool) -> Circumstances {
        Circumstances {
            refreshed,
            proven: self.passage.is_proven(call),
            attempt: row.attempts.get(self.event_id).map_or(0, |attempts| attempts.failed.into()),
            sent_at: self.received.sent_at,
            now: self.now(),
            random: self.ports.random.next(),
        }
    }

    /// Stores what the row becomes, if it is still ours. Returns the stored row, or nothing if it was taken over, or if
    /// we were so late that a person was called: only how the call ended may still be said then.
    pub(crate) async fn store(&self, row: &Row, next: impl Fn(Row) -> Row) -> Result<Option<Row>, LedgerError> {
        let undecided = |row: &&Row| row.state != State::OutcomeUnknown;
        let decide = |stored: Option<&Row>| transition::finish(stored.filter(undecided), &self.token, &next);
        let guess = Guess::Row(Box::new(row.clone()));
        let (row, ours) = update(&*self.ports.ledger, &*self.ports.random, &self.key, guess, decide).await?;
        self.passage.claims.noted(&self.token, row.as_ref());
        Ok(if ours { row } else { None })
    }

    /// Gives the row back untouched: there was no time to begin. This is no attempt.
    pub(crate) async fn release(&self, row: &Row) -> Settlement {
        match self.store(row, |row| transition::released(row, self.event_id)).await {
            Ok(_) => Settlement::Back { after: Duration::ZERO },
            Err(error) => self.ledger_failed(&error),
        }
    }

    /// The same for the end of an event: tried more than once, because a call whose answer is not noted is made again,
    /// or, where that must not be, left for a person to find out about.
    pub(crate) async fn store_end(&self, row: &Row, next: impl Fn(Row) -> Row) -> Result<Option<Row>, LedgerError> {
        let guess = Guess::Row(Box::new(row.clone()));
        let (row, ours) = self.change(guess, |stored| transition::finish(stored, &self.token, &next)).await?;
        Ok(if ours { row } else { None })
    }

    /// Changes the row as `decide` says, whoever holds it; tried more than once.
    pub(crate) async fn change<T>(
        &self,
        guess: Guess,
        decide: impl Fn(Option<&Row>) -> Change<T>,
    ) -> Result<(Option<Row>, T), LedgerError> {
        let mut changed = update(&*self.ports.ledger, &*self.ports.random, &self.key, guess.clone(), &decide).await;
        for _ in 1..NOTE_TRIES {
            if changed.is_ok() {
                break;
            }
            changed = update(&*self.ports.ledger, &*self.ports.random, &self.key, guess.clone(), &decide).await;
        }
        if let Ok((row, _)) = &changed {
            self.passage.claims.noted(&self.token, row.as_ref());
        }
        changed
    }

    /// Ends the event. If the ledger stays away the message comes back: the row still knows how far it came.
    pub(crate) async fn finish(&self, row: &Row, outcome: &'static str, next: impl Fn(Row) -> Row) -> Settlement {
        match self.store_end(row, next).await {
            Ok(_) => self.log_done(outcome),
            Err(error) => self.ledger_failed(&error),
        }
    }

    /// What follows from a decision other than success.
    pub(crate) async fn fail(&self, row: &Row, decision: &Decision) -> Settlement {
        let (at, failure, attention) = match decision {
            Decision::Park { failure } => return self.park(Some(row.clone()), failure, Attention::Parked).await,
            Decision::Unknown { failure } => {
                self.sound_alarm(Alarm::OutcomeUnknown, failure);
                let next = |row| transition::outcome_unknown(row, self.event_id, failure, self.now());
                return self.finish(row, "outcome_unknown", next).await;
            }
            Decision::Retry { at, failure } => (*at, failure, None),
            Decision::Mend { at, failure } => (*at, failure, Some(attention_for(failure))),
            // A caller that gets here has no more to refresh.
            Decision::Delivered | Decision::Gone | Decision::Refresh => return Settlement::Back { after: PUT_BACK },
        };
        match attention {
            Some(Attention::CredentialsRefused) => self.sound_alarm(Alarm::CredentialsRefused, failure),
            _ => self.log_failure("retry", failure),
        }
        let now = self.now();
        let next = |row| transition::failed(row, self.event_id, failure, at, attention, now);
        match self.store(row, next).await {
            Ok(_) => Settlement::Back { after: until_instant(now, at) },
            Err(error) => self.ledger_failed(&error),
        }
    }

    /// The ledger did not answer: the message comes back and finds out how far it came.
    pub(crate) fn ledger_failed(&self, error: &LedgerError) -> Settlement {
        tracing::warn!(row = %self.key, event_id = self.event_id, %error, "comes back");
        Settlement::Back { after: PUT_BACK }
    }
}

/// A failure of our own making.
pub(crate) fn failure(code: &str, detail: &str) -> Failure {
    Failure { code: code.to_owned(), status: None, detail: detail.to_owned() }
}

/// How long it is until an instant; never less than a second, so that nothing spins.
pub(crate) fn until_instant(now: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default().max(Duration::from_secs(1))
}
