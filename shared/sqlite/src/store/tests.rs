use std::{
    os::unix::fs::PermissionsExt,
    sync::mpsc::{Sender, channel},
};

use jiff::SignedDuration;
use relay::{
    ledger::{Expected, Lease, Ledger, Put, Row},
    message::RowKey,
};

use super::*;
use crate::SqliteLedger;

fn start() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn open(directory: &Path) -> Store {
    Store::open(directory, start()).unwrap()
}

/// How SQLite would go about a statement, for tests that look for full scans.
pub(crate) fn plan(connection: &Connection, sql: &str) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut plan = format!("{sql}:");
    while let Some(row) = rows.next()? {
        plan = format!("{plan}\n  {}", row.get::<_, String>(3)?);
    }
    Ok(plan)
}

fn note(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO receipt (json) VALUES (?1)", [text]).map(drop)
}

async fn notes(store: &Store) -> Vec<String> {
    let read = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT json FROM receipt ORDER BY id")?;
        statement.query_map((), |row| row.get(0))?.collect()
    };
    store.read(read).await.unwrap()
}

/// Keeps the writer thread busy until the sender is dropped.
fn hold(store: &Store) -> (Sender<()>, impl Future<Output = Result<(), StoreError>> + use<>) {
    let (release, held) = channel();
    let store = store.clone();
    let write = async move {
        store
            .write(
                move |_| {
                    let _ = held.recv();
                    Ok(())
                },
                |()| (),
            )
            .await
    };
    (release, write)
}

#[tokio::test]
async fn writes_that_arrive_while_the_disk_is_busy_share_one_commit_and_a_failed_one_hurts_only_itself() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (release, held) = hold(&store);
    let held = tokio::spawn(held);
    tokio::task::yield_now().await;
    let writes: Vec<_> = (0..100)
        .map(|number| {
            let store = store.clone();
            let act = move |connection: &Connection| {
                note(connection, &number.to_string())?;
                if number == 50 { Err(rusqlite::Error::InvalidQuery) } else { Ok(number) }
            };
            tokio::spawn(async move { store.write(act, |_| ()).await })
        })
        .collect();
    // The runtime polls some sixty tasks before it comes back here.
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    drop(release);
    held.await.unwrap().unwrap();
    for (number, write) in writes.into_iter().enumerate() {
        assert_eq!(write.await.unwrap().is_ok(), number != 50, "{number}");
    }
    assert!(store.commits() <= 2, "{} commits for 101 writes", store.commits());
    let stored = notes(&store).await;
    assert_eq!(stored.len(), 99);
    assert!(!stored.contains(&"50".to_owned()), "the failed write left something behind");
}

#[tokio::test]
async fn an_answered_write_is_seen_by_readers_and_survives_a_process_that_never_closed_its_database() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store.write(|connection| note(connection, "kept"), |()| ()).await.unwrap();
    assert_eq!(notes(&store).await, ["kept"]);
    // What a killed process leaves: database and log as they are now, no checkpoint.
    let copy = tempfile::tempdir().unwrap();
    for name in ["shoprelay.db", "shoprelay.db-wal"] {
        std::fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
    }
    assert_eq!(notes(&open(copy.path())).await, ["kept"]);
}

#[tokio::test]
async fn what_follows_a_commit_happens_even_if_nobody_waits_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (release, held) = hold(&store);
    let held = tokio::spawn(held);
    tokio::task::yield_now().await;
    let (sender, receiver) = channel();
    let mut write = Box::pin(store.write(|connection| note(connection, "kept"), move |()| sender.send(()).unwrap()));
    assert!(futures_are_pending(&mut write).await);
    drop(write);
    drop(release);
    held.await.unwrap().unwrap();
    store.close().await;
    receiver.recv().unwrap();
}

async fn futures_are_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending()))
        .await
}

#[tokio::test]
async fn a_lazy_write_is_committed_without_anybody_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let (release, held) = hold(&store);
    let held = tokio::spawn(held);
    tokio::task::yield_now().await;
    for number in 0..3 {
        let act = move |connection: &Connection| note(connection, &number.to_string());
        store.write_lazily(act, |error| panic!("{error}")).unwrap();
    }
    drop(release);
    store.write(|connection| note(connection, "eager"), |()| ()).await.unwrap();
    held.await.unwrap().unwrap();
    assert_eq!(notes(&store).await, ["0", "1", "2", "eager"]);
    store.write_lazily(|connection| note(connection, "last"), |error| panic!("{error}")).unwrap();
    store.close().await;
    assert_eq!(notes(&store).await.last().unwrap(), "last");
}

#[tokio::test]
async fn a_data_directory_belongs_to_one_store_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let first = open(&data);
    let refused = Store::open(&data, start()).unwrap_err();
    assert_eq!(refused, OpenError::InUse(data.clone()));
    assert!(refused.to_string().contains(data.to_str().unwrap()));
    first.close().await;
    assert_eq!(first.write(|_| Ok(()), |()| ()).await, Err(StoreError::Closed));
    assert!(!first.is_writable());
    assert!(open(&data).is_writable());
}

#[test]
fn a_new_data_directory_and_its_files_are_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("a").join("b");
    let _store = open(&data);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for name in ["shoprelay.db", "shoprelay.db-wal", "shoprelay.lock"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn an_operator_reads_beside_a_running_host_and_after_it_but_never_writes() {
    let directory = tempfile::tempdir().unwrap();
    let host = open(directory.path());
    let operator = Store::read_only(directory.path()).unwrap();
    host.write(|connection| note(connection, "seen"), |()| ()).await.unwrap();
    assert_eq!(notes(&operator).await, ["seen"]);
    assert_eq!(operator.write(|_| Ok(()), |()| ()).await, Err(StoreError::ReadOnly));
    drop((host, operator));
    assert_eq!(notes(&Store::read_only(directory.path()).unwrap()).await, ["seen"]);
}

#[tokio::test]
async fn an_operator_writes_beside_a_running_host_and_neither_loses_anything() {
    let directory = tempfile::tempdir().unwrap();
    let host = open(directory.path());
    let operator = Store::beside(directory.path()).unwrap();
    let writes = (0..200).map(|number| {
        let store = if number % 2 == 0 { host.clone() } else { operator.clone() };
        async move { store.write(move |connection| note(connection, &number.to_string()), |()| ()).await }
    });
    let writes: Vec<_> = writes.map(tokio::spawn).collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }
    let stored = |stored: Vec<String>| {
        let mut numbers: Vec<u32> = stored.iter().map(|text| text.parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers
    };
    let all: Vec<u32> = (0..200).collect();
    assert_eq!(stored(notes(&host).await), all);
    assert_eq!(stored(notes(&operator).await), all);
    drop(operator);
    assert!(host.is_writable());
    assert_eq!(Store::open(directory.path(), start()).unwrap_err(), OpenError::InUse(directory.path().to_owned()));
}

#[tokio::test]
async fn an_operator_voids_no_lease_and_changes_only_the_row_it_has_read() {
    let directory = tempfile::tempdir().unwrap();
    let host = SqliteLedger::new(open(directory.path()));
    let operator = SqliteLedger::new(Store::beside(directory.path()).unwrap());
    let key: RowKey = "acme#websand#order#1".parse().unwrap();
    let lease = Lease { token: "host".into(), until: start() + SignedDuration::from_mins(1) };
    let row = Row { version: 1, write: "1".into(), lease: Some(lease), ..Row::new(key.clone(), start()) };
    host.put(&row, Expected::Absent).await.unwrap();
    let read = operator.get(&key).await.unwrap().unwrap();
    assert_eq!(read.lease, row.lease);
    let newer = Row { version: 2, write: "2".into(), ..row.clone() };
    assert!(matches!(host.put(&newer, Expected::Version(1)).await.unwrap(), Put::Stored));
    let changed = Row { version: 2, write: "operator".into(), lease: None, ..read };
    let refused = operator.put(&changed, Expected::Version(1)).await.unwrap();
    assert!(matches!(refused, Put::Conflict(Some(there)) if *there == newer));
    assert_eq!(operator.delete(&key, 1).await.unwrap(), Some(newer));
    assert_eq!(operator.delete(&key, 2).await.unwrap(), None);
    assert_eq!(host.get(&key).await.unwrap(), None);
}

#[test]
fn without_an_installation_or_with_one_of_another_version_the_error_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let none = Store::read_only(directory.path()).unwrap_err();
    assert_eq!(none, OpenError::NoInstallation(directory.path().to_owned()));
    assert_eq!(Store::beside(directory.path()).unwrap_err(), none);
    assert!(!directory.path().join("shoprelay.db").exists(), "looking for an installation made one");
    drop(open(directory.path()));
    let file = directory.path().join("shoprelay.db");
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let path = directory.path();
    for result in [Store::read_only(path), Store::beside(path), Store::open(path, start())] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("has format 99") && error.contains("use the shoprelay that wrote it"), "{error}");
    }
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 0).unwrap();
    let older = Store::read_only(directory.path()).unwrap_err().to_string();
    assert!(older.contains("serve"), "{older}");
}

#[test]
fn the_database_is_set_up_to_lose_nothing_and_to_take_an_order_in_one_page() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("shoprelay.db");
    let connection = connection::writing(&{
        directory::create_private(&file).unwrap();
        file
    })
    .unwrap();
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).unwrap(), "wal");
    assert_eq!(number("synchronous"), 2);
    assert_eq!(number("page_size"), 16384);
    assert_eq!(number("wal_autocheckpoint"), 1000);
    assert_eq!(number("busy_timeout"), 5000);
}
