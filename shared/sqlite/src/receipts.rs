//! What was answered to the shops lately.

use relay::ingest::Receipt;
use rusqlite::Connection;

use crate::store::{Store, StoreError};

/// How many receipts are kept at least.
const KEPT: i64 = 10_000;
/// After so many more, those that are too many go: one by one each would cost a page of the log.
const TRIM: i64 = 100;

/// The last 10,000 receipts, and a few more.
#[derive(Clone, Debug)]
pub struct Receipts {
    store: Store,
}

impl Receipts {
    /// The receipts in this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes a receipt. The answer to the shop does not wait for it: it joins the next transaction, and a crash within
    /// the next moments may lose it.
    pub fn note(&self, receipt: &Receipt) {
        let failed = |error: StoreError| tracing::warn!(%error, "a receipt was not kept");
        let json = match serde_json::to_string(receipt) {
            Ok(json) => json,
            Err(error) => return failed(StoreError::Database(error.to_string())),
        };
        let act = move |connection: &Connection| {
            connection.prepare_cached("INSERT INTO receipt (json) VALUES (?1)")?.execute([&json])?;
            let id = connection.last_insert_rowid();
            if id % TRIM == 0 {
                connection.prepare_cached("DELETE FROM receipt WHERE id <= ?1")?.execute([id - KEPT])?;
            }
            Ok(())
        };
        if let Err(error) = self.store.write_lazily(act, failed) {
            failed(error);
        }
    }

    /// The newest receipts first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn latest(&self, limit: usize) -> Result<Vec<Receipt>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let act = move |connection: &Connection| {
            let mut statement = connection.prepare_cached("SELECT json FROM receipt ORDER BY id DESC LIMIT ?1")?;
            statement.query_map([limit], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()
        };
        let parse = |text: &String| serde_json::from_str(text).map_err(|error| StoreError::Database(error.to_string()));
        self.store.read(act).await?.iter().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(number: i64) -> Receipt {
        Receipt {
            at: jiff::Timestamp::from_second(1_780_000_000 + number).unwrap(),
            shop: Some("acme".into()),
            platform: None,
            topic: None,
            event_type: None,
            event_id: None,
            subject: None,
            status: "queued".into(),
            reason: None,
            http_status: 202,
        }
    }

    #[tokio::test]
    async fn the_newest_receipts_are_kept_and_the_oldest_go() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), receipt(0).at).unwrap();
        let receipts = Receipts::new(store.clone());
        let total = KEPT + TRIM + 20;
        for number in 0..total {
            receipts.note(&receipt(number));
            if number % 1000 == 0 {
                // Lets the writer catch up: what it cannot keep up with is dropped.
                store.write(|_| Ok(()), |()| ()).await.unwrap();
            }
        }
        store.close().await;
        let newest = receipts.latest(2).await.unwrap();
        assert_eq!(newest, [receipt(total - 1), receipt(total - 2)]);
        let all = receipts.latest(usize::MAX).await.unwrap();
        assert_eq!(i64::try_from(all.len()).unwrap(), KEPT + 20);
        assert_eq!(all.last().unwrap(), &receipt(TRIM));
    }
}
