//! A ledger with somebody in between who fails, forgets or alters: for tests and simulations.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage};
use crate::{Async, message::RowKey};

/// Does something else than is asked of the ledger when rows are read or written; by default nothing else.
pub trait Meddler: Send + Sync {
    /// See [`Ledger::get`].
    fn get<'a>(&'a self, ledger: &'a dyn Ledger, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        ledger.get(key)
    }

    /// See [`Ledger::put`].
    fn put<'a>(
        &'a self,
        ledger: &'a dyn Ledger,
        row: &'a Row,
        expected: Expected,
    ) -> Async<'a, Result<Put, LedgerError>> {
        ledger.put(row, expected)
    }
}

/// The ledger, as it is to those who reach it only through the meddler.
pub struct Meddled<M> {
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Who is in between.
    pub by: M,
}

impl<M: Meddler> Ledger for Meddled<M> {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        self.by.get(&*self.ledger, key)
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        self.by.put(&*self.ledger, row, expected)
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        self.ledger.due(purpose, until, limit)
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        self.ledger.delete(key, version)
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        self.ledger.scan_page(key_prefix, after)
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        self.ledger.put_part(part, content, expires_at)
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        self.ledger.get_part(part)
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        self.ledger.delete_part(part)
    }
}
