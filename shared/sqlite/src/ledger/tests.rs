use relay::ledger::{Attention, Due, Lease};

use super::*;

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

fn bench() -> (SqliteLedger, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (SqliteLedger::new(Store::open(directory.path(), now()).unwrap()), directory)
}

fn row(key: &str, version: u64, write: &str) -> Row {
    Row { version, write: write.into(), ..Row::new(key.parse().unwrap(), now()) }
}

async fn store(ledger: &SqliteLedger, row: Row) {
    assert!(matches!(ledger.put(&row, Expected::Absent).await.unwrap(), Put::Stored));
}

const ORDER: &str = "acme#websand#order#1001";

#[tokio::test]
async fn a_row_is_stored_only_if_nobody_else_wrote_meanwhile_and_a_conflict_shows_what_is_there() {
    let (ledger, _directory) = bench();
    let first = row(ORDER, 1, "a");
    assert!(ledger.get(&first.key).await.unwrap().is_none());
    assert!(matches!(ledger.put(&row(ORDER, 2, "x"), Expected::Version(1)).await.unwrap(), Put::Conflict(None)));
    store(&ledger, first.clone()).await;
    assert_eq!(ledger.get(&first.key).await.unwrap().as_ref(), Some(&first));
    for (other, expected) in [(row(ORDER, 1, "b"), Expected::Absent), (row(ORDER, 8, "c"), Expected::Version(7))] {
        match ledger.put(&other, expected).await.unwrap() {
            Put::Conflict(Some(stored)) => assert_eq!(*stored, first),
            answer => panic!("{answer:?}"),
        }
    }
    let second = Row { state: State::Delivered, ..row(ORDER, 2, "d") };
    assert!(matches!(ledger.put(&second, Expected::Version(1)).await.unwrap(), Put::Stored));
    assert_eq!(ledger.get(&first.key).await.unwrap(), Some(second));
}

#[tokio::test]
async fn a_writer_recognises_its_own_write_after_a_lost_answer() {
    let (ledger, _directory) = bench();
    store(&ledger, row(ORDER, 1, "mine")).await;
    assert!(matches!(ledger.put(&row(ORDER, 1, "mine"), Expected::Absent).await.unwrap(), Put::Stored));
    assert!(matches!(ledger.put(&row(ORDER, 1, "other"), Expected::Absent).await.unwrap(), Put::Conflict(_)));
}

#[tokio::test]
async fn of_many_writers_at_once_one_wins() {
    let (ledger, _directory) = bench();
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.put(&row(ORDER, 1, &number.to_string()), Expected::Absent).await })
        })
        .collect();
    let mut stored = 0;
    for writer in writers {
        stored += u32::from(matches!(writer.await.unwrap().unwrap(), Put::Stored));
    }
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn due_rows_come_by_purpose_and_age_and_attention_is_a_purpose() {
    let (ledger, _directory) = bench();
    let due = |purpose, seconds| Some(Due { purpose, at: later(seconds) });
    store(&ledger, Row { due: due(Purpose::Send, 20), ..row("a#websale#promotion#2", 1, "x") }).await;
    store(&ledger, Row { due: due(Purpose::Send, 10), ..row("a#websale#promotion#1", 1, "x") }).await;
    store(&ledger, Row { due: due(Purpose::Send, 31), ..row("a#websale#promotion#3", 1, "x") }).await;
    store(&ledger, Row { due: due(Purpose::Poll, 5), ..row("a#websale#promotion#4", 1, "x") }).await;
    store(&ledger, Row { attention: Some(Attention::Parked), ..row("a#websand#order#5", 1, "x") }).await;
    let subjects = |rows: Vec<Row>| rows.into_iter().map(|row| row.key.subject).collect::<Vec<_>>();
    assert_eq!(subjects(ledger.due(Purpose::Send, later(30), 10).await.unwrap()), ["1", "2"]);
    assert_eq!(subjects(ledger.due(Purpose::Send, later(30), 1).await.unwrap()), ["1"]);
    assert_eq!(subjects(ledger.due(Purpose::Poll, later(30), 10).await.unwrap()), ["4"]);
    assert_eq!(subjects(ledger.due(Purpose::Attention, now(), 10).await.unwrap()), ["5"]);
    // A row leaves the index with the write that settles it.
    let settled = row("a#websale#promotion#1", 2, "y");
    assert!(matches!(ledger.put(&settled, Expected::Version(1)).await.unwrap(), Put::Stored));
    assert_eq!(subjects(ledger.due(Purpose::Send, later(30), 10).await.unwrap()), ["2"]);
}

#[tokio::test]
async fn a_scan_finds_keys_by_their_beginning_only() {
    let (ledger, _directory) = bench();
    for key in ["acme#websand#order#1", "acme#websand#order#ü", "acme#websale#promotion#1", "acme-2#websand#order#1"] {
        store(&ledger, row(key, 1, "x")).await;
    }
    assert_eq!(ledger.scan("acme#", 10).await.unwrap().len(), 3);
    assert_eq!(ledger.scan("acme#websand#order#", 10).await.unwrap().len(), 2);
    assert_eq!(ledger.scan("", 3).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_scan_turns_its_pages_without_losing_or_repeating_a_row() {
    let (ledger, _directory) = bench();
    for number in 0..=2 * SCAN_PAGE {
        store(&ledger, row(&format!("acme#websand#order#{number}"), 1, "x")).await;
    }
    let (mut keys, mut after, mut pages) = (std::collections::BTreeSet::new(), None, 0);
    loop {
        let page = ledger.scan_page("acme#", after.as_deref()).await.unwrap();
        keys.extend(page.rows.iter().map(|row| row.key.to_string()));
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!((keys.len(), pages), (2 * SCAN_PAGE + 1, 3));
    assert_eq!(ledger.scan("acme#", SCAN_PAGE + 7).await.unwrap().len(), SCAN_PAGE + 7);
}

#[tokio::test]
async fn a_row_is_deleted_only_as_it_was_seen() {
    let (ledger, _directory) = bench();
    let stored = row(ORDER, 3, "x");
    store(&ledger, stored.clone()).await;
    assert_eq!(ledger.delete(&stored.key, 2).await, Ok(Some(stored.clone())));
    assert_eq!(ledger.get(&stored.key).await, Ok(Some(stored.clone())));
    assert_eq!(ledger.delete(&stored.key, 3).await, Ok(None));
    assert_eq!(ledger.get(&stored.key).await, Ok(None));
    assert_eq!(ledger.delete(&stored.key, 3).await, Ok(None), "it is gone, whoever deleted it");
}

#[tokio::test]
async fn whoever_was_forgotten_is_found_by_the_index_and_outlives_a_restart() {
    let (ledger, directory) = bench();
    let lease = Some(Lease { token: "t".into(), until: later(60) });
    let tomb = Row { erased_at: Some(now()), lease, ..row("acme#websand#consent#k", 1, "x") };
    store(&ledger, tomb).await;
    drop(ledger);
    let ledger = SqliteLedger::new(Store::open(directory.path(), later(10)).unwrap());
    ledger.forget_expired(Timestamp::MAX, 10).await.unwrap();
    let found = ledger.due(Purpose::Erased, Timestamp::MAX, 10).await.unwrap();
    assert_eq!(found.iter().map(|row| row.erased_at).collect::<Vec<_>>(), [Some(now())]);
}

#[tokio::test]
async fn parts_are_stored_replaced_and_removed() {
    let (ledger, _directory) = bench();
    let part = PartId { row: "a#websale#promotion#1".parse().unwrap(), content: "c1".into(), number: 0 };
    let other = PartId { number: 1, ..part.clone() };
    ledger.put_part(&part, b"old", later(9)).await.unwrap();
    ledger.put_part(&part, b"new", later(9)).await.unwrap();
    assert_eq!(ledger.get_part(&part).await.unwrap().as_deref(), Some(&b"new"[..]));
    assert_eq!(ledger.get_part(&other).await.unwrap(), None);
    ledger.delete_part(&other).await.unwrap();
    ledger.delete_part(&part).await.unwrap();
    assert_eq!(ledger.get_part(&part).await.unwrap(), None);
}

#[tokio::test]
async fn a_restart_voids_leases_and_an_announced_call_has_an_unknown_outcome() {
    let (ledger, directory) = bench();
    let lease = Some(Lease { token: "t".into(), until: later(60) });
    let leased = Row { lease: lease.clone(), ..row(ORDER, 3, "x") };
    let intended = Row { lease, state: State::Intended, ..row("a#websale#promotion#1", 5, "x") };
    let free = row("a#websand#order#2", 1, "x");
    for row in [&leased, &intended, &free] {
        store(&ledger, row.clone()).await;
    }
    drop(ledger);
    let ledger = SqliteLedger::new(Store::open(directory.path(), later(10)).unwrap());
    let freed = ledger.get(&leased.key).await.unwrap().unwrap();
    assert_eq!((freed.lease.clone(), freed.state, freed.version), (None, State::Open, 4));
    assert_ne!(freed.write, leased.write);
    let unknown = ledger.get(&intended.key).await.unwrap().unwrap();
    assert_eq!((unknown.state, unknown.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
    assert!(unknown.lease.is_none_or(|lease| lease.until <= later(10)), "the row can be worked on at once");
    assert_eq!(ledger.get(&free.key).await.unwrap(), Some(free));
    assert_eq!(ledger.due(Purpose::Attention, later(10), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn expired_rows_are_forgotten_with_their_parts_and_open_ones_never() {
    let (ledger, _directory) = bench();
    let part = PartId { row: "a#websale#promotion#1".parse().unwrap(), content: "c1".into(), number: 0 };
    ledger.put_part(&part, b"text", later(99)).await.unwrap();
    store(&ledger, Row { expires_at: Some(later(10)), ..row("a#websale#promotion#1", 1, "x") }).await;
    store(&ledger, Row { expires_at: Some(later(99)), ..row("a#websale#promotion#2", 1, "x") }).await;
    store(&ledger, row(ORDER, 1, "x")).await;
    assert_eq!(ledger.forget_expired(later(9), 10).await.unwrap(), 0);
    assert_eq!(ledger.forget_expired(later(10), 10).await.unwrap(), 1);
    assert_eq!(ledger.get_part(&part).await.unwrap(), None);
    assert_eq!(ledger.scan("", 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn content_is_forgotten_when_its_time_is_over_whatever_became_of_its_row() {
    let (ledger, _directory) = bench();
    let part = PartId { row: "a#websale#promotion#1".parse().unwrap(), content: "c1".into(), number: 0 };
    ledger.put_part(&part, b"text", later(10)).await.unwrap();
    store(&ledger, row("a#websale#promotion#1", 1, "x")).await;
    ledger.forget_expired(later(9), 10).await.unwrap();
    assert!(ledger.get_part(&part).await.unwrap().is_some());
    ledger.forget_expired(later(10), 10).await.unwrap();
    assert_eq!(ledger.get_part(&part).await.unwrap(), None);
    assert_eq!(ledger.scan("", 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_statement_but_an_operators_walks_through_the_ledger() {
    let (ledger, _directory) = bench();
    let statements = [GET, OTHER, UPDATE, DUE, EXPIRED, EXPIRED_PARTS, crate::store::IN_HAND];
    let plans = ledger.store.read(move |connection| {
        statements.map(|sql| crate::store::plan(connection, sql)).into_iter().collect::<Result<Vec<_>, _>>()
    });
    for plan in plans.await.unwrap() {
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
