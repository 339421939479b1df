//! Data and decision of one event, where only one of them gets through.

use super::{
    consent::{decision, told, world_with_withdrawals},
    *,
};
use crate::ledger::{Expected, Lease};

/// A customer's data with the decision that goes with them.
fn person(consent: bool, minute: u8) -> Message {
    let mut message = customer(Some(consent), minute);
    let Payload::Event(Event::CustomerUpdated(data)) = &mut message.payload else { panic!("no customer") };
    data.first_name = Some(format!("Bob {minute}"));
    message
}

/// A worker claims the row of the only person's decision for this event and is never heard of again.
async fn hold(world: &World, event_id: &str) {
    let mut row = decision(world);
    row.attempts.insert(event_id.into(), crate::ledger::Attempts { unfinished: 1, ..Default::default() });
    let until = world.ports.clock.now().checked_add(jiff::SignedDuration::from_secs(75)).unwrap();
    let (version, lease) = (row.version, Some(Lease { token: "other".into(), until }));
    let held = Row { version: version + 1, lease, ..row };
    world.ports.ledger.put(&held, Expected::Version(version)).await.unwrap();
}

/// A new order is at its first attempt; its sign-up is written down and not told.
async fn world_with_an_untold_sign_up() -> (World, Message) {
    let (world, message) = (world_with_withdrawals(), order("placed", "placed", 1));
    world.http.will_answer(503, &json!({}));
    assert!(matches!(settle(&world, &message).await, Settlement::Back { .. }));
    hold(&world, &message.id).await;
    world.advance(60);
    (world, message)
}

#[tokio::test]
async fn a_sign_up_that_waits_survives_a_secret_that_cannot_be_read_once_its_order_is_delivered() {
    let (world, message) = world_with_an_untold_sign_up().await;
    assert!(matches!(settle(&world, &message).await, Settlement::Back { .. }), "the person's row is held");
    assert_eq!((order_row(&world).state, decision(&world).state), (State::Delivered, State::Open));
    let secret = world.secrets.0.lock().unwrap().remove("shoprelay/acme/websand").unwrap();
    world.advance(HOUR);
    assert!(matches!(settle(&world, &message).await, Settlement::Back { .. }), "it waits");
    world.secret("acme/websand", secret);
    world.advance(HOUR);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(told(&world).last().unwrap(), "marketing_consent_true");
    assert_eq!((decision(&world).state, order_row(&world).attention), (State::Delivered, None));
}

#[tokio::test]
async fn a_sign_up_that_waits_while_its_order_is_refused_is_shown_as_parked_and_told_when_that_is_put_back() {
    let (world, message) = world_with_an_untold_sign_up().await;
    world.http.will_answer(422, &json!({"error": "not valid"}));
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!((order_row(&world).state, decision(&world).state), (State::Parked, State::Parked));
    world.advance(HOUR);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(told(&world).last().unwrap(), "marketing_consent_true");
    assert_eq!((order_row(&world).state, decision(&world).state), (State::Delivered, State::Delivered));
}

#[tokio::test]
async fn a_decision_that_has_to_wait_comes_back_although_its_data_got_through() {
    let world = world_with_withdrawals();
    assert_eq!(settle(&world, &person(true, 1)).await, Settlement::Done);
    hold(&world, "other").await;
    let withdrawal = person(false, 5);
    assert!(matches!(settle(&world, &withdrawal).await, Settlement::Back { .. }));
    world.advance(76);
    assert_eq!(settle(&world, &withdrawal).await, Settlement::Done);
    assert_eq!(told(&world), ["marketing_consent_true".into(), Value::Null, "marketing_consent_false".into()]);
}

#[tokio::test]
async fn a_decision_whose_data_were_refused_is_shown_as_parked_and_told_with_the_next() {
    let world = world_with_withdrawals();
    world.http.will_answer(422, &json!({"error": "not valid"}));
    assert_eq!(settle(&world, &person(false, 1)).await, Settlement::Done);
    let row = decision(&world);
    assert_eq!((row.state, row.lease, row.attempts.len()), (State::Parked, None, 0));
    assert!(row.last_error.is_some());
    assert_eq!(settle(&world, &person(false, 5)).await, Settlement::Done);
    assert_eq!(told(&world).last().unwrap(), "marketing_consent_false");
    assert_eq!(decision(&world).state, State::Delivered);
}

#[tokio::test]
async fn a_withdrawal_given_up_while_its_person_was_forgotten_rests_once_it_is_put_back() {
    let world = world(&json!({}));
    let withdrawal = customer(Some(false), 30);
    assert_eq!(settle(&world, &withdrawal).await, Settlement::Done);
    let mut row = decision(&world);
    // The tombstone was written after the worker had looked for it and before it gave the decision up.
    row.erased_at = withdrawal.time;
    let put_back = crate::ledger::dead::put_back(row, &withdrawal.id, world.ports.clock.now()).unwrap();
    let version = put_back.version;
    world.ports.ledger.put(&Row { version: version + 1, ..put_back }, Expected::Version(version)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(settle(&world, &withdrawal).await, Settlement::Done);
        let row = decision(&world);
        assert_eq!((row.state, row.consent, row.erased_at), (State::Suppressed, None, withdrawal.time));
    }
    assert_eq!((paths(&world).len(), world.queue.parked.lock().unwrap().len()), (0, 1));
}

#[tokio::test]
async fn an_order_that_nobody_wants_once_the_secret_is_there_leaves_nothing_to_mend() {
    let world = World::new();
    let message = order("placed", "placed", 1);
    assert!(matches!(settle(&world, &message).await, Settlement::Back { .. }), "the secret is missing");
    assert!(order_row(&world).attention.is_some());
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "orders": {"statuses": ["paid"]}}));
    world.advance(HOUR);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    let row = order_row(&world);
    assert_eq!((row.state, row.attention, row.expires_at.is_some()), (State::Suppressed, None, true));
    assert_eq!(paths(&world).len(), 0);
}
