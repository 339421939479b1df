//! Connections and their settings.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

/// How long a connection waits for one of another process (an operator's command).
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept; there are fewer different ones.
const STATEMENTS: usize = 64;

pub(super) fn writing(file: &Path) -> rusqlite::Result<Connection> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // A page takes an order of usual size whole; this counts only before the first table exists.
    connection.pragma_update(None, "page_size", 16384)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit returns only after the log is synced: what is answered is on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // More makes single commits ten times as long.
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    // Messages hold names and addresses: what is deleted is overwritten where that costs no further write.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    Ok(connection)
}

pub(super) fn reading(file: &Path) -> rusqlite::Result<Connection> {
    open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(file: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
