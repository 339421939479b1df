//! Looking through the queues: bodies are read and judged page by page, off the writer's thread, and what is to change is
//! changed in one short transaction a page.

use relay::{
    clock::Clock,
    queue::{Place, QueueError, Sweep, SweepEnd, Swept, Verdict},
};
use rusqlite::Connection;

use super::unavailable;
use crate::store::{Store, StoreError};

/// Messages in one page; each may have a megabyte.
const PAGE: usize = 100;

/// The statements for one place.
#[derive(Clone, Copy)]
struct Statements {
    page: &'static str,
    delete: &'static str,
    rewrite: &'static str,
}

const WAITING: Statements = Statements {
    page: "SELECT id, body FROM message WHERE destination = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    delete: "DELETE FROM message WHERE id = ?1",
    rewrite: "UPDATE message SET body = ?2 WHERE id = ?1",
};
const DEAD: Statements = Statements {
    page: "SELECT id, body FROM dead_letter WHERE destination = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    delete: "DELETE FROM dead_letter WHERE id = ?1",
    rewrite: "UPDATE dead_letter SET body = ?2 WHERE id = ?1",
};

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
        let Some((last, _)) = page.last() else { return Ok(Swept { examined, end: SweepEnd::Complete }) };
        after = *last;
        let mut changes = Vec::new();
        for (id, body) in page {
            examined += 1;
            match (sweep.judge)(&body) {
                Verdict::Keep => {}
                Verdict::Delete => changes.push((id, None)),
                Verdict::Rewrite(body) => changes.push((id, Some(body))),
            }
        }
        if !changes.is_empty() {
            let act = move |connection: &Connection| change(connection, &statements, changes);
            store.write(act, |()| ()).await.map_err(|error| unavailable(&error))?;
        }
    }
}

async fn page(
    store: &Store,
    statements: &Statements,
    sweep: Sweep<'_>,
    after: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let (sql, destination) = (statements.page, sweep.destination);
    let act = move |connection: &Connection| {
        let mut statement = connection.prepare_cached(sql)?;
        let values = (destination.name(), after, PAGE);
        statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    store.read(act).await
}

fn change(
    connection: &Connection,
    statements: &Statements,
    changes: Vec<(i64, Option<String>)>,
) -> rusqlite::Result<()> {
    for (id, body) in changes {
        match body {
            None => connection.prepare_cached(statements.delete)?.execute([id])?,
            Some(body) => connection.prepare_cached(statements.rewrite)?.execute((id, body))?,
        };
    }
    Ok(())
}
