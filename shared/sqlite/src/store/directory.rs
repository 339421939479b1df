//! The files of a data directory, for their owner only: they hold orders and addresses until they are delivered.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::OpenError;

pub(super) fn database(data_dir: &Path) -> PathBuf {
    data_dir.join("shoprelay.db")
}

/// The database of an installation that is there.
pub(super) fn existing(data_dir: &Path) -> Result<PathBuf, OpenError> {
    let file = database(data_dir);
    match file.try_exists() {
        Ok(true) => Ok(file),
        Ok(false) => Err(OpenError::NoInstallation(data_dir.to_owned())),
        Err(error) => Err(cannot_use(&file, &error)),
    }
}

pub(super) fn create(data_dir: &Path) -> Result<(), OpenError> {
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(|error| cannot_use(data_dir, &error))
}

pub(super) fn lock_file(data_dir: &Path) -> PathBuf {
    data_dir.join("shoprelay.lock")
}

/// The lock goes with the file's handle, so also with a killed process.
pub(super) fn lock(data_dir: &Path) -> Result<File, OpenError> {
    let path = lock_file(data_dir);
    let file = create_private(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(data_dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(cannot_use(&path, &error)),
    }
}

/// SQLite gives its side files the database's mode, so it is enough that this one is right from the start.
pub(super) fn create_private(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(|error| cannot_use(path, &error))
}

fn cannot_use(path: &Path, error: &io::Error) -> OpenError {
    OpenError::Directory { path: path.to_owned(), detail: error.to_string() }
}
