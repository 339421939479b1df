//! shoprelay on one machine: queue, ledger and receipts in one SQLite file, secrets in a TOML file.
//!
//! Everything lives in one data directory that belongs to one host at a time; operators may look at it, and change rows,
//! beside it. A write is answered only after the
//! transaction that holds it is on disk; concurrent writes share one transaction, because the disk's sync is what costs
//! (one transaction a webhook is about six times slower).

mod ledger;
mod queue;
mod receipts;
mod secrets;
mod store;

pub use ledger::SqliteLedger;
pub use queue::{Batch, Counts, MAX_MESSAGE_BYTES, SqliteQueue, Taken, Ticket};
pub use receipts::Receipts;
pub use secrets::{SecretsFileError, TomlSecrets};
pub use store::{OpenError, Store, StoreError};
