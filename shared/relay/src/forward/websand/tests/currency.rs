//! Orders in currencies that the account does not have.

use super::*;

fn websand(currencies: &Value) -> Value {
    json!({"account": "acme", "api_key": "key", "currencies": currencies, "orders": {"updates": "status"}})
}

#[tokio::test]
async fn an_order_in_a_currency_without_a_factor_waits_until_there_is_one() {
    let world = World::new();
    world.secret("acme/websand", websand(&json!({"USD": 1})));
    let message = order("placed", "placed", 0);
    assert!(matches!(settle(&world, &message).await, Settlement::Back { after } if after.as_secs() >= 900));
    let row = order_row(&world);
    assert_eq!((row.state, row.attention), (State::Open, Some(Attention::ConfigurationFault)));
    let error = row.last_error.unwrap();
    assert_eq!(error.code, "currency_not_listed");
    assert!(error.detail.contains("EUR") && error.detail.contains("`currencies`"), "{}", error.detail);
    assert!(paths(&world).is_empty());

    world.secret("acme/websand", websand(&json!({"USD": 1, "EUR": "1.1"})));
    world.advance(HOUR);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    let total = world.http.seen()[0].body["transaction"]["total"].clone();
    assert_eq!((total["total"].to_string(), total["original_total"].to_string()), ("21.99".into(), "19.99".into()));
    assert_eq!((&total["currency"], &total["original_currency"]), (&json!("USD"), &json!("EUR")));
    assert_eq!((order_row(&world).state, order_row(&world).attention), (State::Delivered, None));
}

#[tokio::test]
async fn after_ten_days_without_a_factor_it_is_a_dead_letter() {
    let world = World::new();
    world.secret("acme/websand", websand(&json!({"USD": 1})));
    let message = order("placed", "placed", 0);
    let mut old = world.received(&message);
    world.advance(10 * 24 * HOUR + 1);
    old.deadline = world.received(&message).deadline;
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    assert_eq!(forwarder.handle(old).await, Settlement::Done);
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "currency_not_listed");
}

#[tokio::test]
async fn a_version_that_would_not_be_sent_does_not_wait_for_a_factor() {
    let world = World::new();
    world.secret("acme/websand", websand(&json!({"USD": 1, "EUR": "1.1"})));
    world.advance(HOUR);
    assert_eq!(settle(&world, &order("placed", "placed", 1)).await, Settlement::Done);
    world.secret("acme/websand", websand(&json!({"USD": 1})));
    world.advance(HOUR);
    assert_eq!(settle(&world, &order("updated", "placed", 2)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), 1);
}

#[tokio::test]
async fn only_orders_of_the_wanted_states_are_sent() {
    let world = world(&json!({"statuses": ["paid", "refunded"]}));
    world.advance(HOUR);
    for (kind, status, minute) in [("placed", "placed", 1), ("updated", "fulfilled", 2), ("updated", "paid", 3)] {
        assert_eq!(settle(&world, &order(kind, status, minute)).await, Settlement::Done);
    }
    assert_eq!(world.http.seen().len(), 1);
    assert_eq!(world.http.seen()[0].body["transaction"]["status"], "paid");
}
