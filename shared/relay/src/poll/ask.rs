//! One question: the row is leased, WEBSALE asked, the answer noted.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Asked, Run, record};
use crate::{
    destination::websale::{
        answer::DispatchStatus,
        call::Calls,
        login::{LoginError, MARGIN},
    },
    forward::websale::content,
    ledger::{self, Attention, Change, Guess, Lease, LedgerError, Purpose, Row, connection, transition::finish},
    retry::{Call, Circumstances, Decision, Failure, MEND_WAIT, decide},
    secret::WebsaleSecret,
    shop::{Destination, ShopName},
};

/// A lease outlives the run by this, so that a run at its limit is not overtaken.
pub(super) const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(15);

/// Why there is no answer.
enum NoAnswer {
    /// Nothing was asked, for lack of time.
    NoTime,
    /// Nothing is known of the row's block either.
    Ledger(LedgerError),
    /// The log-in or the call failed.
    Failed(Trouble),
}

/// What failed, and what follows.
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// Not asked again before this.
    pub(super) not_before: Timestamp,
    /// What a person is to mend.
    pub(super) attention: Option<Attention>,
    /// Whether the shop's other dispatches would fare the same.
    pub(super) of_shop: bool,
    /// The account, if it is known.
    pub(super) secret: Option<Arc<WebsaleSecret>>,
}

impl Run<'_> {
    /// Whether a call can still end before the deadline.
    pub(super) fn has_time(&self) -> bool {
        let timeout = SignedDuration::try_from(self.poller.config.http_timeout).unwrap_or(SignedDuration::MAX);
        let end = self.now().saturating_add(timeout.saturating_add(MARGIN)).unwrap_or(Timestamp::MAX);
        end <= self.deadline
    }

    pub(super) fn now(&self) -> Timestamp {
        self.poller.ports.clock.now()
    }

    /// Asks about one dispatch and notes what came of it.
    pub(super) async fn ask(&self, row: &Row, shop: &ShopName, proven: bool) -> Asked {
        self.try_ask(row, shop, proven).await.unwrap_or_else(|error| {
            tracing::error!(row = %row.key, %error, "a dispatch is not asked about");
            Asked::Failed
        })
    }

    async fn try_ask(&self, row: &Row, shop: &ShopName, proven: bool) -> Result<Asked, LedgerError> {
        let token = format!("{:016x}", self.poller.ports.random.next());
        let Some(row) = self.lease(row, &token).await? else { return Ok(Asked::Skipped) };
        let now = self.now();
        match self.status(&row, shop, proven).await {
            Ok((status, secret)) => {
                let next = |row| record::answered(row, &status, &secret, now);
                let asked = if next(row.clone()).due.is_some() { Asked::Running } else { Asked::Ended };
                self.note(&row, &token, next).await?;
                if !proven {
                    self.prove(shop).await?;
                }
                Ok(asked)
            }
            Err(NoAnswer::NoTime) => {
                self.note(&row, &token, |row| row).await?;
                Ok(Asked::Skipped)
            }
            Err(NoAnswer::Ledger(error)) => Err(error),
            Err(NoAnswer::Failed(trouble)) => {
                let Failure { code, status, detail } = &trouble.failure;
                tracing::warn!(row = %row.key, code, status, detail, "a dispatch could not be asked about");
                if trouble.of_shop {
                    self.troubled.lock().unwrap_or_else(PoisonError::into_inner).insert(shop.clone());
                }
                self.note(&row, &token, |row| record::failed(row, &trouble, now)).await?;
                Ok(Asked::Failed)
            }
        }
    }

    /// Takes the row, if it is still due and nobody works on it.
    pub(super) async fn lease(&self, found: &Row, token: &str) -> Result<Option<Row>, LedgerError> {
        let ports = &self.poller.ports;
        let now = self.now();
        let until = self.deadline.saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        let decide = |stored: Option<&Row>| {
            let is_due = |row: &&Row| row.due.is_some_and(|due| due.purpose == Purpose::Poll && due.at <= now);
            let is_free = |row: &&Row| row.lease.as_ref().is_none_or(|lease| lease.until <= now);
            match stored.filter(is_due).filter(is_free) {
                Some(row) => {
                    let lease = Some(Lease { token: token.to_owned(), until });
                    Change::Write(Box::new(Row { lease, ..row.clone() }), true)
                }
                None => Change::Keep(false),
            }
        };
        let guess = Guess::Row(Box::new(found.clone()));
        let (row, ours) = ledger::update(&*ports.ledger, &*ports.random, &found.key, guess, decide).await?;
        Ok(row.filter(|_| ours))
    }

    /// Stores what the row has become and gives it back. Content goes before the row ends: nobody looks later.
    pub(super) async fn note(&self, leased: &Row, token: &str, next: impl Fn(Row) -> Row) -> Result<(), LedgerError> {
        let ports = &self.poller.ports;
        let ends = next(leased.clone()).due.is_none();
        if ends {
            content::delete(&*ports.ledger, leased).await?;
        }
        let noted = |row: Row| {
            let row = next(row);
            let row = if ends { content::deleted(row) } else { row };
            Row { lease: None, ..row }
        };
        // Somebody may have told the shop something meanwhile: what the row has become counts.
        let decide = |stored: Option<&Row>| finish(stored, token, noted);
        let guess = Guess::Row(Box::new(leased.clone()));
        let (row, is_ours) = ledger::update(&*ports.ledger, &*ports.random, &leased.key, guess, decide).await?;
        match row.filter(|row| is_ours && row.due.is_none()) {
            Some(row) => self.hurry(&row).await,
            None => Ok(()),
        }
    }

    /// Notes that the shop's status calls work.
    async fn prove(&self, shop: &ShopName) -> Result<(), LedgerError> {
        let (ports, now) = (&self.poller.ports, self.now());
        let key = connection::row_key(shop, Destination::Websale);
        let decide = |stored: Option<&Row>| {
            let row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
            Change::Write(Box::new(connection::proven(row, Call::WebsaleStatus, now)), ())
        };
        ledger::update(&*ports.ledger, &*ports.random, &key, Guess::Unknown, decide).await.map(drop)
    }

    async fn status(
        &self,
        row: &Row,
        shop: &ShopName,
        proven: bool,
    ) -> Result<(DispatchStatus, Arc<WebsaleSecret>), NoAnswer> {
        let ports = &self.poller.ports;
        let id = row.remote_id.as_deref().unwrap_or_default();
        let session = self.poller.tokens.session(shop, self.deadline).await;
        let mut session = session.map_err(|error| self.no_session(row, error))?;
        let mut refreshed = false;
        loop {
            if !self.has_time() {
                return Err(NoAnswer::NoTime);
            }
            let calls = Calls { secret: &session.secret, config: &self.poller.config, token: session.token.text() };
            let request = calls.status(id);
            let outcome = ports.http.call(request).await;
            match (decide(Call::WebsaleStatus, &outcome, &self.circumstances(row, refreshed, proven)), outcome) {
                (Decision::Delivered, Ok(response)) => return Ok((DispatchStatus::read(&response), session.secret)),
                (Decision::Refresh, _) => {
                    refreshed = true;
                    let again = self.poller.tokens.again(shop, &session, self.deadline).await;
                    session = again.map_err(|error| self.no_session(row, error))?;
                }
                (decision, _) => return Err(self.trouble(decision, Some(Arc::clone(&session.secret)))),
            }
        }
    }

    fn no_session(&self, row: &Row, error: LoginError) -> NoAnswer {
        let mend_at = self.now().saturating_add(MEND_WAIT).unwrap_or(Timestamp::MAX);
        let trouble = |code: &str, status, detail: String, not_before, attention| {
            let failure = Failure { code: code.into(), status, detail };
            NoAnswer::Failed(Trouble { failure, not_before, attention: Some(attention), of_shop: true, secret: None })
        };
        match error {
            LoginError::NoTime => NoAnswer::NoTime,
            LoginError::Ledger(error) => NoAnswer::Ledger(error),
            LoginError::Failed(outcome) => {
                self.trouble(decide(Call::WebsaleLogin, &outcome, &self.circumstances(row, true, false)), None)
            }
            LoginError::Secret(error) => {
                trouble("secret_unusable", None, error.to_string(), mend_at, Attention::ConfigurationFault)
            }
            LoginError::Blocked { until, status } => {
                trouble("login_refused", Some(status), String::new(), until, Attention::CredentialsRefused)
            }
        }
    }

    fn circumstances(&self, row: &Row, refreshed: bool, proven: bool) -> Circumstances {
        let poll = row.poll.clone().unwrap_or_default();
        let now = self.now();
        let random = self.poller.ports.random.next();
        Circumstances { refreshed, proven, attempt: poll.asked, sent_at: poll.since.unwrap_or(now), now, random }
    }

    fn trouble(&self, decision: Decision, secret: Option<Arc<WebsaleSecret>>) -> NoAnswer {
        let now = self.now();
        let (failure, not_before, attention, of_shop) = match decision {
            Decision::Retry { at, failure } => (failure, at, None, true),
            Decision::Mend { at, failure } => (failure, at, Some(Attention::ConfigurationFault), true),
            // Of this dispatch only: not found, or not yet. The overall deadline ends the asking.
            Decision::Park { failure } | Decision::Unknown { failure } => (failure, now, None, false),
            Decision::Delivered | Decision::Gone | Decision::Refresh => {
                let failure = Failure { code: "no_answer".into(), status: None, detail: String::new() };
                (failure, now, None, false)
            }
        };
        NoAnswer::Failed(Trouble { failure, not_before, attention, of_shop, secret })
    }
}
