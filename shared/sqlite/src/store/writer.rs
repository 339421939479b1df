//! The writer thread: what arrives while the disk is busy shares the next transaction.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::StoreError;

/// The most writes in one transaction.
const GROUP: usize = 256;
/// The most writes that wait; further ones are refused at once.
const WAITING: usize = 4096;
/// How long a lazy write waits for company.
const LINGER: Duration = Duration::from_millis(50);

/// One write on its way to the thread.
pub(super) struct Write {
    step: Box<dyn Step>,
    lazy: bool,
}

/// Run inside a transaction, once more if another write of that transaction failed, then told what became of it.
trait Step: Send {
    fn run(&mut self, connection: &Connection) -> bool;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Pending<T, A, R> {
    act: A,
    result: Option<Result<T, StoreError>>,
    answer: R,
}

impl<T, A, R> Step for Pending<T, A, R>
where
    T: Send,
    A: Fn(&Connection) -> rusqlite::Result<T> + Send,
    R: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.result = Some((self.act)(connection).map_err(StoreError::from));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = self.result.unwrap_or(Err(StoreError::Closed));
        (self.answer)(committed.and(result));
    }
}

impl Write {
    pub(super) fn new<T: Send + 'static>(
        act: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Self {
        Self { step: Box::new(Pending { act, result: None, answer }), lazy: false }
    }

    pub(super) fn lazy(self) -> Self {
        Self { lazy: true, ..self }
    }
}

/// Starts the thread. It ends when the last sender is gone and everything is committed; the lock goes with it.
pub(super) fn start(
    connection: Connection,
    lock: Option<File>,
    commits: Arc<AtomicU64>,
) -> io::Result<(SyncSender<Write>, JoinHandle<()>)> {
    let (sender, receiver) = sync_channel(WAITING);
    let thread = std::thread::Builder::new().name("sqlite-writer".into()).spawn(move || {
        while let Some(group) = next_group(&receiver) {
            commit(&connection, group, &commits);
        }
        drop(connection);
        drop(lock);
    })?;
    Ok((sender, thread))
}

/// Waits for a write, then takes what else is there. `None`: all senders are gone and nothing is left.
fn next_group(receiver: &Receiver<Write>) -> Option<Vec<Write>> {
    let mut group = vec![receiver.recv().ok()?];
    let until = Instant::now() + LINGER;
    while group.len() < GROUP && group.iter().all(|write| write.lazy) {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(write) => group.push(write),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    let room = GROUP.saturating_sub(group.len());
    group.extend(receiver.try_iter().take(room));
    Some(group)
}

fn commit(connection: &Connection, mut group: Vec<Write>, commits: &AtomicU64) {
    // Savepoints copy every page that is changed, and are needed only where a write fails, which hardly any does.
    let together = run_together(connection, &mut group);
    let outcome = together.and_then(|all| if all { Ok(()) } else { run_each(connection, &mut group) });
    match &outcome {
        Ok(()) => _ = commits.fetch_add(1, Ordering::Relaxed),
        Err(_) => roll_back(connection),
    }
    for write in group {
        write.step.answer(outcome.clone());
    }
}

/// Runs and commits all writes, or, if one fails, none.
fn run_together(connection: &Connection, group: &mut [Write]) -> Result<bool, StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    if group.iter_mut().all(|write| write.step.run(connection)) {
        execute(connection, "COMMIT")?;
        return Ok(true);
    }
    roll_back(connection);
    Ok(false)
}

/// Runs and commits all writes but those that fail.
fn run_each(connection: &Connection, group: &mut [Write]) -> Result<(), StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for write in group {
        execute(connection, "SAVEPOINT write")?;
        if !write.step.run(connection) {
            // A full disk may have undone the whole transaction: then this fails, and the group with it.
            execute(connection, "ROLLBACK TO write")?;
        }
        execute(connection, "RELEASE write")?;
    }
    execute(connection, "COMMIT")
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // What is wrong is known already.
        let _ = execute(connection, "ROLLBACK");
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}
