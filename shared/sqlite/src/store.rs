//! The data directory and the database in it: one writer thread, a few readers.

use std::{
    fmt,
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError},
    },
    thread::JoinHandle,
};

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

mod connection;
mod directory;
mod error;
mod health;
mod readers;
mod restart;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{OpenError, StoreError};
use readers::Readers;
use writer::Write;
#[cfg(test)]
pub(crate) use {restart::IN_HAND, tests::plan};

/// The database of one data directory. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    readers: Readers,
    writer: Mutex<Writer>,
    commits: Arc<AtomicU64>,
}

/// How writes get to the writer thread, while there is one.
enum Writer {
    Running(SyncSender<Write>, JoinHandle<()>),
    ReadOnly,
    Closed,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the data directory for the host, which then has it for itself; creates it if need be. Whatever the last
    /// process was doing when it ended is put right: no message is in flight, no row is leased (`now` dates that).
    ///
    /// # Errors
    /// Another process has the directory, or it cannot be used.
    pub fn open(data_dir: &Path, now: Timestamp) -> Result<Self, OpenError> {
        directory::create(data_dir)?;
        let lock = directory::lock(data_dir)?;
        let file = directory::database(data_dir);
        directory::create_private(&file)?;
        let mut connection = connection::writing(&file)?;
        schema::migrate(&mut connection, &file)?;
        restart::void_leases(&mut connection, now)?;
        Self::writing(data_dir, file, connection, Some(lock))
    }

    /// Opens the data directory for an operator who changes something, beside a host that may be running: SQLite lets
    /// the two write in turn, and the versions of rows keep them from overwriting each other's changes. Leases and
    /// messages in flight stay the host's.
    ///
    /// # Errors
    /// There is no installation, or another version wrote it.
    pub fn beside(data_dir: &Path) -> Result<Self, OpenError> {
        let file = directory::existing(data_dir)?;
        let connection = connection::writing(&file)?;
        schema::check(&connection, &file)?;
        Self::writing(data_dir, file, connection, None)
    }

    /// A store with a writer thread, which keeps the lock.
    fn writing(data_dir: &Path, file: PathBuf, connection: Connection, lock: Option<File>) -> Result<Self, OpenError> {
        let commits = Arc::new(AtomicU64::new(0));
        let (sender, thread) = writer::start(connection, lock, commits.clone())
            .map_err(|error| OpenError::Directory { path: data_dir.to_owned(), detail: error.to_string() })?;
        let writer = Mutex::new(Writer::Running(sender, thread));
        Ok(Self(Arc::new(Inner { readers: Readers::new(file), writer, commits })))
    }

    /// Opens the data directory for reading, beside a host that may be running.
    ///
    /// # Errors
    /// There is no installation, or another version wrote it.
    pub fn read_only(data_dir: &Path) -> Result<Self, OpenError> {
        let file = directory::existing(data_dir)?;
        schema::check(&connection::reading(&file)?, &file)?;
        let writer = Mutex::new(Writer::ReadOnly);
        Ok(Self(Arc::new(Inner { readers: Readers::new(file), writer, commits: Arc::default() })))
    }

    /// Whether writes are accepted.
    pub fn is_writable(&self) -> bool {
        matches!(&*self.writer(), Writer::Running(_, thread) if !thread.is_finished())
    }

    /// How many transactions were committed since the store was opened.
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Relaxed)
    }

    /// Commits what was handed over, closes the database and lets go of the data directory. Later writes fail.
    pub async fn close(&self) {
        if let Some(thread) = self.stop() {
            // The thread ends by itself; a panic in it has been answered to the writers as "closed".
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    /// Runs `act` in the next transaction; returns after it is on disk. `after` runs then, too, even if nobody waits
    /// for the result any more. An error of `act` undoes what it did and hurts no other write; `act` may be run again
    /// because of another's error.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        act: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.submit(Write::new(act, move |outcome| {
            if let Ok(value) = &outcome {
                after(value);
            }
            // Whoever asked may have given up waiting.
            let _ = sender.send(outcome);
        }))?;
        receiver.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Hands over a write that nobody waits for and that may be lost in a crash: it joins the next transaction, or one
    /// of its own a moment later.
    pub(crate) fn write_lazily(
        &self,
        act: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static,
        failed: impl FnOnce(StoreError) + Send + 'static,
    ) -> Result<(), StoreError> {
        let answer = |outcome: Result<(), StoreError>| {
            if let Err(error) = outcome {
                failed(error);
            }
        };
        self.submit(Write::new(act, answer).lazy())
    }

    /// Runs `act` on a reader's connection, off the asynchronous threads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.0.readers.read(act).await
    }

    fn submit(&self, write: Write) -> Result<(), StoreError> {
        match &*self.writer() {
            Writer::Running(sender, _) => sender.try_send(write).map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Overloaded,
                TrySendError::Disconnected(_) => StoreError::Closed,
            }),
            Writer::ReadOnly => Err(StoreError::ReadOnly),
            Writer::Closed => Err(StoreError::Closed),
        }
    }

    fn writer(&self) -> std::sync::MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        self.0.stop()
    }
}

impl Inner {
    /// Without a sender the thread commits what it has and ends.
    fn stop(&self) -> Option<JoinHandle<()>> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*writer, Writer::ReadOnly) {
            return None;
        }
        match std::mem::replace(&mut *writer, Writer::Closed) {
            Writer::Running(_, thread) => Some(thread),
            Writer::ReadOnly | Writer::Closed => None,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(thread) = self.stop() {
            // So that the directory is free when the store is gone.
            let _ = thread.join();
        }
    }
}
