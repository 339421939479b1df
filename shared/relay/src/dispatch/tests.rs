use std::time::Duration;

use super::*;
use crate::{
    destination::websale::stage::{Crash, Stage},
    event::Channel,
    ledger::{Lease, Ledger, PendingPromotion, State},
    message::{Kind, RowKey},
    revision::Revision,
    shop::Destination,
};

fn revision(stage: &Stage) -> Revision {
    let now = stage.ports.clock.now();
    Revision { time: Some(now), received_at: now, rank: 0, sequence: None }
}

/// A promotion that waits until now.
fn waiting(stage: &Stage, subject: &str) -> Row {
    let key = RowKey {
        shop: Some("acme".parse().unwrap()),
        destination: Destination::Websale,
        kind: Kind::Promotion,
        subject: subject.into(),
    };
    let now = stage.ports.clock.now();
    let promotion = PendingPromotion {
        revision: revision(stage),
        channel: Channel::Push,
        send_at: Some(now),
        send_before: None,
        quiet_hours: None,
        content: None,
        parts: 0,
        former: None,
        draft: false,
        callback_url: None,
        plan: None,
    };
    let due = Some(Due { purpose: Purpose::Send, at: now });
    Row { state: State::Scheduled, promotion: Some(promotion), due, version: 1, ..Row::new(key, now) }
}

async fn store(stage: &Stage, row: &Row) {
    stage.world.ledger.put(row, ledger::Expected::Absent).await.unwrap();
}

async fn run(stage: &Stage) -> Dispatched {
    dispatch(&stage.ports, stage.ports.clock.now() + Duration::from_secs(50)).await
}

fn queued(stage: &Stage) -> Vec<Message> {
    std::mem::take(&mut *stage.world.queue.sent.lock().unwrap())
}

fn due_at(stage: &Stage, row: &Row) -> Timestamp {
    stage.world.ledger.rows()[&row.key.to_string()].due.unwrap().at
}

#[tokio::test]
async fn a_due_promotion_is_queued_thin_and_its_row_moved_ten_minutes_ahead() {
    let stage = Stage::new();
    let row = waiting(&stage, "summer");
    store(&stage, &row).await;
    assert_eq!(run(&stage).await, Dispatched { queued: 1, failed: 0 });
    let [message] = queued(&stage).try_into().unwrap();
    assert_eq!(Message::from_json(&message.to_json()).unwrap(), message);
    assert_eq!(message.payload, Payload::PromotionDue { row: row.key.clone(), revision: revision(&stage) });
    assert_eq!(due_at(&stage, &row), stage.ports.clock.now() + AGAIN_AFTER);
    assert_eq!(run(&stage).await, Dispatched::default());

    stage.world.advance(600);
    run(&stage).await;
    let [again] = queued(&stage).try_into().unwrap();
    assert_ne!(again.id, message.id, "it is due at another time");
}

#[tokio::test]
async fn all_due_promotions_are_queued_however_many_there_are() {
    let stage = Stage::new();
    for number in 0..250 {
        store(&stage, &waiting(&stage, &format!("p{number}"))).await;
    }
    assert_eq!(run(&stage).await, Dispatched { queued: 250, failed: 0 });
    let mut ids: Vec<_> = queued(&stage).into_iter().map(|message| message.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 250);
}

#[tokio::test]
async fn what_the_queue_does_not_take_stays_due() {
    let stage = Stage::new();
    for number in 0..150 {
        store(&stage, &waiting(&stage, &format!("p{number}"))).await;
    }
    *stage.world.queue.down.lock().unwrap() = true;
    assert_eq!(run(&stage).await, Dispatched { queued: 0, failed: 150 });
    *stage.world.queue.down.lock().unwrap() = false;
    assert_eq!(run(&stage).await, Dispatched { queued: 150, failed: 0 });
}

#[tokio::test]
async fn two_dispatchers_at_once_queue_the_same_message() {
    let stage = Stage::new();
    let row = waiting(&stage, "summer");
    store(&stage, &row).await;
    // Both have read the index before either has moved the row.
    wake(&stage.ports, &row, &mut Pauses::default()).await.unwrap();
    let moved = stage.world.only_row();
    wake(&stage.ports, &row, &mut Pauses::default()).await.unwrap();
    let [first, second] = queued(&stage).try_into().unwrap();
    assert_eq!(first, second);
    assert_eq!(stage.world.only_row(), moved);
}

#[tokio::test]
async fn a_promotion_somebody_works_on_or_that_must_wait_is_left_in_peace() {
    let stage = Stage::new();
    let soon = stage.ports.clock.now() + Duration::from_mins(2);
    let lease = Some(Lease { token: "t".into(), until: soon });
    let leased = Row { lease: lease.clone(), ..waiting(&stage, "leased") };
    let held = Row { not_before: Some(soon), ..waiting(&stage, "held") };
    for row in [&leased, &held] {
        store(&stage, row).await;
    }
    assert_eq!(run(&stage).await, Dispatched::default());
    assert!(queued(&stage).is_empty());
    for row in [&leased, &held] {
        assert_eq!(due_at(&stage, row), soon + AGAIN_AFTER);
    }
    assert_eq!(stage.world.ledger.rows()[&leased.key.to_string()].lease, lease);
    stage.world.advance(12 * 60);
    assert_eq!(run(&stage).await.queued, 2);
}

#[tokio::test]
async fn nothing_is_begun_after_the_deadline() {
    let stage = Stage::new();
    store(&stage, &waiting(&stage, "summer")).await;
    assert_eq!(dispatch(&stage.ports, stage.ports.clock.now()).await, Dispatched::default());
    assert!(queued(&stage).is_empty());
}

#[tokio::test]
async fn a_promotion_not_due_yet_waits() {
    let stage = Stage::new();
    let later = Due { purpose: Purpose::Send, at: stage.ports.clock.now() + Duration::from_secs(1) };
    store(&stage, &Row { due: Some(later), ..waiting(&stage, "summer") }).await;
    assert_eq!(run(&stage).await, Dispatched::default());
}

#[tokio::test]
async fn a_dispatcher_that_ends_at_any_call_loses_no_promotion() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let stage = Stage::new();
            store(&stage, &waiting(&stage, "summer")).await;
            stage.fuse.set(number, crash);
            let mut running = std::pin::pin!(run(&stage));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let done = running.as_mut().poll(&mut context).is_ready();
            stage.fuse.clear();
            if done {
                assert!(number > 2);
                break;
            }
            // Whatever it left behind: the promotion is on the queue, or the next run queues it at once.
            run(&stage).await;
            assert!(!queued(&stage).is_empty(), "{crash:?} call {number}");
        }
    }
}
