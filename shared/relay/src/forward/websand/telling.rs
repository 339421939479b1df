//! Tells Websand what people decide about marketing mail.
//!
//! Whoever is about to tell it of a decision holds the person's row meanwhile, orders too. So a withdrawal that comes
//! while an order with a grant is on its way waits, and is the last that Websand hears.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Step, WebsandForwarder, post::Post};
use crate::{
    alarm::Alarm,
    destination::websand,
    erase::tombstone,
    event::Customer,
    forward::{
        attempt::{Attempt, Taken, failure},
        consent::{self, Decision},
        erase,
    },
    ledger::{
        Attempts, Attention, Change, Consent, Guess, Row, State,
        transition::{self, settled},
    },
    message::RowKey,
    queue::Settlement,
    retry::{Call, Failure},
    secret::WebsandSecret,
};

/// What is known of the person an event is about, read once.
pub(super) struct Person {
    key: RowKey,
    row: Option<Row>,
}

/// What an event has to say about consent.
pub(super) enum Word<'a> {
    /// Nothing, or nothing that Websand does not know.
    Nothing,
    /// A decision.
    Decision(Telling<'a>),
    /// Something, but not now.
    Later(Waiting<'a>),
}

/// A decision that cannot be told yet: somebody is at work on the person's row, or it waits for Websand.
pub(super) struct Waiting<'a> {
    attempt: Attempt<'a>,
    decision: Decision,
    pub(super) after: Duration,
}

/// A decision that Websand is to be told, with the person's row claimed for it.
pub(super) struct Telling<'a> {
    attempt: Attempt<'a>,
    row: Box<Row>,
    consent: Consent,
}

impl Person {
    /// What they decided, or that they were forgotten.
    pub(super) const fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }

    /// Their name without a name.
    pub(super) fn customer_key(&self) -> String {
        self.key.subject.clone()
    }
}

impl WebsandForwarder {
    /// Reads what is known of a person.
    pub(super) async fn person(&self, attempt: &Attempt<'_>, customer: &Customer) -> Step<Person> {
        let key = self.consent_key(attempt, customer).await?;
        match self.ports.ledger.get(&key).await {
            Ok(row) => Ok(Person { key, row }),
            Err(error) => Err(attempt.ledger_failed(&error)),
        }
    }

    /// The key of a person's row.
    pub(super) async fn consent_key(&self, attempt: &Attempt<'_>, customer: &Customer) -> Step<RowKey> {
        match self.ports.secrets.installation().await {
            Ok(installation) => Ok(consent::row_key(attempt.shop, installation.customer_key(&customer.email))),
            Err(error) => Err(attempt.secret_failed(&error).await),
        }
    }

    /// Settles an event that is older than its person's erasure. If it was under way meanwhile, its decision may have been
    /// given up after all, and is put back with it.
    pub(super) async fn forgotten(&self, attempt: &Attempt<'_>, person: Person) -> Settlement {
        let now = attempt.now();
        if let Some(row) = person.row.filter(|row| tombstone::rested(row, now).is_some()) {
            let decide = |stored: Option<&Row>| match stored.and_then(|row| tombstone::rested(row, now)) {
                Some(rested) => Change::Write(Box::new(rested), ()),
                None => Change::Keep(()),
            };
            if let Err(error) = attempt.at_row(person.key).change(Guess::Row(Box::new(row)), decide).await {
                return attempt.ledger_failed(&error);
            }
        }
        erase::suppressed(attempt, "erased").await
    }

    /// Writes the decision down and claims the person's row, if Websand is to be told.
    pub(super) async fn word<'a>(
        &self,
        attempt: &Attempt<'a>,
        person: Person,
        decision: Option<Decision>,
        secret: &WebsandSecret,
    ) -> Step<Word<'a>> {
        let Some(decision) = decision else { return Ok(Word::Nothing) };
        if person.row.as_ref().is_some_and(|row| decision.is_left_to(row, attempt.event_id, attempt.now())) {
            return Ok(Word::Nothing);
        }
        let attempt = attempt.at_row(person.key);
        let guess = person.row.map_or(Guess::Absent, |row| Guess::Row(Box::new(row)));
        let expressible = is_expressible(decision.consent, secret);
        let relevance = |row: &Row| decision.relevance(row, attempt.event_id, expressible);
        Ok(match attempt.try_claim(guess, relevance, |row| decision.note(row)).await? {
            Taken::Ours(row) => Word::Decision(Telling { attempt, row, consent: decision.consent }),
            Taken::Superseded => Word::Nothing,
            Taken::Busy(after) => Word::Later(Waiting { attempt, decision, after }),
        })
    }

    /// Settles an event of which nothing but the decision is left, if that.
    pub(super) async fn decision(
        &self,
        attempt: &Attempt<'_>,
        word: Word<'_>,
        customer: &Customer,
        secret: Arc<WebsandSecret>,
    ) -> Settlement {
        match word {
            Word::Nothing => attempt.log_done("superseded"),
            Word::Later(Waiting { after, .. }) => Settlement::Back { after },
            Word::Decision(telling) => self.tell(telling, customer, secret).await,
        }
    }

    /// Tells the decision alone, without the data of the event.
    pub(super) async fn tell(
        &self,
        telling: Telling<'_>,
        customer: &Customer,
        secret: Arc<WebsandSecret>,
    ) -> Settlement {
        if !is_expressible(telling.consent, &secret) {
            return telling.park().await;
        }
        let body = websand::subscriber(&customer.consent_only(), telling.attempt.shop, &secret, Some(telling.consent));
        let post = Post { call: Call::WebsandSubscriber, request: websand::subscriber_request, body };
        match self.post(&telling.attempt, &telling.row, secret, &post).await {
            Ok(()) => telling.told().await,
            Err(settlement) => settlement,
        }
    }
}

/// The event is not settled, so that nothing is told of it yet. If it is given up and the person's row cannot say so, it
/// comes back and is given up once more: nobody else would come for the decision.
pub(super) async fn not_told(word: Word<'_>, settlement: Settlement) -> Settlement {
    word.put_down().await.err().unwrap_or(settlement)
}

/// Whether the shop's settings have words for the decision.
fn is_expressible(consent: Consent, secret: &WebsandSecret) -> bool {
    consent == Consent::Granted || secret.consent_withdrawn.is_some()
}

impl Word<'_> {
    /// What the delivery of the event's data may say along with it.
    pub(super) fn carried(&self, secret: &WebsandSecret) -> Option<Consent> {
        match self {
            Self::Decision(telling) if is_expressible(telling.consent, secret) => Some(telling.consent),
            _ => None,
        }
    }

    /// It is not told now. The decision stays written down, and the message comes back to tell it; or a person puts it
    /// back, if it was parked.
    async fn put_down(self) -> Step<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Decision(telling) => telling.put_down().await,
            Self::Later(waiting) => waiting.put_down().await,
        }
    }
}

/// The row of a decision whose event was given up; the row of the data calls a person.
fn given_up(row: Row, failure: &Failure, now: Timestamp) -> Row {
    Row { state: State::Parked, last_error: Some(transition::last_error(failure, now)), ..row }
}

impl Waiting<'_> {
    /// Nobody else may know of the decision, not even whoever is at work on the row: that may be this very event, whose
    /// worker vanished. If somebody tells it after all, they say so.
    async fn put_down(self) -> Step<()> {
        let Self { attempt, decision, .. } = &self;
        let Some((failure, _)) = attempt.parked() else { return Ok(()) };
        let decide = |stored: Option<&Row>| match stored {
            Some(row) if row.state == State::Open && decision.is_that_of(row) => {
                Change::Write(Box::new(given_up(row.clone(), failure, attempt.now())), ())
            }
            _ => Change::Keep(()),
        };
        match attempt.change(Guess::Unknown, decide).await {
            Ok(_) => Ok(()),
            Err(error) => Err(attempt.ledger_failed(&error)),
        }
    }
}

impl Telling<'_> {
    async fn put_down(self) -> Step<()> {
        let Self { attempt, row, .. } = &self;
        let released = |row| {
            let mut row = transition::released(row, attempt.event_id);
            if let Some((failure, _)) = attempt.parked() {
                row.attempts.remove(attempt.event_id);
                row = given_up(row, failure, attempt.now());
            }
            if row.state != State::Parked {
                row.attempts.retain(|_, attempts| *attempts != Attempts::default());
            }
            row
        };
        match attempt.store_end(row, released).await {
            Err(error) if attempt.parked().is_some() => Err(attempt.ledger_failed(&error)),
            Err(error) => {
                tracing::debug!(row = %attempt.key, %error, "not released; the lease runs out");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Notes that Websand knows.
    pub(super) async fn told(self) -> Settlement {
        let attempt = &self.attempt;
        let told = |row| {
            let mut row = settled(row, attempt.event_id, State::Delivered, attempt.now());
            // Of those that were parked nothing is left to tell.
            row.attempts.retain(|_, attempts| *attempts != Attempts::default());
            row
        };
        attempt.finish(&self.row, "told", told).await
    }

    /// Nothing of ours signs the person up again; but Websand goes on mailing until a person has unsubscribed them
    /// there, or has mended the settings and redrives the message.
    async fn park(self) -> Settlement {
        let (alarm, shop, row) = (Alarm::WithdrawalNotExpressible, self.attempt.shop.as_str(), &self.row.key);
        tracing::error!(%alarm, shop, %row, "a person who unsubscribed is still subscribed at Websand");
        let failure = failure(
            "withdrawal_not_expressible",
            "consent.withdrawn of the shop's websand secret is not set; unsubscribe the person in Websand by hand",
        );
        self.attempt.park(Some(*self.row), &failure, Attention::WithdrawalNotExpressible).await
    }
}
