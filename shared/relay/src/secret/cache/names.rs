//! All names of one kind of secret, bounded against callers who try many names.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Reading, entry::Entry};
use crate::secret::{Model, SecretError};

/// From this many names on, those that hold nothing usable are dropped when a new one comes.
const SWEEP: usize = 1024;

/// The cached secrets of one kind.
pub(super) struct Cache<T>(Mutex<Names<T>>);

struct Names<T> {
    entries: HashMap<String, Arc<Entry<T>>>,
    /// Doubled after a sweep that found little, so that sweeping costs little however many shops there are.
    sweep_at: usize,
}

/// A value read again.
pub(super) struct Again<T> {
    /// The newest value.
    pub(super) value: Arc<T>,
    /// Whether it differs from what callers may have been given 10 seconds ago.
    pub(super) changed: bool,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::new(Names { entries: HashMap::new(), sweep_at: SWEEP }))
    }
}

impl<T: Model> Cache<T> {
    /// The value, from the cache if it is there.
    pub(super) async fn get(&self, reading: &Reading, name: &str) -> Result<Arc<T>, SecretError> {
        let entry = self.entry(reading, name);
        if let Some(settled) = entry.settled(reading) {
            return settled;
        }
        let seen = entry.finished();
        let _flight = entry.flight().await;
        if entry.finished() == seen {
            entry.read(reading, name).await;
        }
        entry.latest(reading, name)
    }

    /// The value, read anew unless that was tried within the last 10 seconds.
    pub(super) async fn again(&self, reading: &Reading, name: &str) -> Result<Again<T>, SecretError> {
        let entry = self.entry(reading, name);
        let seen = entry.finished();
        let _flight = entry.flight().await;
        if entry.finished() == seen && !entry.tried_just_now(reading) {
            entry.read(reading, name).await;
        }
        entry.newest(reading, name)
    }

    fn entry(&self, reading: &Reading, name: &str) -> Arc<Entry<T>> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = names.entries.get(name) {
            return Arc::clone(entry);
        }
        if names.entries.len() >= names.sweep_at {
            // Entries are cloned under this lock only, so that a count of one means that nobody waits for it.
            names.entries.retain(|_, entry| Arc::strong_count(entry) > 1 || entry.is_usable(reading));
            names.sweep_at = SWEEP.max(2 * names.entries.len());
        }
        let entry = Arc::new(Entry::default());
        names.entries.insert(name.to_owned(), Arc::clone(&entry));
        entry
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap().entries.len()
    }
}
