//! One cached secret: what is known of it, and the one reading that may be under way.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{CALM, Reading, STALE, names::Again};
use crate::secret::{Model, SecretError, parse_text};

/// One name.
pub(super) struct Entry<T> {
    state: Mutex<State<T>>,
    /// Held while the store is asked. Never needed to use a value that is there.
    flight: tokio::sync::Mutex<()>,
}

struct State<T> {
    held: Option<Held<T>>,
    failure: Option<(SecretError, Timestamp)>,
    /// When the last reading began, and whether it ended: one whose caller gave up never does.
    tried: Option<(Timestamp, bool)>,
    /// How many readings ended. Whoever waited for one sees that it moved.
    finished: u64,
}

struct Held<T> {
    value: Arc<T>,
    digest: [u8; 32],
    read_at: Timestamp,
    changed_at: Option<Timestamp>,
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        let state = State { held: None, failure: None, tried: None, finished: 0 };
        Self { state: Mutex::new(state), flight: tokio::sync::Mutex::new(()) }
    }
}

/// Whether `then` is less than `limit` away. The clock may be set back: a far future counts as long ago.
fn within(now: Timestamp, then: Timestamp, limit: Duration) -> bool {
    now.duration_since(then).unsigned_abs() < limit
}

impl<T: Model> Entry<T> {
    /// Waits for the reading under way, if there is one.
    pub(super) async fn flight(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.flight.lock().await
    }

    /// How many readings ended.
    pub(super) fn finished(&self) -> u64 {
        self.state().finished
    }

    /// Whether a reading began within the last 10 seconds.
    pub(super) fn tried_just_now(&self, reading: &Reading) -> bool {
        let now = reading.clock.now();
        self.state().tried.is_some_and(|(at, _)| within(now, at, CALM))
    }

    /// Whether forgetting the entry would lose a value.
    pub(super) fn is_usable(&self, reading: &Reading) -> bool {
        let now = reading.clock.now();
        self.state().held.as_ref().is_some_and(|held| within(now, held.read_at, reading.ttl + STALE))
    }

    /// The answer that needs no reading: a value that is young enough, or too old while another caller is reading or
    /// the store did not answer just now; or a failure that another reading would only confirm.
    pub(super) fn settled(&self, reading: &Reading) -> Option<Result<Arc<T>, SecretError>> {
        let now = reading.clock.now();
        let state = self.state();
        let Some(held) = &state.held else {
            let (failure, at) = state.failure.as_ref()?;
            return (is_definite(failure) && within(now, *at, CALM)).then(|| Err(failure.clone()));
        };
        let in_vain = |(at, ended): (Timestamp, bool)| within(now, at, CALM) && (!ended || state.failure.is_some());
        let limit = if state.tried.is_some_and(in_vain) { reading.ttl + STALE } else { reading.ttl };
        within(now, held.read_at, limit).then(|| Ok(Arc::clone(&held.value)))
    }

    /// Asks the store and keeps what it says. The caller holds the flight.
    pub(super) async fn read(&self, reading: &Reading, name: &str) {
        self.state().tried = Some((reading.clock.now(), false));
        let fetched = reading.store.fetch(name).await;
        let now = reading.clock.now();
        let mut state = self.state();
        match fetched.and_then(|text| state.keep(name, &text, now)) {
            Ok(()) => state.failure = None,
            Err(failure) => {
                if is_definite(&failure) {
                    state.held = None;
                }
                state.failure = Some((failure, now));
            }
        }
        state.tried = state.tried.map(|(at, _)| (at, true));
        state.finished += 1;
    }

    /// What the last reading came to: its value, or a stale one if the store did not answer.
    pub(super) fn latest(&self, reading: &Reading, name: &str) -> Result<Arc<T>, SecretError> {
        let now = reading.clock.now();
        let state = self.state();
        let failed = state.failure.as_ref().map(|(failure, _)| failure);
        match (&state.held, failed) {
            (Some(held), None) => Ok(Arc::clone(&held.value)),
            (Some(held), Some(_)) if within(now, held.read_at, reading.ttl + STALE) => {
                tracing::warn!(secret = name, "the secret store does not answer: a stale value is used");
                Ok(Arc::clone(&held.value))
            }
            (_, Some(failure)) => Err(failure.clone()),
            (None, None) => Err(unfinished(name)),
        }
    }

    /// The value as far as the store says now; an old one does not do.
    pub(super) fn newest(&self, reading: &Reading, name: &str) -> Result<Again<T>, SecretError> {
        let now = reading.clock.now();
        let state = self.state();
        if let Some((failure, _)) = &state.failure {
            return Err(failure.clone());
        }
        match (&state.held, state.tried) {
            (Some(held), Some((_, true))) => {
                let changed = held.changed_at.is_some_and(|at| within(now, at, CALM));
                Ok(Again { value: Arc::clone(&held.value), changed })
            }
            _ => Err(unfinished(name)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Model> State<T> {
    fn keep(&mut self, name: &str, text: &SecretString, now: Timestamp) -> Result<(), SecretError> {
        let digest = Sha256::digest(text.expose_secret().as_bytes()).into();
        if let Some(held) = self.held.as_mut().filter(|held| held.digest == digest) {
            held.read_at = now;
            return Ok(());
        }
        let value = Arc::new(parse_text(name, text)?);
        let changed_at = (self.finished > 0).then_some(now);
        self.held = Some(Held { value, digest, read_at: now, changed_at });
        Ok(())
    }
}

/// Whether the store answered, so that asking it again at once is of no use.
fn is_definite(failure: &SecretError) -> bool {
    !matches!(failure, SecretError::Unreachable { .. })
}

fn unfinished(name: &str) -> SecretError {
    SecretError::Unreachable { name: name.to_owned(), detail: "the last reading did not end in time".into() }
}
