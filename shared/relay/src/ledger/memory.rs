//! The ledger in memory: for tests and simulations.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row};
use crate::{Async, message::RowKey};

/// Rows and parts in memory, with the semantics every ledger has.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    rows: Mutex<BTreeMap<String, Row>>,
    parts: Mutex<HashMap<PartId, (Vec<u8>, Timestamp)>>,
}

impl MemoryLedger {
    /// All rows, by key.
    pub fn rows(&self) -> BTreeMap<String, Row> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many parts are stored.
    pub fn parts(&self) -> usize {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// When the last part that is stored will be forgotten.
    pub fn parts_expire_at(&self) -> Option<Timestamp> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.values().map(|(_, expires_at)| *expires_at).max()
    }

    fn put_now(&self, row: &Row, expected: Expected) -> Put {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let key = row.key.to_string();
        let stored = rows.get(&key);
        let met = match expected {
            Expected::Absent => stored.is_none(),
            Expected::Version(version) => stored.is_some_and(|stored| stored.version == version),
        };
        if met {
            rows.insert(key, row.clone());
            return Put::Stored;
        }
        match stored {
            Some(stored) if stored.write == row.write => Put::Stored,
            stored => Put::Conflict(stored.cloned().map(Box::new)),
        }
    }

    fn due_now(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Vec<Row> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due: Vec<_> = rows
            .values()
            .filter_map(|row| row.index().map(|due| (due, row)))
            .filter(|(due, _)| due.purpose == purpose && due.at <= until)
            .collect();
        due.sort_by_key(|(due, _)| due.at);
        due.into_iter().take(limit).map(|(_, row)| row.clone()).collect()
    }
}

impl Ledger for MemoryLedger {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        let row = self.rows.lock().unwrap_or_else(PoisonError::into_inner).get(&key.to_string()).cloned();
        Box::pin(async move { Ok(row) })
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move { Ok(self.put_now(row, expected)) })
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        Box::pin(async move { Ok(self.due_now(purpose, until, limit)) })
    }

    fn scan<'a>(&'a self, key_prefix: &'a str, limit: usize) -> Async<'a, Result<Vec<Row>, LedgerError>> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let found = rows.iter().filter(|(key, _)| key.starts_with(key_prefix)).take(limit);
        let found = found.map(|(_, row)| row.clone()).collect();
        drop(rows);
        Box::pin(async move { Ok(found) })
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.insert(part.clone(), (content.to_vec(), expires_at));
            Ok(())
        })
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        let content =
            self.parts.lock().unwrap_or_else(PoisonError::into_inner).get(part).map(|(content, _)| content.clone());
        Box::pin(async move { Ok(content) })
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            self.parts.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
            Ok(())
        })
    }
}
