//! What Websand hears of people's decisions.

use super::*;
use crate::{ledger::Consent, message::Kind};

/// The row of the only person's decision.
pub(super) fn decision(world: &World) -> Row {
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
pub(super) fn world_with_withdrawals() -> World {
    let world = World::new();
    let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": {"withdrawn": withdrawn}}));
    world.advance(HOUR);
    world
}

/// What Websand was told about consent, call by call.
pub(super) fn told(world: &World) -> Vec<Value> {
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

/// A customer's data with a decision made `minute` minutes after eight, told `later` minutes later.
fn person(consent: bool, minute: u8, later: u8, name: &str) -> Message {
    let mut message = customer(Some(consent), minute + later);
    message.id = format!("c-{minute}-{later}-{name}");
    let Payload::Event(Event::CustomerUpdated(data)) = &mut message.payload else { panic!("no customer") };
    (data.first_name, data.consent_at) = (Some(name.into()), customer(None, minute).time);
    message
}

#[tokio::test]
async fn a_decision_alone_leaves_what_is_known_of_the_customers_data_as_it_is() {
    let world = world_with_withdrawals();
    for message in [person(true, 1, 9, "Bob"), customer(Some(false), 20), person(true, 1, 11, "Rob")] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    let said = ["marketing_consent_true".into(), "marketing_consent_false".into(), Value::Null];
    assert_eq!(told(&world), said, "the older event's data are newer than what was known of them");
    assert_eq!(world.http.seen()[2].body["subscriber"]["first"], "Rob");
    let rows = world.ledger.rows();
    assert_eq!(rows["acme#websand#customer#key-of-bob"].revision, Some(person(true, 1, 11, "Rob").revision()));
}

#[tokio::test]
async fn an_old_decision_in_a_newer_version_of_the_data_is_not_repeated() {
    let world = world_with_withdrawals();
    for message in [person(true, 1, 0, "Bob"), person(true, 1, 10, "Rob"), person(true, 1, 20, "Robert")] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    assert_eq!(told(&world), ["marketing_consent_true".into(), Value::Null, Value::Null]);
}

#[tokio::test]
async fn one_call_tells_of_data_and_decision() {
    let world = world_with_withdrawals();
    assert_eq!(settle(&world, &person(true, 1, 0, "Bob")).await, Settlement::Done);
    let sent = &world.http.seen()[0].body["subscriber"];
    assert_eq!((&sent["first"], &sent["subscribed_at"]), (&json!("Bob"), &json!("2026-06-01T08:01:00Z")));
    assert_eq!(decision(&world).state, State::Delivered);
}

#[tokio::test]
async fn data_are_delivered_although_the_withdrawal_with_them_cannot_be_expressed() {
    let world = world(&json!({}));
    world.advance(HOUR);
    let message = person(false, 1, 0, "Bob");
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    let sent = &world.http.seen()[0].body["subscriber"];
    assert_eq!((&sent["first"], &sent["marketing_consent"]), (&json!("Bob"), &Value::Null));
    assert_eq!(decision(&world).attention, Some(Attention::WithdrawalNotExpressible));
    let letters = |world: &World| world.queue.parked.lock().unwrap().len();
    assert_eq!(letters(&world), 1);
    // Told of again it is no news; redriven too early it is parked again rather than lost.
    assert_eq!(settle(&world, &person(false, 1, 5, "Rob")).await, Settlement::Done);
    assert_eq!(letters(&world), 1);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(letters(&world), 2);
    let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": {"withdrawn": withdrawn}}));
    world.advance(HOUR);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(told(&world).last().unwrap(), "marketing_consent_false");
    let row = decision(&world);
    assert_eq!((row.state, row.attention, row.attempts.len()), (State::Delivered, None, 0));
}

#[tokio::test]
async fn a_withdrawal_that_waits_for_a_person_is_settled_by_a_later_grant() {
    let world = world(&json!({}));
    world.advance(HOUR);
    for message in [customer(Some(false), 5), sign_up(20)] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    let row = decision(&world);
    assert_eq!((row.consent, row.state, row.attention), (Some(Consent::Granted), State::Delivered, None));
}

#[tokio::test]
async fn a_decision_older_than_known_data_survives_a_missing_secret() {
    let world = world_with_withdrawals();
    assert_eq!(settle(&world, &person(true, 1, 20, "Bob")).await, Settlement::Done);
    let secret = world.secrets.0.lock().unwrap().remove("shoprelay/acme/websand").unwrap();
    world.advance(HOUR);
    for late in [customer(Some(false), 10), person(false, 11, 1, "Bo")] {
        assert!(matches!(settle(&world, &late).await, Settlement::Back { .. }), "it waits");
    }
    world.secret("acme/websand", secret);
    world.advance(HOUR);
    for late in [customer(Some(false), 10), person(false, 11, 1, "Bo")] {
        assert_eq!(settle(&world, &late).await, Settlement::Done);
    }
    assert_eq!(told(&world).last().unwrap(), "marketing_consent_false");
    assert_eq!(world.ledger.rows()["acme#websand#customer#key-of-bob"].attention, None, "nothing is left to mend");
}

#[tokio::test]
async fn a_withdrawal_that_cannot_be_expressed_calls_a_person_whatever_fails_meanwhile() {
    let world = world(&json!({}));
    world.advance(HOUR);
    assert_eq!(settle(&world, &customer(Some(false), 30)).await, Settlement::Done);
    let secret = world.secrets.0.lock().unwrap().remove("shoprelay/acme/websand").unwrap();
    world.advance(HOUR);
    let older = Message { subject: decision(&world).key.subject, ..customer(Some(true), 5) };
    assert!(matches!(settle(&world, &older).await, Settlement::Back { .. }), "nothing can be said without the secret");
    world.secret("acme/websand", secret);
    world.advance(HOUR);
    assert_eq!(settle(&world, &older).await, Settlement::Done);
    let row = decision(&world);
    assert_eq!((row.state, row.attention), (State::Parked, Some(Attention::WithdrawalNotExpressible)));
}

/// Answers once it is told to.
struct Slow(std::sync::Arc<crate::forward::testing::TestHttp>, tokio::sync::Semaphore);

impl crate::http::Http for Slow {
    fn call(&self, request: Request) -> Async<'_, crate::retry::Outcome> {
        Box::pin(async move {
            let _permit = self.1.acquire().await.unwrap();
            self.0.call(request).await
        })
    }
}

#[tokio::test]
async fn a_withdrawal_waits_for_an_order_that_is_under_way_and_has_the_last_word() {
    let mut world = world_with_withdrawals();
    let slow = std::sync::Arc::new(Slow(world.http.clone(), tokio::sync::Semaphore::new(0)));
    world.ports.http = slow.clone();
    let (order, withdrawal) = (sign_up(10), customer(Some(false), 20));
    let under_way = {
        let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
        let received = world.received(&order);
        tokio::spawn(async move { forwarder.handle(received).await })
    };
    while world.ledger.rows().values().filter(|row| row.lease.is_some()).count() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(settle(&world, &withdrawal).await, Settlement::Back { .. }));
    // Another order of the same sign-up need not wait: the first one tells of it.
    let mut other = sign_up(10);
    (other.id, other.subject) = ("e-other".into(), "order-other".into());
    slow.1.add_permits(1);
    assert_eq!(settle(&world, &other).await, Settlement::Done);
    assert_eq!(under_way.await.unwrap(), Settlement::Done);
    world.advance(31);
    assert_eq!(settle(&world, &withdrawal).await, Settlement::Done);
    let said: Vec<Value> = told(&world).into_iter().filter(|word| !word.is_null()).collect();
    assert_eq!(said, ["marketing_consent_true", "marketing_consent_false"]);
}
