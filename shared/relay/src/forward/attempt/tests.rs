use super::*;
use crate::{forward::testing::World, ledger::State, message::Payload, secret::SecretError};

fn message(subject: &str) -> Message {
    let now = "2026-06-01T08:00:00Z".parse().unwrap();
    let key: RowKey = format!("acme#websand#order#{subject}").parse().unwrap();
    let revision = Revision { time: Some(now), received_at: now, rank: 0, sequence: None };
    Message {
        id: "e1".into(),
        shop: "acme".parse().unwrap(),
        platform: crate::shop::Platform::Canonical,
        subject: subject.into(),
        time: None,
        received_at: now,
        sequence: None,
        traceparent: None,
        quiet_hours: None,
        silent_after_hours: None,
        payload: Payload::PromotionDue { row: key, revision },
    }
}

#[tokio::test]
async fn giving_a_message_up_says_nothing_about_a_row_that_somebody_else_has_settled() {
    let world = World::new();
    let message = message("1001");
    let (early, late) = (world.received(&message), {
        world.advance(200);
        world.received(&message)
    });
    let key = message.row_key().unwrap();
    let traffic = Arc::default();
    let passage = Passage::open(&world.ports, &traffic, &late, &message.shop, key.destination).await.unwrap();
    let slow = Attempt::new(&world.ports, &early, &message, key.clone(), passage.clone());
    let quick = Attempt::new(&world.ports, &late, &message, key, passage);
    let claimed = slow.claim(Guess::Absent, |_| Relevance::Open).await.unwrap();
    let again = quick.claim(Guess::Unknown, |_| Relevance::Open).await.unwrap();
    let delivered = |row| transition::settled(row, "e1", State::Delivered, quick.now());
    quick.finish(&again, "delivered", delivered).await;
    let refused = failure("permanent", "");
    assert_eq!(slow.park(Some(claimed), &refused, Attention::Parked).await, Settlement::Done);
    assert_eq!(world.queue.parked.lock().unwrap().len(), 1);
    assert_eq!((world.only_row().state, world.only_row().attention), (State::Delivered, None));
}

#[tokio::test]
async fn secrets_that_cannot_be_reached_leave_no_row_that_nobody_would_end() {
    let world = World::new();
    let message = message("1001");
    let mut received = world.received(&message);
    let key = message.row_key().unwrap();
    let traffic = Arc::default();
    let lost = SecretError::Unreachable { name: "shoprelay/acme/websand".into(), detail: "down".into() };
    let passage = Passage::open(&world.ports, &traffic, &received, &message.shop, key.destination).await.unwrap();
    let attempt = Attempt::new(&world.ports, &received, &message, key.clone(), passage);
    assert_eq!(attempt.secret_failed(&lost).await, Settlement::Back { after: PUT_BACK });
    assert!(world.ledger.rows().is_empty());
    world.advance(10 * 24 * 3600 + 1);
    received.deadline = world.received(&message).deadline;
    let passage = Passage::open(&world.ports, &traffic, &received, &message.shop, key.destination).await.unwrap();
    let attempt = Attempt::new(&world.ports, &received, &message, key, passage);
    assert_eq!(attempt.secret_failed(&lost).await, Settlement::Done);
    assert_eq!(world.only_row().state, State::Parked, "it is not kept up for ever");
}
