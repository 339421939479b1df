//! Whether a message may go to its destination now: not while an operator has paused the shop's connection, while its
//! settings are known to be wrong, while the destination is down, or faster than the shop may ask.
//!
//! The first three are read from the ledger, so that they hold for all processes; the rate this process knows by itself.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    attempt::{failure, until_instant},
    claims::Claims,
    traffic::{Pass, Traffic},
};
use crate::{
    ledger::{
        self, Change, Connection, Guess, LedgerError, Matter, Row,
        connection::{self, Gate},
    },
    ports::Ports,
    queue::{Received, Settlement},
    retry::{Call, Decision, Failure, MEND_FOR, Outcome, PUT_BACK, Party},
    shop::{Destination, ShopName},
};

mod again;
mod news;

use news::News;

/// While a connection is paused, its messages come back this often: so soon do they go on when it is resumed.
const PAUSE_WAIT: Duration = Duration::from_mins(5);
/// Messages that wait for the same thing come back spread over this, so that they do not come all at once.
const SPREAD: Duration = Duration::from_secs(30);

/// One message's way to its destination.
pub(crate) struct Passage {
    ports: Ports,
    traffic: Arc<Traffic>,
    shop: ShopName,
    sent_at: Timestamp,
    deadline: Timestamp,
    row: Row,
    /// The rows it works on.
    pub(super) claims: Claims,
    /// What this message has found out about the connection, to be noted at its end.
    news: Mutex<Vec<News>>,
    passes: Mutex<Vec<Pass>>,
    /// The parties it is the one to try.
    tries: Mutex<BTreeSet<Party>>,
    /// Until when the message must not be sent, if it was stopped.
    held_until: OnceLock<Timestamp>,
    /// Why the message is to be parked rather than held any longer.
    given_up: OnceLock<Failure>,
}

impl Passage {
    /// Reads what is known of the connection. `Err`: the ledger did not say, and the message comes back.
    pub(crate) async fn open(
        ports: &Ports,
        traffic: &Arc<Traffic>,
        received: &Received,
        shop: &ShopName,
        destination: Destination,
    ) -> Result<Arc<Self>, Settlement> {
        let key = connection::row_key(shop, destination);
        let row = match traffic.known.read(ports, &key, received.taken_at).await {
            Ok(row) => row.unwrap_or_else(|| Row::new(key, ports.clock.now())),
            Err(error) => {
                tracing::warn!(row = %key, %error, "a message comes back");
                return Err(Settlement::Back { after: PUT_BACK });
            }
        };
        Ok(Arc::new(Self {
            ports: ports.clone(),
            traffic: Arc::clone(traffic),
            shop: shop.clone(),
            sent_at: received.sent_at,
            deadline: received.deadline,
            row,
            claims: Claims::default(),
            news: Mutex::default(),
            passes: Mutex::default(),
            tries: Mutex::default(),
            held_until: OnceLock::new(),
            given_up: OnceLock::new(),
        }))
    }

    /// Lets the message in, as far as pauses, the destination's health and the shop's rate go, or says when to come back.
    /// A message that was paused for too long is let in to be given up.
    pub(crate) async fn enter(&self, call: Call, rate: Option<f64>) -> Result<(), Duration> {
        let (now, party) = (self.now(), call.party());
        if self.connection().is_some_and(|connection| connection.paused_at.is_some()) {
            if now.duration_since(self.sent_at) <= MEND_FOR {
                return Err(self.held(after(now, PAUSE_WAIT), self.spread()));
            }
            let _ = self.given_up.set(failure("paused_too_long", "the shop's connection is paused; resume it first"));
            return Ok(());
        }
        let health = self.connection().map_or(Gate::Open, |connection| connection.health(party, now));
        if let Gate::Shut(until) = health {
            return Err(self.held(until, self.spread()));
        }
        let admitted = self.traffic.admit((&self.shop, party), rate, now);
        // Each has its own time already, or the first one of them has to try alone.
        let pass = admitted.map_err(|until| self.held(until, Duration::ZERO))?;
        if health == Gate::ProbeDue && !self.tries().contains(&party) {
            let health = |known: &Connection| known.health(party, now);
            match self.probe(health, |row| connection::tried(row, party, now)).await {
                Ok(None) => drop(self.tries().insert(party)),
                Ok(Some(until)) => return Err(self.held(until, self.spread())),
                Err(_) => return Err(self.held(now, self.spread())),
            }
        }
        self.passes().push(pass);
        Ok(())
    }

    /// Whether the shop's settings let this call be made, or until when not. Of all deliveries that wait, one is let
    /// through to try; one that has waited ten days tries on its own account, and is given up if it fails.
    pub(crate) async fn gate(&self, matter: Matter) -> Result<Result<(), Duration>, LedgerError> {
        let now = self.now();
        let Some(known) = self.connection() else { return Ok(Ok(())) };
        let until = match known.gate(matter, now) {
            Gate::Open => return Ok(Ok(())),
            Gate::Shut(until) => until,
            Gate::ProbeDue => {
                let gate = |known: &Connection| known.gate(matter, now);
                match self.probe(gate, |row| connection::probed(row, matter, now)).await? {
                    None => return Ok(Ok(())),
                    Some(until) => until,
                }
            }
        };
        if now.duration_since(self.sent_at) > MEND_FOR {
            return Ok(Ok(()));
        }
        Ok(Err(self.wait(until, self.spread())))
    }

    /// Takes the probe, unless somebody else was quicker: then until when to wait.
    async fn probe(
        &self,
        gate: impl Fn(&Connection) -> Gate,
        probed: impl Fn(Row) -> Row,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let decide = |stored: Option<&Row>| match stored.and_then(|row| Some((row, row.connection.as_ref()?))) {
            Some((row, known)) => match gate(known) {
                Gate::ProbeDue => Change::Write(Box::new(probed(row.clone())), None),
                Gate::Shut(until) => Change::Keep(Some(until)),
                Gate::Open => Change::Keep(None),
            },
            None => Change::Keep(None),
        };
        let guess = Guess::Row(Box::new(self.row.clone()));
        Ok(self.change(guess, decide).await?.1)
    }

    /// Whether this call got through for this shop before.
    pub(crate) fn is_proven(&self, call: Call) -> bool {
        self.connection().is_some_and(|connection| connection.proven.contains(&call))
    }

    /// Until when the message is held, if it is.
    pub(crate) fn held_until(&self) -> Option<Timestamp> {
        self.held_until.get().copied()
    }

    /// Why the message is to be parked, if it is.
    pub(crate) fn given_up(&self) -> Option<&Failure> {
        self.given_up.get()
    }

    /// Takes note of a call, for this message's end and for all others.
    pub(crate) fn called(&self, call: Call, outcome: &Outcome, decision: &Decision) {
        let now = self.now();
        let finding =
            self.passes().iter_mut().rev().find(|pass| pass.is_for(call)).map(|pass| pass.called(call, outcome, now));
        if let Some(finding) = finding {
            self.found(call.party(), finding);
        }
        match decision {
            Decision::Delivered | Decision::Gone => self.news().push(News::Proven(call)),
            Decision::Park { failure } if failure.status.is_some_and(|status| status < 500) => {
                self.right(Matter::Call(call));
            }
            Decision::Mend { failure, .. } => self.wrong(Matter::Call(call), failure),
            _ => {}
        }
    }

    /// The settings turned out to be right.
    pub(crate) fn right(&self, matter: Matter) {
        self.news().push(News::Right(matter));
    }

    /// The settings turned out to be wrong.
    pub(crate) fn wrong(&self, matter: Matter, failure: &Failure) {
        self.news().push(News::Wrong(matter, failure.clone()));
    }

    /// The message has come to its end: it gives back what it holds, and notes what it found out, if that is news. That it
    /// is not noted does no harm: the next message finds it out again.
    pub(crate) async fn close(&self) {
        self.claims.give_back(&self.ports, self.deadline).await;
        let mut news = std::mem::take(&mut *self.news());
        let used: BTreeSet<Party> = self.passes().iter().filter(|pass| pass.is_used()).map(Pass::party).collect();
        news.extend(self.tries().difference(&used).map(|party| News::Untried(*party)));
        let now = self.now();
        let decide = |stored: Option<&Row>| {
            let known = stored.cloned().unwrap_or_else(|| Row::new(self.row.key.clone(), now));
            let before = known.connection.clone().unwrap_or_default();
            let row = news.iter().fold(known, |row, news| news.noted(row, now));
            if row.connection.as_ref().is_none_or(|after| *after == before) {
                Change::Keep(())
            } else {
                Change::Write(Box::new(row), ())
            }
        };
        let stored = Some(&self.row).filter(|row| row.version > 0);
        if news.is_empty() || matches!(decide(stored), Change::Keep(())) {
            return;
        }
        let guess = stored.map_or(Guess::Absent, |row| Guess::Row(Box::new(row.clone())));
        match self.change(guess, decide).await {
            Ok((row, ())) => {
                for party in news.iter().filter_map(News::down) {
                    self.traffic.told((&self.shop, party));
                }
                if let Some(row) = row {
                    self.alarm(&row);
                }
            }
            Err(error) => tracing::debug!(row = %self.row.key, %error, "the connection's state is not noted"),
        }
    }

    /// Changes the connection's row. What was read of it before lets nobody in any more.
    async fn change<T>(
        &self,
        guess: Guess,
        decide: impl Fn(Option<&Row>) -> Change<T>,
    ) -> Result<(Option<Row>, T), LedgerError> {
        let changed = ledger::update(&*self.ports.ledger, &*self.ports.random, &self.row.key, guess, decide).await;
        self.traffic.known.forget(&self.row.key);
        changed
    }

    fn connection(&self) -> Option<&Connection> {
        self.row.connection.as_ref()
    }

    fn held(&self, until: Timestamp, spread: Duration) -> Duration {
        let _ = self.held_until.set(until);
        tracing::debug!(connection = %self.row.key, %until, "a message is held back");
        self.wait(until, spread)
    }

    fn wait(&self, until: Timestamp, spread: Duration) -> Duration {
        until_instant(self.now(), until).max(PUT_BACK).saturating_add(spread)
    }

    fn spread(&self) -> Duration {
        let millis = u64::try_from(SPREAD.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.ports.random.next() % millis)
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    fn news(&self) -> MutexGuard<'_, Vec<News>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> MutexGuard<'_, BTreeSet<Party>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passes(&self) -> MutexGuard<'_, Vec<Pass>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}
