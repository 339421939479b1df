//! Tokens of Shopware's API, kept by the process until shortly before they expire.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

/// A token is not used in the last seconds of its life (ten minutes by default): a call takes time.
const MARGIN: SignedDuration = SignedDuration::from_secs(30);

/// The tokens of all shops, by address and integration.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<Key, Token>>);

type Key = (Url, String);

struct Token {
    text: SecretString,
    until: Timestamp,
}

impl Tokens {
    /// The integration's token, if there is one that is still good.
    pub(super) fn get(&self, url: &Url, client_id: &str, now: Timestamp) -> Option<SecretString> {
        let tokens = self.lock();
        let token = tokens.get(&(url.clone(), client_id.to_owned()))?;
        (now < token.until).then(|| token.text.clone())
    }

    /// Remembers a token that is good for so many seconds, and forgets those that no longer are.
    pub(super) fn put(&self, url: &Url, client_id: &str, token: &SecretString, seconds: i64, now: Timestamp) {
        let life = SignedDuration::from_secs(seconds).saturating_sub(MARGIN);
        let until = now.saturating_add(life).unwrap_or(now);
        let mut tokens = self.lock();
        tokens.retain(|_, token| now < token.until);
        tokens.insert((url.clone(), client_id.to_owned()), Token { text: token.clone(), until });
    }

    /// Forgets the integration's token: the shop refused it.
    pub(super) fn forget(&self, url: &Url, client_id: &str) {
        self.lock().remove(&(url.clone(), client_id.to_owned()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
