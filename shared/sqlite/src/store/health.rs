//! What an operator asks about a data directory, whether its host is running or not.

use std::{fs::File, fs::TryLockError, path::Path};

use super::{Store, StoreError, directory};

impl Store {
    /// Whether a host is running on this data directory.
    pub fn is_in_use(data_dir: &Path) -> bool {
        // A shared lock, let go at once: it fails only against the host's own.
        let lock = File::open(directory::lock_file(data_dir)).map(|file| file.try_lock_shared());
        matches!(lock, Ok(Err(TryLockError::WouldBlock)))
    }

    /// SQLite's quick check of the whole file: what is wrong with it, nothing if it is whole. Reads every page.
    ///
    /// # Errors
    /// The database failed.
    pub async fn quick_check(&self) -> Result<Vec<String>, StoreError> {
        const SOUND: &str = "ok";
        let faults = |connection: &rusqlite::Connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(10)")?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        let mut faults = self.read(faults).await?;
        faults.retain(|fault| fault != SOUND);
        Ok(faults)
    }
}
