//! What Websand hears of people's decisions.

use super::*;
use crate::message::Kind;

/// The row of the only person's decision.
fn decision(world: &World) -> Row {
    let decisions: Vec<Row> = world.ledger.rows().into_values().filter(|row| row.key.kind == Kind::Consent).collect();
    assert_eq!(decisions.len(), 1);
    decisions.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_late_order_does_not_sign_up_a_person_who_left() {
    let world = world(&json!({"updates": "all"}));
    let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": {"withdrawn": withdrawn}}));
    assert_eq!(settle(&world, &customer(Some(false), 30)).await, Settlement::Done);
    assert_eq!(settle(&world, &order("placed", "placed", 5)).await, Settlement::Done);
    let decisions = world.ledger.rows().into_values().filter(|row| row.key.kind == Kind::Consent);
    let decisions: Vec<_> = decisions.map(|row| row.expires_at).collect();
    assert_eq!(decisions, [None], "a withdrawal is never forgotten");
    let seen = world.http.seen();
    assert_eq!(seen[0].body["subscriber"]["marketing_consent"], "marketing_consent_false");
    let customer = &seen[1].body["transaction"]["customer"];
    assert_eq!(customer["email"], "bob@example.com");
    assert!(customer.get("marketing_consent").is_none() && customer.get("subscribed_at").is_none(), "{customer}");
}

#[tokio::test]
async fn a_withdrawal_that_cannot_be_expressed_is_parked_with_an_alarm_and_remembered() {
    let world = world(&json!({}));
    assert_eq!(settle(&world, &customer(Some(false), 30)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), 0);
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "withdrawal_not_expressible");
    let row = decision(&world);
    assert_eq!((row.state, row.attention), (State::Parked, Some(Attention::WithdrawalNotExpressible)));
    assert_eq!(row.expires_at, None, "a withdrawal is never forgotten");
    assert_eq!(settle(&world, &order("placed", "placed", 5)).await, Settlement::Done);
    assert!(world.http.seen()[0].body["transaction"]["customer"].get("marketing_consent").is_none());
}

/// A shop that can tell Websand of withdrawals.
fn world_with_withdrawals() -> World {
    let world = World::new();
    let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": {"withdrawn": withdrawn}}));
    world.advance(HOUR);
    world
}

/// What Websand was told about consent, call by call.
fn told(world: &World) -> Vec<Value> {
    let said = |seen: crate::forward::testing::Seen| {
        let customer = seen.body.get("subscriber").unwrap_or(&seen.body["transaction"]["customer"]).clone();
        customer["marketing_consent"].clone()
    };
    world.http.seen().into_iter().map(said).collect()
}

#[tokio::test]
async fn a_decision_is_told_even_if_newer_data_without_one_was_quicker() {
    for (decision, words) in [(false, "marketing_consent_false"), (true, "marketing_consent_true")] {
        let world = world_with_withdrawals();
        let mut newer = customer(None, 10);
        let Payload::Event(Event::CustomerUpdated(data)) = &mut newer.payload else { panic!("no customer") };
        data.first_name = Some("Robert".into());
        let late = customer(Some(decision), 5);
        for message in [&newer, &late, &late, &newer] {
            assert_eq!(settle(&world, message).await, Settlement::Done);
        }
        assert_eq!(told(&world), [Value::Null, words.into()]);
        let row = &world.ledger.rows()["acme#websand#customer#key-of-bob"];
        assert_eq!(row.revision, Some(newer.revision()), "what is newer stays known");
    }
}

/// An order placed `minute` minutes after eight by somebody who signed up with it.
fn sign_up(minute: u8) -> Message {
    let mut message = order("placed", "placed", minute);
    message.subject = format!("order-{minute}");
    message.id = format!("e-order-{minute}");
    let Payload::Event(Event::OrderPlaced(order)) = &mut message.payload else { panic!("no order") };
    (order.id, order.placed_at) = (message.subject.clone(), message.time.unwrap());
    message
}

#[tokio::test]
async fn every_newer_decision_is_told_whoever_told_of_the_one_before() {
    let world = world_with_withdrawals();
    for message in [customer(Some(false), 10), sign_up(20), customer(Some(false), 30), sign_up(20), sign_up(25)] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    let (granted, withdrawn) = ("marketing_consent_true".into(), "marketing_consent_false".into());
    assert_eq!(told(&world), [&withdrawn, &granted, &withdrawn, &Value::Null].map(Value::clone));
}

#[tokio::test]
async fn a_withdrawal_older_than_known_data_is_parked_too_if_it_cannot_be_expressed() {
    let world = world(&json!({}));
    world.advance(HOUR);
    for message in [customer(None, 10), customer(Some(false), 5)] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "withdrawal_not_expressible");
}
