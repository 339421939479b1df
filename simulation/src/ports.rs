//! The ports of one process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use relay::{
    Async,
    clock::Clock,
    ports::Ports,
    random::Random,
    secret::{SecretError, SecretStore, Secrets, SecretsConfig},
};
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    http::SimHttp,
    ledger::SimLedger,
    queue::SimQueue,
    scenario::Gap,
    world::{Process, State},
};

/// Everybody's clock.
struct SimClock(Process);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.with(|state| state.now)
    }
}

/// Everybody's chance.
struct SimRandom(Process);

impl Random for SimRandom {
    fn next(&self) -> u64 {
        self.0.with(|state| state.chance.next())
    }
}

/// The shops' secrets, which now and then cannot be reached.
struct SimSecrets {
    process: Process,
    vault: Arc<Vault>,
}

/// Where secrets are kept.
pub(crate) struct Vault {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) gaps: Vec<Gap>,
}

impl SecretStore for SimSecrets {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        Box::pin(async move {
            self.process.pause(1, 30).await;
            if self.process.with(State::fails) {
                return Err(SecretError::Unreachable { name: name.to_owned(), detail: "simulated".into() });
            }
            let is_there = |now: Timestamp| {
                !self.vault.gaps.iter().any(|gap| gap.secret == name && gap.from <= now && now < gap.until)
            };
            let value = self.vault.values.get(name).filter(|_| is_there(self.process.with(|state| state.now)));
            let value = value.map(|value| SecretString::from(value.to_string()));
            value.ok_or_else(|| SecretError::NotFound { name: name.to_owned() })
        })
    }
}

/// Fresh ports for a process, with empty caches.
pub(crate) fn of(process: &Process, vault: &Arc<Vault>) -> Ports {
    let clock: Arc<dyn Clock> = Arc::new(SimClock(process.clone()));
    let store = SimSecrets { process: process.clone(), vault: Arc::clone(vault) };
    let config = SecretsConfig { prefix: "shoprelay/".into(), ttl: Duration::from_mins(5) };
    Ports {
        queue: Arc::new(SimQueue(process.clone())),
        ledger: Arc::new(SimLedger(process.clone())),
        secrets: Arc::new(Secrets::new(Arc::new(store), Arc::clone(&clock), config)),
        http: Arc::new(SimHttp(process.clone())),
        clock,
        random: Arc::new(SimRandom(process.clone())),
    }
}
