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
    values: Arc<BTreeMap<String, Value>>,
}

impl SecretStore for SimSecrets {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        Box::pin(async move {
            self.process.pause(1, 30).await;
            if self.process.with(State::fails) {
                return Err(SecretError::Unreachable { name: name.to_owned(), detail: "simulated".into() });
            }
            let value = self.values.get(name).map(|value| SecretString::from(value.to_string()));
            value.ok_or_else(|| SecretError::NotFound { name: name.to_owned() })
        })
    }
}

/// Fresh ports for a process, with empty caches.
pub(crate) fn of(process: &Process, secrets: &Arc<BTreeMap<String, Value>>) -> Ports {
    let clock: Arc<dyn Clock> = Arc::new(SimClock(process.clone()));
    let store = SimSecrets { process: process.clone(), values: Arc::clone(secrets) };
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
