//! The block after a refused log-in: a ledger row, so that it holds for all processes.

use jiff::{SignedDuration, Timestamp};

use super::LoginError;
use crate::{
    destination::websale::body::content_hash,
    http::Response,
    ledger::{self, Attention, Change, Guess, LedgerError, Row, transition},
    message::{Kind, RowKey},
    ports::Ports,
    retry::{Failure, parse_retry_after},
    secret::WebsaleSecret,
    shop::Destination,
};

/// What log-ins are called among a row's attempts.
const EVENT: &str = "login";

/// WEBSALE's block lasts an undocumented time and grows with further tries; no setting goes below this.
const SHORTEST: SignedDuration = SignedDuration::from_secs(900);

/// The account's row. The user name may be an address, so only a short hash of it is kept.
pub fn key(secret: &WebsaleSecret) -> RowKey {
    let user: String = content_hash(&[secret.username.as_bytes()]).chars().take(16).collect();
    RowKey {
        shop: None,
        destination: Destination::Websale,
        kind: Kind::Login,
        subject: format!("{}/{user}", secret.shop_id),
    }
}

/// Whether the account was blocked once; an error while it still is.
pub(super) async fn read(ports: &Ports, secret: &WebsaleSecret) -> Result<bool, LoginError> {
    let row = ports.ledger.get(&key(secret)).await?;
    let now = ports.clock.now();
    if let Some((until, row)) = row.as_ref().and_then(|row| Some((row.not_before?, row))).filter(|(at, _)| *at > now) {
        let status = row.last_error.as_ref().and_then(|error| error.status).unwrap_or_default();
        return Err(LoginError::Blocked { until, status });
    }
    Ok(row.is_some_and(|row| row.attention.is_some()))
}

/// Blocks the account for all processes. A block that lasts longer already stays.
pub(super) async fn begin(
    ports: &Ports,
    secret: &WebsaleSecret,
    response: &Response,
) -> Result<LoginError, LedgerError> {
    let now = ports.clock.now();
    let until = end(now, secret, response);
    let failure = Failure {
        code: format!("http_{}", response.status),
        status: Some(response.status),
        // The answer may repeat the user name and the password.
        detail: String::new(),
    };
    let key = key(secret);
    let decide = |stored: Option<&Row>| {
        let row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
        let until = row.not_before.map_or(until, |standing| standing.max(until));
        let row = transition::failed(row, EVENT, &failure, until, Some(Attention::CredentialsRefused), now);
        Change::Write(Box::new(row), until)
    };
    let (_, until) = ledger::update(&*ports.ledger, &*ports.random, &key, Guess::Unknown, decide).await?;
    Ok(LoginError::Blocked { until, status: response.status })
}

fn end(now: Timestamp, secret: &WebsaleSecret, response: &Response) -> Timestamp {
    let backoff = SignedDuration::try_from(secret.login_backoff).unwrap_or(SHORTEST).max(SHORTEST);
    let ours = now.saturating_add(backoff).unwrap_or(Timestamp::MAX);
    let theirs = response.header("retry-after").and_then(|header| parse_retry_after(header, now));
    theirs.map_or(ours, |theirs| theirs.max(ours))
}

/// The account works again.
pub(super) async fn lift(ports: &Ports, secret: &WebsaleSecret) -> Result<(), LedgerError> {
    let now = ports.clock.now();
    let decide = |stored: Option<&Row>| match stored {
        Some(row) if row.attention.is_some() => {
            let mut row = transition::settled(row.clone(), EVENT, ledger::State::Delivered, now);
            row.not_before = None;
            Change::Write(Box::new(row), ())
        }
        _ => Change::Keep(()),
    };
    ledger::update(&*ports.ledger, &*ports.random, &key(secret), Guess::Unknown, decide).await?;
    Ok(())
}
