//! Telling shops what became of their promotions.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{Run, ask::LEASE_MARGIN};
use crate::{
    alarm::Alarm,
    callback::{request, webhook_id},
    ledger::{self, Callbacks, Guess, Lease, LedgerError, Owed, Row, callback},
    retry::{Call, Circumstances, Decision, Failure, MEND_WAIT, RETRY_FOR, decide},
    secret::{SecretError, WebsaleSecret},
    shop::ShopName,
};

/// What came of a row of which the shop was to be told something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How many callbacks the shop has taken.
    pub(super) told: usize,
    /// Whether it could not be told, for now.
    pub(super) failed: bool,
}

/// What one try came to.
enum Tried {
    /// The shop has it.
    Taken,
    /// It is tried again then.
    Again(Timestamp, Failure),
    /// It is given up.
    GivenUp(Failure),
    /// There is no such shop any more: all that is owed is given up.
    Removed(Failure),
    /// The shop wants no callbacks any more.
    Unwanted,
    /// There was no time for it.
    NoTime,
}

impl Run<'_> {
    /// Tells the shop what it is owed, in order, as far as it listens. A pause of the connection does not matter: it is
    /// for calls to WEBSALE.
    pub(super) async fn tell(&self, row: &Row, shop: &ShopName) -> Told {
        let mut told = Told::default();
        if let Err(error) = self.try_tell(row, shop, &mut told).await {
            tracing::error!(row = %row.key, %error, "a shop is not told what became of a promotion");
            told.failed = true;
        }
        told
    }

    async fn try_tell(&self, row: &Row, shop: &ShopName, told: &mut Told) -> Result<(), LedgerError> {
        loop {
            if self.is_deaf(shop) || !self.has_time() {
                return Ok(());
            }
            let secret = self.poller.ports.secrets.websale(shop).await;
            if secret.as_ref().is_ok_and(|secret| secret.status_callback.is_none()) {
                return self.drop_unwanted(row).await;
            }
            let token = format!("{:016x}", self.poller.ports.random.next());
            let Some((row, owed)) = self.claim(row, &token).await? else { return Ok(()) };
            let tried = match secret {
                Ok(secret) => self.attempt(&row, &owed, shop, secret).await,
                Err(error) => self.without_secret(&row, &error),
            };
            let goes_on = matches!(tried, Tried::Taken);
            told.told += usize::from(goes_on);
            told.failed |= matches!(tried, Tried::Again(..) | Tried::GivenUp(_) | Tried::Removed(_));
            if told.failed {
                self.deaf.lock().unwrap_or_else(PoisonError::into_inner).insert(shop.clone());
            }
            self.finish(&row, &owed, &token, &tried).await?;
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Takes the first of what is owed, if it is due and nobody else is at it.
    async fn claim(&self, found: &Row, token: &str) -> Result<Option<(Row, Owed)>, LedgerError> {
        let (ports, now) = (&self.poller.ports, self.now());
        let until = self.deadline.saturating_add(LEASE_MARGIN).unwrap_or(Timestamp::MAX);
        let lease = || Lease { token: token.to_owned(), until };
        let decide = |stored: Option<&Row>| callback::claim(stored, lease(), now);
        let (row, owed) = ledger::update(&*ports.ledger, &*ports.random, &found.key, Guess::Unknown, decide).await?;
        Ok(row.zip(owed))
    }

    /// Most shops want no callbacks: what they are owed costs one write.
    async fn drop_unwanted(&self, found: &Row) -> Result<(), LedgerError> {
        let (ports, now) = (&self.poller.ports, self.now());
        let decide = |stored: Option<&Row>| callback::drop_unwanted(stored, now);
        ledger::update(&*ports.ledger, &*ports.random, &found.key, Guess::Unknown, decide).await.map(drop)
    }

    async fn attempt(&self, row: &Row, owed: &Owed, shop: &ShopName, secret: Arc<WebsaleSecret>) -> Tried {
        let (mut secret, mut refreshed) = (secret, false);
        loop {
            let Some(callback) = &secret.status_callback else { return Tried::Unwanted };
            if !self.has_time() {
                return Tried::NoTime;
            }
            let request = request(row, owed, callback, &self.poller.config, self.now());
            let outcome = self.poller.callbacks.call(request).await;
            match decide(Call::ShopCallback, &outcome, &self.of_callback(row, refreshed)) {
                Decision::Delivered | Decision::Gone => return Tried::Taken,
                Decision::Refresh => {
                    refreshed = true;
                    match self.poller.ports.secrets.websale_again(shop).await {
                        Ok(again) => secret = again,
                        Err(error) => return self.without_secret(row, &error),
                    }
                }
                Decision::Retry { at, failure } | Decision::Mend { at, failure } => return Tried::Again(at, failure),
                Decision::Park { failure } | Decision::Unknown { failure } => return Tried::GivenUp(failure),
            }
        }
    }

    /// Whether the shop wants to be told is not known: that is waited for as long as for the shop itself.
    fn without_secret(&self, row: &Row, error: &SecretError) -> Tried {
        let now = self.now();
        let is_missing = matches!(error, SecretError::NotFound { .. });
        let code = if is_missing { "secret_missing" } else { "secret_unusable" };
        let hint = if is_missing { "; was the shop removed?" } else { "" };
        let failure = Failure { code: code.into(), status: None, detail: format!("{error}{hint}") };
        let since = row.callbacks.as_ref().map_or(now, |callbacks| callbacks.since);
        if now.duration_since(since) >= RETRY_FOR {
            return if is_missing { Tried::Removed(failure) } else { Tried::GivenUp(failure) };
        }
        let wait = SignedDuration::try_from(MEND_WAIT).unwrap_or_default();
        Tried::Again(now.saturating_add(wait).unwrap_or(Timestamp::MAX), failure)
    }

    fn of_callback(&self, row: &Row, refreshed: bool) -> Circumstances {
        let now = self.now();
        let (attempt, sent_at) = match &row.callbacks {
            Some(Callbacks { failed, since, .. }) => (u32::from(*failed), *since),
            None => (0, now),
        };
        Circumstances { refreshed, proven: true, attempt, sent_at, now, random: self.poller.ports.random.next() }
    }

    /// Notes what came of it and gives the row's callbacks back.
    async fn finish(&self, row: &Row, owed: &Owed, token: &str, tried: &Tried) -> Result<(), LedgerError> {
        let (ports, now, id) = (&self.poller.ports, self.now(), webhook_id(row, owed));
        let status = owed.status.name();
        match tried {
            Tried::Taken => tracing::info!(row = %row.key, status, id, "the shop was told"),
            Tried::Again(_, Failure { code, status: answered, detail }) => {
                tracing::warn!(row = %row.key, status, id, code, answered, detail, "the shop could not be told");
            }
            Tried::GivenUp(failure) | Tried::Removed(failure) => {
                let Failure { code, status: answered, detail } = failure;
                let alarm = Alarm::CallbackFailed;
                tracing::error!(%alarm, row = %row.key, status, id, code, answered, detail, "the shop is not told");
            }
            Tried::Unwanted | Tried::NoTime => {}
        }
        let next = |row: Row| match tried {
            Tried::Taken => callback::told(row, owed, now),
            Tried::Again(at, _) => callback::put_off(row, *at),
            Tried::GivenUp(failure) => callback::given_up(row, owed, failure, now),
            Tried::Removed(failure) => callback::all_given_up(row, failure, now),
            Tried::Unwanted => callback::unwanted(row, now),
            Tried::NoTime => callback::released(row, now),
        };
        let decide = |stored: Option<&Row>| callback::finish(stored, token, next);
        let guess = Guess::Row(Box::new(row.clone()));
        ledger::update(&*ports.ledger, &*ports.random, &row.key, guess, decide).await.map(drop)
    }

    fn is_deaf(&self, shop: &ShopName) -> bool {
        self.deaf.lock().unwrap_or_else(PoisonError::into_inner).contains(shop)
    }
}
