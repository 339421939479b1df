//! The ledger's rows and parts.

use jiff::Timestamp;
use relay::{
    Async,
    ledger::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage, State},
    message::RowKey,
};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::store::{Store, StoreError};

#[cfg(test)]
mod tests;

/// The ledger in SQLite.
#[derive(Clone, Debug)]
pub struct SqliteLedger {
    store: Store,
}

const GET: &str = "SELECT row FROM ledger WHERE key = :key";
const INSERT: &str = "INSERT INTO ledger (key, version, write_token, due_purpose, due_at, in_hand, expires_at, row)
    VALUES (:key, :version, :write, :purpose, :due, :in_hand, :expires, :row) ON CONFLICT DO NOTHING";
const OTHER: &str = "SELECT write_token, row FROM ledger WHERE key = ?1";
const UPDATE: &str =
    "UPDATE ledger SET version = :version, write_token = :write, due_purpose = :purpose, due_at = :due,
    in_hand = :in_hand, expires_at = :expires, row = :row WHERE key = :key AND version = :expected";
const DUE: &str =
    "SELECT row FROM ledger WHERE due_purpose = :purpose AND due_at <= :until ORDER BY due_at LIMIT :limit";
const DELETE: &str = "DELETE FROM ledger WHERE key = :key AND version = :version";
const SCAN: &str =
    "SELECT key, row FROM ledger WHERE key >= :from AND key <> :after AND key < :end ORDER BY key LIMIT :limit";
/// Rows in one page of a scan.
const SCAN_PAGE: usize = 500;
const EXPIRED: &str = "SELECT key FROM ledger WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit";
const EXPIRED_PARTS: &str = "DELETE FROM part WHERE expires_at <= ?1";

impl SqliteLedger {
    /// The ledger in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Forgets parts whose time is over, and rows whose time is over with all of theirs; of the rows at most `limit` at once. Returns how many.
    ///
    /// # Errors
    /// The ledger is not available.
    pub async fn forget_expired(&self, now: Timestamp, limit: usize) -> Result<usize, LedgerError> {
        let (now, limit) = (now.as_microsecond(), sql_limit(limit));
        let act = move |connection: &Connection| {
            connection.prepare_cached(EXPIRED_PARTS)?.execute([now])?;
            let keys: Vec<String> = connection
                .prepare_cached(EXPIRED)?
                .query_map(named_params! {":now": now, ":limit": limit}, |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for key in &keys {
                connection.prepare_cached("DELETE FROM part WHERE row_key = ?1")?.execute([key])?;
                connection.prepare_cached("DELETE FROM ledger WHERE key = ?1")?.execute([key])?;
            }
            Ok(keys.len())
        };
        self.store.write(act, |_| ()).await.map_err(|error| unavailable(&error))
    }
}

impl Ledger for SqliteLedger {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        let key = key.to_string();
        Box::pin(async move {
            let text = self
                .store
                .read(move |connection| row_text(connection, &key))
                .await
                .map_err(|error| unavailable(&error))?;
            text.map(|text| parse(&text)).transpose()
        })
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        let row = row.clone();
        Box::pin(async move {
            let act = move |connection: &Connection| put(connection, &row, expected);
            match self.store.write(act, |_| ()).await.map_err(|error| unavailable(&error))? {
                Outcome::Stored => Ok(Put::Stored),
                Outcome::Absent => Ok(Put::Conflict(None)),
                Outcome::Other(text) => Ok(Put::Conflict(Some(Box::new(parse(&text)?)))),
            }
        })
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        let (until, limit) = (until.as_microsecond(), sql_limit(limit));
        Box::pin(async move {
            let act = move |connection: &Connection| {
                let mut statement = connection.prepare_cached(DUE)?;
                let values = named_params! {":purpose": purpose.name(), ":until": until, ":limit": limit};
                statement.query_map(values, |row| row.get(0))?.collect()
            };
            Ok(parse_all(self.store.read(act).await.map_err(|error| unavailable(&error))?))
        })
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        let key = key.to_string();
        Box::pin(async move {
            let act = move |connection: &Connection| {
                connection.prepare_cached(DELETE)?.execute(named_params! {":key": key, ":version": version})?;
                row_text(connection, &key)
            };
            let other = self.store.write(act, |_| ()).await.map_err(|error| unavailable(&error))?;
            other.map(|text| parse(&text)).transpose()
        })
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        let after = after.unwrap_or_default().to_owned();
        let (from, end) = (after.as_str().max(key_prefix).to_owned(), format!("{key_prefix}{}", char::MAX));
        Box::pin(async move {
            let act = move |connection: &Connection| {
                let mut statement = connection.prepare_cached(SCAN)?;
                let values = named_params! {":from": from, ":after": after, ":end": end, ":limit": SCAN_PAGE};
                let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect::<Result<Vec<(String, String)>, _>>()
            };
            let found = self.store.read(act).await.map_err(|error| unavailable(&error))?;
            let next = found.last().filter(|_| found.len() == SCAN_PAGE).map(|(key, _)| key.clone());
            Ok(ScanPage { rows: parse_all(found.into_iter().map(|(_, row)| row).collect()), next })
        })
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        const PUT: &str = "INSERT OR REPLACE INTO part (row_key, content, number, bytes, expires_at) \
                           VALUES (?1, ?2, ?3, ?4, ?5)";
        let expires_at = expires_at.as_microsecond();
        let (key, content) = ((part.row.to_string(), part.content.clone(), part.number), content.to_vec());
        Box::pin(async move {
            let act = move |connection: &Connection| {
                connection.prepare_cached(PUT)?.execute((&key.0, &key.1, key.2, &content, expires_at)).map(drop)
            };
            self.store.write(act, |()| ()).await.map_err(|error| unavailable(&error))
        })
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        const GET: &str = "SELECT bytes FROM part WHERE row_key = ?1 AND content = ?2 AND number = ?3";
        let key = (part.row.to_string(), part.content.clone(), part.number);
        Box::pin(async move {
            let act = move |connection: &Connection| {
                connection.prepare_cached(GET)?.query_row(key, |row| row.get(0)).optional()
            };
            self.store.read(act).await.map_err(|error| unavailable(&error))
        })
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        const DELETE: &str = "DELETE FROM part WHERE row_key = ?1 AND content = ?2 AND number = ?3";
        let key = (part.row.to_string(), part.content.clone(), part.number);
        Box::pin(async move {
            let act = move |connection: &Connection| {
                connection.prepare_cached(DELETE)?.execute((&key.0, &key.1, key.2)).map(drop)
            };
            self.store.write(act, |()| ()).await.map_err(|error| unavailable(&error))
        })
    }
}

/// What became of a conditional write, the other row still as text.
enum Outcome {
    Stored,
    Absent,
    Other(String),
}

fn put(connection: &Connection, row: &Row, expected: Expected) -> rusqlite::Result<Outcome> {
    let changed = match expected {
        Expected::Absent => write_row(connection, INSERT, row, None)?,
        Expected::Version(version) => write_row(connection, UPDATE, row, Some(version))?,
    };
    if changed == 1 {
        return Ok(Outcome::Stored);
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?));
    Ok(match connection.prepare_cached(OTHER)?.query_row([row.key.to_string()], read).optional()? {
        Some((write, _)) if write == row.write => Outcome::Stored,
        Some((_, text)) => Outcome::Other(text),
        None => Outcome::Absent,
    })
}

/// Replaces a row that is known to be the one before (`version` one less).
pub(crate) fn store_row(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    write_row(connection, UPDATE, row, Some(row.version.saturating_sub(1))).map(drop)
}

fn write_row(connection: &Connection, sql: &str, row: &Row, expected: Option<u64>) -> rusqlite::Result<usize> {
    let index = row.index();
    let text = serde_json::to_string(row).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let (key, purpose) = (row.key.to_string(), index.map(|due| due.purpose.name()));
    let due = index.map(|due| due.at.as_microsecond());
    let expires = row.expires_at.map(Timestamp::as_microsecond);
    let in_hand = row.lease.is_some() || row.state == State::Intended;
    let mut statement = connection.prepare_cached(sql)?;
    let common = named_params! {":key": key, ":version": row.version, ":write": row.write, ":purpose": purpose,
    ":due": due, ":in_hand": in_hand, ":expires": expires, ":row": text};
    match expected {
        None => statement.execute(common),
        Some(expected) => {
            let mut all = common.to_vec();
            all.push((":expected", &expected));
            statement.execute(&*all)
        }
    }
}

fn row_text(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached(GET)?.query_row(named_params! {":key": key}, |row| row.get(0)).optional()
}

fn parse(text: &str) -> Result<Row, LedgerError> {
    serde_json::from_str(text).map_err(|error| LedgerError(format!("a row cannot be read: {error}")))
}

/// A row that cannot be read must not keep the others from being served.
fn parse_all(texts: Vec<String>) -> Vec<Row> {
    let readable = |text: String| parse(&text).inspect_err(|error| tracing::error!(%error, "row left out")).ok();
    texts.into_iter().filter_map(readable).collect()
}

fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unavailable(error: &StoreError) -> LedgerError {
    LedgerError(error.to_string())
}
