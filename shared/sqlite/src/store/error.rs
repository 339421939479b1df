//! What can go wrong with a data directory.

use std::path::PathBuf;

/// Why a data directory cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A host is running on it.
    #[error("the data directory {} is in use by another shoprelay: stop that one, or name another --data-dir", .0.display())]
    InUse(PathBuf),
    /// There is nothing in it.
    #[error("there is no installation in {}: start `shoprelay serve` there, or name another --data-dir", .0.display())]
    NoInstallation(PathBuf),
    /// Another version's database.
    #[error("{} has format {found}, this shoprelay knows {known}: {advice}", .path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// The format it has.
        found: usize,
        /// The newest format known here.
        known: usize,
        /// What to do.
        advice: &'static str,
    },
    /// A file or the directory cannot be used.
    #[error("cannot use {}: {detail}", .path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What happened.
        detail: String,
    },
    /// SQLite refused.
    #[error("cannot open the database: {0}")]
    Database(String),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// Why a read or a write failed. A failed write changed nothing, unless the error came after the commit was asked for:
/// then nobody knows, as with any store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused (disk full, input/output error …).
    #[error("the database failed: {0}")]
    Database(String),
    /// More writes are waiting than are worth waiting for.
    #[error("the database is overloaded")]
    Overloaded,
    /// The store was opened for reading.
    #[error("the database is open for reading only")]
    ReadOnly,
    /// The store is being closed.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}
