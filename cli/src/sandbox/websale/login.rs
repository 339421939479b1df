//! WEBSALE's log-in, its 30-minute tokens, and the block after repeated failures.

use std::{collections::BTreeMap, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use relay::random::{Random, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::{Settings, answer::Answer, fields::Fields};

/// How many failed log-ins in a row block an account.
const FAILURES_BEFORE_BLOCK: u32 = 5;

/// How many tokens are remembered: a client that logs in for every call must not fill the memory.
const TOKENS: usize = 10_000;

/// An account of WEBSALE's service area, `SHOP_ID/USERNAME:PASSWORD`.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    shop_id: String,
    username: String,
    password: SecretString,
}

impl FromStr for Account {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(shop_id, rest)| Some((shop_id, rest.split_once(':')?)));
        match parts {
            Some((shop_id, (username, password)))
                if ![shop_id, username, password].iter().any(|part| part.is_empty()) =>
            {
                Ok(Self { shop_id: shop_id.into(), username: username.into(), password: password.into() })
            }
            _ => Err("must be SHOP_ID/USERNAME:PASSWORD"),
        }
    }
}

/// Accounts, tokens and blocks.
pub(super) struct LogIns {
    accounts: Vec<Account>,
    token_lifetime: SignedDuration,
    block: SignedDuration,
    /// Until when each token is good.
    tokens: BTreeMap<String, Timestamp>,
    /// Failed log-ins in a row and until when the account is blocked, by (shop id, username).
    failures: BTreeMap<(String, String), (u32, Option<Timestamp>)>,
}

impl LogIns {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            accounts: settings.websale_accounts.clone(),
            token_lifetime: settings.token_lifetime,
            block: settings.login_block,
            tokens: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// `POST /api/authent/login/{shop id}`.
    pub(super) fn log_in(&mut self, shop_id: &str, body: &Value, now: Timestamp) -> Result<(Answer, Value), Answer> {
        let fields = Fields::of_body(body)?;
        fields.only(&["username", "password"])?;
        let (username, password) = (fields.required_text("username")?, fields.required_text("password")?);
        let account = (shop_id.to_owned(), username.to_owned());
        self.refuse_blocked(&account, now)?;
        if let Err(refusal) = self.check(shop_id, username, password) {
            if refusal.status == 403 {
                self.count_failure(account, now);
            }
            return Err(refusal);
        }
        self.failures.remove(&account);
        let token = self.issue(username, now);
        Ok((Answer::json(200, &json!({ "token": token })), json!({ "shop_id": shop_id })))
    }

    /// `X-Authorization: Bearer TOKEN` with a token that has not expired.
    pub(super) fn authorise(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), Answer> {
        let value = headers.get("x-authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(token) = value.strip_prefix("Bearer ") else {
            return Err(Answer::refused(401, "the header must be: X-Authorization: Bearer TOKEN"));
        };
        match self.tokens.get(token) {
            Some(until) if now < *until => Ok(()),
            Some(_) => Err(Answer::refused(401, "the token has expired")),
            None => Err(Answer::refused(401, "unknown token")),
        }
    }

    /// Without configured accounts every name and password is taken, but for the password `wrong`.
    fn check(&self, shop_id: &str, username: &str, password: &str) -> Result<(), Answer> {
        let wrong = || Answer::refused(403, "unknown or wrong credentials");
        if self.accounts.is_empty() {
            return if password == "wrong" { Err(wrong()) } else { Ok(()) };
        }
        let theirs = |known: &&Account| known.username == username && known.password.expose_secret() == password;
        let mut known = self.accounts.iter().filter(theirs).peekable();
        if known.peek().is_none() {
            Err(wrong())
        } else if known.any(|account| account.shop_id == shop_id) {
            Ok(())
        } else {
            Err(Answer::refused(401, "the account has no rights for this shop ID"))
        }
    }

    fn refuse_blocked(&mut self, account: &(String, String), now: Timestamp) -> Result<(), Answer> {
        match self.failures.get(account) {
            Some((_, Some(until))) if now < *until => {
                Err(Answer::refused(423, "the account is blocked for a while after repeated failed log-ins"))
            }
            Some((_, Some(_))) => {
                self.failures.remove(account);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn count_failure(&mut self, account: (String, String), now: Timestamp) {
        if self.failures.len() >= TOKENS {
            self.failures.pop_first();
        }
        let (count, until) = self.failures.entry(account).or_default();
        *count += 1;
        if *count >= FAILURES_BEFORE_BLOCK {
            *until = Some(now + self.block);
        }
    }

    /// A token in the form of a JWT whose payload says when it expires, as WEBSALE's do.
    fn issue(&mut self, username: &str, now: Timestamp) -> String {
        let until = now + self.token_lifetime;
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
        let payload = json!({ "sub": username, "iat": now.as_second(), "exp": until.as_second() });
        let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
        let signature = format!("{:016x}{:016x}", SystemRandom.next(), SystemRandom.next());
        let token = format!("{header}.{payload}.{signature}");
        self.tokens.retain(|_, until| now < *until);
        if self.tokens.len() >= TOKENS {
            self.tokens.pop_first();
        }
        self.tokens.insert(token.clone(), until);
        token
    }
}
