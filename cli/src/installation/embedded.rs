//! The embedded host, seen through its data directory. The host may be running meanwhile.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use relay::{clock::SystemClock, ingest::Receipt, ledger::Ledger, secret::SecretStore, shop::Destination};
use relay_sqlite::{Receipts, SqliteLedger, SqliteQueue, Store, TomlSecrets};
use serde_json::Value;

use super::{QueueCount, Wanted, Writable};
use crate::command::CommandError;

/// As many receipts as the host keeps.
const ALL_RECEIPTS: usize = 10_000;

/// A data directory.
pub(crate) struct Embedded {
    data_dir: PathBuf,
}

impl Embedded {
    pub(super) const fn new(data_dir: PathBuf) -> Self {
        Self { data_dir }
    }

    /// The directory.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The file that holds the secrets.
    pub(crate) fn secrets_file(&self) -> PathBuf {
        self.data_dir.join("secrets.toml")
    }

    /// The database, for reading.
    pub(crate) fn store(&self) -> Result<Store, CommandError> {
        Store::read_only(&self.data_dir).map_err(|error| CommandError(error.to_string()))
    }

    pub(super) fn secret_store(&self) -> Result<Arc<dyn SecretStore>, CommandError> {
        Ok(Arc::new(self.secrets()?))
    }

    pub(super) fn secret_names(&self) -> Result<Vec<String>, CommandError> {
        self.secrets()?.names().map_err(|error| CommandError(error.to_string()))
    }

    pub(super) fn write_secret(&self, name: &str, value: &Value) -> Result<(), CommandError> {
        self.secrets()?.put(name, value).map_err(|error| CommandError(error.to_string()))
    }

    pub(super) fn delete_secret(&self, name: &str) -> Result<(), CommandError> {
        self.secrets()?.remove(name).map(drop).map_err(|error| CommandError(error.to_string()))
    }

    pub(super) fn ledger(&self) -> Result<Arc<dyn Ledger>, CommandError> {
        Ok(Arc::new(SqliteLedger::new(self.store()?)))
    }

    /// The writing side lives as long as the ledger and the queue do.
    pub(super) fn writable(&self) -> Result<Writable, CommandError> {
        let store = Store::beside(&self.data_dir).map_err(|error| CommandError(error.to_string()))?;
        Ok(Writable {
            ledger: Arc::new(SqliteLedger::new(store.clone())),
            queue: Arc::new(SqliteQueue::new(store, Arc::new(SystemClock))),
        })
    }

    pub(super) async fn received(&self, wanted: &Wanted) -> Result<Vec<Receipt>, CommandError> {
        let receipts =
            Receipts::new(self.store()?).latest(ALL_RECEIPTS).await.map_err(|error| CommandError(error.to_string()))?;
        Ok(receipts.into_iter().filter(|receipt| wanted.takes(receipt)).take(wanted.last).collect())
    }

    pub(super) async fn queues(&self) -> Result<Vec<QueueCount>, CommandError> {
        let queue = SqliteQueue::new(self.store()?, Arc::new(SystemClock));
        let mut all = Vec::new();
        for destination in Destination::ALL {
            let counts = queue.counts(destination).await.map_err(|error| CommandError(error.to_string()))?;
            // What is in hand is known to the running host only.
            all.push(QueueCount {
                destination,
                waiting: counts.waiting,
                in_hand: None,
                dead: counts.dead,
                oldest: counts.oldest,
            });
        }
        Ok(all)
    }

    fn secrets(&self) -> Result<TomlSecrets, CommandError> {
        TomlSecrets::open(self.secrets_file()).map_err(|error| CommandError(error.to_string()))
    }
}
