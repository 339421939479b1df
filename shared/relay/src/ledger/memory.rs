//! The ledger in memory: for tests and simulations.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage};
use crate::{Async, message::RowKey};

/// Rows in one page of a scan: few, so that tests turn pages.
const PAGE: usize = 3;

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

    /// All parts, as text where they are text.
    pub fn contents(&self) -> BTreeMap<String, String> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().map(|(id, (bytes, _))| (id.to_string(), String::from_utf8_lossy(bytes).into_owned())).collect()
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

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move {
            let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            let key = key.to_string();
            Ok(match rows.get(&key) {
                Some(row) if row.version != version => Some(row.clone()),
                _ => {
                    rows.remove(&key);
                    None
                }
            })
        })
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        Box::pin(async move {
            let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
            let is_next = |key: &str| key.starts_with(key_prefix) && after.is_none_or(|after| key > after);
            let mut found = rows.iter().filter(|(key, _)| is_next(key));
            let page: Vec<_> = found.by_ref().take(PAGE).map(|(_, row)| row.clone()).collect();
            let next = found.next().and(page.last()).map(|row| row.key.to_string());
            Ok(ScanPage { rows: page, next })
        })
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
