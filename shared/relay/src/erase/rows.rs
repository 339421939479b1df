//! Rows of the ledger: those that can be named, and those that have to be looked for.

use std::collections::HashSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::{
    EraseError, Reach, content,
    target::Who,
    walk::{Mode, Step, Walk, soon},
};
use crate::{
    ledger::{LedgerError, Purpose, Row, ScanPage},
    message::{Kind, RowKey},
};

/// How many rows of a shop are deleted at a time.
const AT_ONCE: usize = 16;
/// The most rows an index is asked for.
const MOST: usize = 100_000;
/// A row that changes more often than this meanwhile is somebody else's at the moment.
const TRIES: usize = 10;

/// Rows that can be named without a search.
pub(super) async fn named(walk: &mut Walk<'_>) -> Step {
    for key in walk.target.named() {
        if let Some(row) = walk.at.ledger.get(&key).await?
            && remove(walk, row.clone()).await?
        {
            walk.note_row(&row);
        }
    }
    Ok(None)
}

/// Rows that have to be looked for: through an index, or one by one.
pub(super) async fn others(walk: &mut Walk<'_>) -> Step {
    if matches!(walk.target.who, Who::Person { .. }) && walk.request.reach == Reach::Named {
        return indexed(walk).await;
    }
    let prefix = format!("{}#", walk.request.shop);
    loop {
        let after = walk.progress.after.clone();
        let ScanPage { rows, next } = walk.at.ledger.scan_page(&prefix, after.as_deref()).await?;
        let held_up = match walk.target.who {
            Who::Person { .. } => of_person(walk, rows).await?,
            Who::Shop => of_shop(walk, rows).await?,
        };
        if held_up.is_some() || next.is_none() {
            return Ok(held_up);
        }
        walk.progress.after = next;
        let now = walk.at.clock.now();
        if now >= walk.until {
            return Ok(Some(now));
        }
    }
}

/// Only contents that wait, or that a person may still have to decide about, are led to by an index.
async fn indexed(walk: &mut Walk<'_>) -> Step {
    let mut rows = Vec::new();
    for purpose in [Purpose::Send, Purpose::Poll, Purpose::Attention] {
        let found = walk.at.ledger.due(purpose, Timestamp::MAX, MOST).await?;
        rows.extend(found.into_iter().filter(|row| row.key.shop.as_ref() == Some(&walk.request.shop)));
    }
    rows.retain(|row| row.key.kind == Kind::Promotion);
    of_person(walk, rows).await
}

/// `Some`: a row is being worked on until then.
async fn of_person(walk: &mut Walk<'_>, rows: Vec<Row>) -> Step {
    let mut held_up = None;
    let named: HashSet<RowKey> = walk.target.named().into_iter().collect();
    for row in rows.into_iter().filter(|row| !named.contains(&row.key)) {
        if row.key.kind == Kind::Promotion {
            match content::take_out(walk, row).await? {
                Ok(outcome) => walk.note_content(outcome),
                Err(until) => held_up = held_up.max(Some(soon(walk.at.clock.now(), until))),
            }
        } else if walk.target.takes(&row) && remove(walk, row.clone()).await? {
            walk.note_row(&row);
        }
    }
    Ok(held_up)
}

async fn of_shop(walk: &mut Walk<'_>, rows: Vec<Row>) -> Step {
    let taken: Vec<Row> = rows.into_iter().filter(|row| walk.target.takes(row)).collect();
    let (held, free): (Vec<Row>, Vec<Row>) = taken.into_iter().partition(|row| is_held(row, walk.at.clock.now()));
    let removing = free.into_iter().map(|row| {
        let walk = &*walk;
        async move {
            let is_gone = remove(walk, row.clone()).await?;
            Ok::<_, EraseError>(is_gone.then_some(row))
        }
    });
    let removed: Vec<Option<Row>> = stream::iter(removing).buffer_unordered(AT_ONCE).try_collect().await?;
    for row in removed.into_iter().flatten() {
        walk.note_row(&row);
    }
    let until = held.iter().filter_map(|row| row.lease.as_ref()).map(|lease| lease.until).max();
    Ok(until.filter(|_| walk.mode == Mode::Forget).map(|until| soon(walk.at.clock.now(), until)))
}

/// Whether a worker may be at a promotion right now. Without its row, it would be sent once more.
pub(super) fn is_held(row: &Row, now: Timestamp) -> bool {
    matches!(row.key.kind, Kind::Promotion | Kind::Chunk) && row.lease.as_ref().is_some_and(|lease| lease.until > now)
}

/// Removes a row with all that is stored beside it, unless it is not to go any more. A worker that is at it delivers what
/// it has in hand, and then finds no row to note it in.
async fn remove(walk: &Walk<'_>, row: Row) -> Result<bool, EraseError> {
    if !walk.target.takes(&row) {
        return Ok(false);
    }
    if walk.mode == Mode::List {
        return Ok(true);
    }
    let mut row = row;
    for _ in 0..TRIES {
        content::delete_all(walk.at.ledger, &row).await?;
        let key: RowKey = row.key.clone();
        match walk.at.ledger.delete(&key, row.version).await? {
            None => return Ok(true),
            Some(other) if walk.target.takes(&other) && !is_held(&other, walk.at.clock.now()) => row = other,
            Some(_) => return Ok(false),
        }
    }
    Err(LedgerError(format!("{} is written by too many at once", row.key)).into())
}
