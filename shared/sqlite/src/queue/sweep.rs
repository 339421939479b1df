//! Looking through the queues: messages are read and judged page by page, off the writer's thread, and what is to change
//! is changed in one short transaction a page.

use futures_util::future::join_all;
use relay::{
    clock::Clock,
    queue::{Entry, Place, QueueError, Sweep, SweepEnd, Swept, Verdict},
    shop::ShopName,
};
use rusqlite::{Connection, Row, named_params};

use super::{timestamp, unavailable};
use crate::store::{Store, StoreError};

/// Messages in one page; each may have a megabyte.
const PAGE: usize = 100;
/// Messages of a page that are before the judge at the same time: those that have to wait for a write share it.
const AT_ONCE: usize = 16;

/// The statements for one place. A page begins after an id, and tells the same of all places.
#[derive(Clone, Copy)]
struct Statements {
    page: &'static str,
    delete: &'static str,
    rewrite: &'static str,
}

const WAITING: Statements = Statements {
    page: "SELECT id, sent_at, shop, NULL, NULL, NULL, body FROM message
        WHERE destination = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    delete: "DELETE FROM message WHERE id = ?1",
    rewrite: "UPDATE message SET body = ?2 WHERE id = ?1",
};
const DEAD: Statements = Statements {
    page: "SELECT id, parked_at, shop, reason, status, detail, body FROM dead_letter
        WHERE destination = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    delete: "DELETE FROM dead_letter WHERE id = ?1",
    rewrite: "UPDATE dead_letter SET body = ?2 WHERE id = ?1",
};
const REPLACE: &str = "UPDATE dead_letter SET shop = :shop, reason = :reason, status = :status, detail = :detail,
    body = :body WHERE id = :id";

/// A message as the database has it.
struct Found {
    id: i64,
    name: String,
    since: i64,
    shop: Option<String>,
    reason: Option<String>,
    status: Option<u16>,
    detail: Option<String>,
    body: String,
}

/// A worker that has a message in flight settles nothing when it is done with one that was deleted.
pub(super) async fn run(store: &Store, clock: &dyn Clock, sweep: Sweep<'_>) -> Result<Swept, QueueError> {
    let statements = match sweep.place {
        Place::Waiting => WAITING,
        Place::Dead => DEAD,
    };
    let (mut examined, mut after) = (0, 0);
    loop {
        if clock.now() >= sweep.until {
            return Ok(Swept { examined, end: SweepEnd::OutOfTime });
        }
        let page = page(store, &statements, sweep, after).await.map_err(|error| unavailable(&error))?;
        let Some(last) = page.last() else { return Ok(Swept { examined, end: SweepEnd::Complete }) };
        after = last.id;
        examined += u64::try_from(page.len()).unwrap_or_default();
        let mut verdicts = Vec::with_capacity(page.len());
        for some in page.chunks(AT_ONCE) {
            verdicts.extend(join_all(some.iter().map(|found| sweep.judge.judge(found.entry()))).await);
        }
        let deleted: Vec<&str> = page
            .iter()
            .zip(&verdicts)
            .filter_map(|(found, verdict)| (*verdict == Verdict::Delete).then_some(found.name.as_str()))
            .collect();
        let changes: Vec<(i64, Verdict)> =
            page.iter().map(|found| found.id).zip(verdicts).filter(|(_, verdict)| *verdict != Verdict::Keep).collect();
        if !changes.is_empty() {
            let act = move |connection: &Connection| change(connection, &statements, &changes);
            store.write(act, |()| ()).await.map_err(|error| unavailable(&error))?;
        }
        for some in deleted.chunks(AT_ONCE) {
            join_all(some.iter().map(|name| sweep.judge.deleted(name))).await;
        }
    }
}

impl Found {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let id: i64 = row.get(0)?;
        Ok(Self {
            id,
            name: id.to_string(),
            since: row.get(1)?,
            shop: row.get(2)?,
            reason: row.get(3)?,
            status: row.get(4)?,
            detail: row.get(5)?,
            body: row.get(6)?,
        })
    }

    fn entry(&self) -> Entry<'_> {
        Entry {
            id: &self.name,
            body: &self.body,
            since: timestamp(self.since),
            shop: self.shop.as_deref(),
            reason: self.reason.as_deref(),
            status: self.status,
            detail: self.detail.as_deref(),
        }
    }
}

async fn page(store: &Store, statements: &Statements, sweep: Sweep<'_>, after: i64) -> Result<Vec<Found>, StoreError> {
    let (sql, destination) = (statements.page, sweep.destination);
    let act = move |connection: &Connection| {
        let mut statement = connection.prepare_cached(sql)?;
        let values = (destination.name(), after, PAGE);
        statement.query_map(values, Found::read)?.collect()
    };
    store.read(act).await
}

fn change(connection: &Connection, statements: &Statements, changes: &[(i64, Verdict)]) -> rusqlite::Result<()> {
    for (id, verdict) in changes {
        match verdict {
            Verdict::Keep => 0,
            Verdict::Delete => connection.prepare_cached(statements.delete)?.execute([id])?,
            Verdict::Rewrite(body) => connection.prepare_cached(statements.rewrite)?.execute((id, body))?,
            Verdict::Replace(letter) => connection.prepare_cached(REPLACE)?.execute(named_params! {
                ":id": id,
                ":shop": letter.shop.as_ref().map(ShopName::as_str),
                ":reason": letter.reason,
                ":status": letter.status,
                ":detail": letter.detail,
                ":body": letter.body,
            })?,
        };
    }
    Ok(())
}
