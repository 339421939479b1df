//! Tokens: one log-in for everybody, renewed in time, and none at all while WEBSALE blocks the account.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::{answer, call};
use crate::{
    config::Destinations,
    http::{CallError, Response},
    ledger::LedgerError,
    ports::Ports,
    retry::Outcome,
    secret::{SecretError, WebsaleSecret},
    shop::ShopName,
};

mod block;
#[cfg(test)]
mod tests;

pub use block::key as account_row;

/// A token lives 30 minutes (WEBSALE's documentation of the authentication service); it is renewed well before.
pub const RENEW_AFTER: SignedDuration = SignedDuration::from_mins(25);

/// A time-out is not the whole story of a call: this much more must be left before the deadline.
pub const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// A shop's account with a token that is believed to be valid.
#[derive(Clone)]
pub struct Session {
    /// The account.
    pub secret: Arc<WebsaleSecret>,
    /// The token.
    pub token: Token,
}

/// A token and the log-in it comes from.
#[derive(Clone)]
pub struct Token {
    text: Arc<SecretString>,
    since: Timestamp,
    /// Counts this account's log-ins.
    number: u64,
}

impl Token {
    /// The token as WEBSALE gave it.
    pub fn text(&self) -> &SecretString {
        &self.text
    }
}

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoginError {
    /// The shop's secret cannot be read or is not there.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// WEBSALE refused the account (403) or blocked it (423); until then no log-in is tried.
    #[error("no log-in before {until}: WEBSALE refused the account")]
    Blocked {
        /// When the next log-in may be tried.
        until: Timestamp,
        /// The status that began the block.
        status: u16,
    },
    /// The log-in did not succeed.
    #[error("the log-in failed")]
    Failed(Outcome),
    /// Nobody knows whether the account is blocked, so no log-in is made.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Not enough time is left before the deadline to log in.
    #[error("too little time left to log in")]
    NoTime,
}

/// Tokens of all accounts this process uses.
#[derive(Clone)]
pub struct Tokens {
    ports: Ports,
    config: Destinations,
    accounts: Arc<Mutex<HashMap<AccountKey, Arc<Account>>>>,
}

/// Shop id and user name at WEBSALE: shops with the same account share its token.
type AccountKey = (String, String);

/// One account. The lock is held during a log-in: whoever waits for it gets the same token, or the same failure.
#[derive(Default)]
struct Account {
    state: tokio::sync::Mutex<AccountState>,
    /// Counts tries, so that a waiter notices that one ended while it waited.
    tries: std::sync::atomic::AtomicU64,
}

#[derive(Default)]
struct AccountState {
    token: Option<Token>,
    failure: Option<LoginError>,
}

impl Tokens {
    /// An empty cache.
    pub fn new(ports: Ports, config: Destinations) -> Self {
        Self { ports, config, accounts: Arc::default() }
    }

    /// The shop's account with a token: the cached one, or that of a log-in made now.
    pub async fn session(&self, shop: &ShopName, deadline: Timestamp) -> Result<Session, LoginError> {
        let secret = self.ports.secrets.websale(shop).await?;
        self.renewed(shop, secret, None, deadline).await
    }

    /// The same after WEBSALE answered 401 to this token: another token, by one log-in for all who ask.
    pub async fn again(&self, shop: &ShopName, refused: &Session, deadline: Timestamp) -> Result<Session, LoginError> {
        self.renewed(shop, Arc::clone(&refused.secret), Some(&refused.token), deadline).await
    }

    async fn renewed(
        &self,
        shop: &ShopName,
        secret: Arc<WebsaleSecret>,
        refused: Option<&Token>,
        deadline: Timestamp,
    ) -> Result<Session, LoginError> {
        let account = self.account(&secret);
        let tries = account.tries.load(std::sync::atomic::Ordering::Acquire);
        let mut state = account.state.lock().await;
        if let Some(token) = state.token.as_ref().filter(|token| self.is_good(token, refused)) {
            return Ok(Session { secret, token: token.clone() });
        }
        let tries_now = account.tries.load(std::sync::atomic::Ordering::Acquire);
        if let Some(failure) = state.failure.as_ref().filter(|_| tries_now != tries) {
            return Err(failure.clone());
        }
        let result = self.log_in(shop, &secret, deadline).await;
        account.tries.store(tries_now + 1, std::sync::atomic::Ordering::Release);
        match result {
            Ok((used, text)) => {
                let since = self.ports.clock.now();
                let token = Token { text: Arc::new(text), since, number: tries_now + 1 };
                *state = AccountState { token: Some(token.clone()), failure: None };
                Ok(Session { secret: used, token })
            }
            Err(error) => {
                // A time-out of one caller's making says nothing to the others.
                let shared = (!matches!(error, LoginError::NoTime)).then(|| error.clone());
                *state = AccountState { token: None, failure: shared };
                Err(error)
            }
        }
    }

    fn account(&self, secret: &WebsaleSecret) -> Arc<Account> {
        let key = (secret.shop_id.clone(), secret.username.clone());
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(key).or_default())
    }

    fn is_good(&self, token: &Token, refused: Option<&Token>) -> bool {
        let age = self.ports.clock.now().duration_since(token.since);
        age < RENEW_AFTER && refused.is_none_or(|refused| refused.number != token.number)
    }

    /// Logs in, unless the account is blocked. Refused credentials are read anew first: they may have been changed.
    async fn log_in(
        &self,
        shop: &ShopName,
        secret: &Arc<WebsaleSecret>,
        deadline: Timestamp,
    ) -> Result<(Arc<WebsaleSecret>, SecretString), LoginError> {
        let blocked = block::read(&self.ports, secret).await?;
        let mut secret = Arc::clone(secret);
        let mut response = self.call(&secret, deadline).await?;
        if matches!(response.status, 401 | 403) {
            let current = self.ports.secrets.websale_again(shop).await?;
            if block::key(&current) == block::key(&secret) && !same_password(&current, &secret) {
                secret = current;
                response = self.call(&secret, deadline).await?;
            }
        }
        match response.status {
            200..=299 => {
                if blocked {
                    block::lift(&self.ports, &secret).await?;
                }
                let text = answer::token(&response).ok_or_else(|| {
                    LoginError::Failed(Err(CallError::NoAnswer("the log-in's answer holds no token".into())))
                })?;
                Ok((secret, text.into()))
            }
            401 | 403 | 423 => Err(block::begin(&self.ports, &secret, &response).await?),
            _ => Err(LoginError::Failed(Ok(response))),
        }
    }

    async fn call(&self, secret: &WebsaleSecret, deadline: Timestamp) -> Result<Response, LoginError> {
        let left = deadline.duration_since(self.ports.clock.now());
        if left
            <= SignedDuration::try_from(self.config.http_timeout).unwrap_or(SignedDuration::MAX).saturating_add(MARGIN)
        {
            return Err(LoginError::NoTime);
        }
        let request = call::login(secret, &self.config);
        self.ports.http.call(request).await.map_err(|error| LoginError::Failed(Err(error)))
    }
}

fn same_password(one: &WebsaleSecret, other: &WebsaleSecret) -> bool {
    one.password.expose_secret() == other.password.expose_secret()
}
