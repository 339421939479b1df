//! Ports that end their worker at a chosen call, as a crash would.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;

use crate::{
    Async,
    forward::testing::TestQueue,
    ledger::{self, Expected, LedgerError, MemoryLedger, PartId, Purpose, Put, Row, ScanPage},
    message::{Message, RowKey},
    queue::{DeadLetter, QueueError, Sweep, Swept},
};

/// When the crash comes: before the call is made, or after it was made and before its answer arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    Before,
    After,
}

/// Counts calls to ports and ends the worker at the chosen one.
#[derive(Default)]
pub(crate) struct Fuse {
    calls: AtomicUsize,
    burns: Mutex<Option<(usize, Crash)>>,
    burnt: AtomicBool,
}

impl Fuse {
    /// The worker ends at the `number`th call from now, from 0.
    pub(crate) fn set(&self, number: usize, crash: Crash) {
        *self.burns.lock().unwrap() = Some((self.calls.load(Ordering::SeqCst) + number, crash));
    }

    /// No crash any more.
    pub(crate) fn clear(&self) {
        *self.burns.lock().unwrap() = None;
        self.burnt.store(false, Ordering::SeqCst);
    }

    pub(crate) async fn guard<T>(&self, call: impl Future<Output = T>) -> T {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let crash = self.burns.lock().unwrap().filter(|(at, _)| *at == number).map(|(_, crash)| crash);
        if crash == Some(Crash::Before) {
            self.burn().await;
        }
        let result = call.await;
        if crash == Some(Crash::After) {
            self.burn().await;
        }
        result
    }

    /// Whether the worker has come to its end.
    pub(crate) fn is_burnt(&self) -> bool {
        self.burnt.load(Ordering::SeqCst)
    }

    async fn burn(&self) {
        self.burnt.store(true, Ordering::SeqCst);
        pending::<()>().await;
    }
}

pub(crate) struct Ledger {
    pub(crate) fuse: Arc<Fuse>,
    pub(crate) ledger: Arc<MemoryLedger>,
}

impl ledger::Ledger for Ledger {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.get(key)))
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.put(row, expected)))
    }

    fn due(&self, purpose: Purpose, until: jiff::Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.due(purpose, until, limit)))
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.delete(key, version)))
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.scan_page(key_prefix, after)))
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.put_part(part, content, expires_at)))
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.get_part(part)))
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(self.fuse.guard(self.ledger.delete_part(part)))
    }
}

pub(crate) struct Queue {
    pub(crate) fuse: Arc<Fuse>,
    pub(crate) queue: Arc<TestQueue>,
}

impl crate::queue::Queue for Queue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.fuse.guard(self.queue.send(message)))
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(self.fuse.guard(self.queue.park(letter)))
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(self.fuse.guard(self.queue.sweep(sweep)))
    }
}
