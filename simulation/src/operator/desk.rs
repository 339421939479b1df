//! What was given up, or is left unknown, and what a person does about it.

use jiff::{SignedDuration, Timestamp};
use relay::{
    dead::{Action, Job, Surroundings, Wanted},
    ingest::Ingest,
    ledger::{self, Attention, Change, Finding, Guess, Purpose, Resolution, Row, State as Standing},
    message::{Kind, RowKey},
    ports::Ports,
    queue::{DeadLetter, SweepEnd},
    shop::Destination,
};

use crate::{
    invariant::{Found, Invariant},
    people::NO_WORDS,
    scenario::after,
    world::{Process, State},
};

/// `dead redrive`: every letter is put back. Tells whether all of them are.
pub(super) async fn redrive(ports: &Ports) -> bool {
    let (secrets, queue, clock) = (ports.secrets.clone(), ports.queue.clone(), ports.clock.clone());
    let ingest = Ingest { secrets, queue, clock };
    let at = Surroundings { ingest: &ingest, ledger: &*ports.ledger, clock: &*ports.clock, random: &*ports.random };
    let wanted = Wanted::default();
    let Ok(job) = Job::new(at, Action::Redrive, &wanted, usize::MAX).await else { return false };
    let until = after(ports.clock.now(), SignedDuration::from_mins(5));
    let mut is_complete = true;
    for destination in Destination::ALL {
        is_complete &= job.destination(destination, until).await == Ok(SweepEnd::Complete);
    }
    is_complete && !job.report().items.iter().any(|item| item.fate.is_trouble())
}

/// `resolve`: WEBSALE is asked about each push whose outcome is unknown. Tells whether all of them are settled.
pub(super) async fn resolve(ports: &Ports, process: &Process) -> bool {
    let Ok(rows) = ports.ledger.due(Purpose::Attention, Timestamp::MAX, usize::MAX).await else { return false };
    let mut is_complete = true;
    for row in rows.iter().filter(|row| row.attention == Some(Attention::OutcomeUnknown)) {
        is_complete &= resolve_one(ports, process, &row.key).await;
    }
    is_complete
}

async fn resolve_one(ports: &Ports, process: &Process, key: &RowKey) -> bool {
    let shop = key.shop.as_ref().map_or("", |shop| shop.as_str());
    let now = ports.clock.now();
    let decide = |stored: Option<&Row>| {
        let unknown = stored.filter(|row| row.attention == Some(Attention::OutcomeUnknown));
        let is_sent = process.with(|state| state.websale.has_sent(shop, &key.subject));
        let finding = if is_sent { Finding::Sent } else { Finding::NotSent };
        match unknown.map(|row| ledger::resolve(row.clone(), finding, now)) {
            Some(Ok((row, resolution))) => {
                // Noted before it is written: the answer may be lost, and whoever asks again finds nothing to resolve.
                process.with(|state| match resolution {
                    Resolution::Outdated => drop(state.outdated.insert(key.to_string())),
                    _ => drop(state.outdated.remove(&key.to_string())),
                });
                Change::Write(Box::new(row), ())
            }
            _ => Change::Keep(()),
        }
    };
    ledger::update(&*ports.ledger, &*ports.random, key, Guess::Unknown, decide).await.is_ok()
}

impl State {
    /// How many rows call a person.
    pub(crate) fn for_a_person(&self) -> usize {
        self.ledger.rows.values().filter(|row| row.attention.is_some()).count()
    }

    /// Whether a person is asked if something was sent.
    pub(crate) fn has_doubt(&self) -> bool {
        self.ledger.rows.values().any(|row| row.state == Standing::OutcomeUnknown)
    }

    /// After every letter was put back and every doubt resolved, only what nobody can help is left.
    pub(crate) fn is_put_right(&self, found: &mut Found) {
        for row in self.ledger.rows.values() {
            let is_final = match row.state {
                Standing::Parked => row.attention == Some(Attention::WithdrawalNotExpressible) || self.is_late(row),
                Standing::OutcomeUnknown => false,
                _ => true,
            };
            if !is_final {
                found.note(Invariant::PutRight, format!("{} ends {}, {:?}", row.key, row.state.name(), row.last_error));
            }
        }
        let is_left = |letter: &&DeadLetter| letter.reason != NO_WORDS && letter.reason != TOO_LATE;
        for letter in self.queue.dead.iter().filter(is_left) {
            found.note(Invariant::PutRight, format!("a letter is left: {} {}", letter.reason, letter.body));
        }
    }

    /// Whether the time in which a promotion may go out has passed.
    pub(crate) fn is_late(&self, row: &Row) -> bool {
        let send_before = row.promotion.as_ref().and_then(|promotion| promotion.send_before);
        row.key.kind == Kind::Promotion && send_before.is_some_and(|instant| instant <= self.now)
    }
}

/// Why a push is given up whose time has passed.
const TOO_LATE: &str = "too_late_to_send";
