mod trouble;

use serde_json::{Value, json};

use super::*;
use crate::{
    forward::testing::{TestHttp, World, answer},
    http::Response,
    ledger::Attention,
    queue::Handler,
};

const HOUR: i64 = 3600;
const ORDER: &str = "acme#websand#order#250";
const REFERENCE: &str = "acme#websand#reference#order/250";

fn world() -> World {
    let world = World::new();
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "orders": {"updates": "all"}}));
    world.secret("acme/platform", json!({"store_hash": "abc123", "access_token": "token"}));
    world
}

/// A reference received `minute` minutes after eight.
fn message(kind: &str, id: &str, event: &str, minute: u8) -> Message {
    let document = json!({
        "specversion": "1.0", "id": format!("r-{event}-{minute}"), "source": "/shops/acme/bigcommerce",
        "type": format!("shoprelay.{kind}.referenced"), "subject": id,
        "receivedat": format!("2026-06-01T08:{minute:02}:00Z"), "datacontenttype": "application/json",
        "data": {"platform": "bigcommerce", "kind": kind, "id": id, "event": event},
    });
    Message::from_json(&document.to_string()).unwrap()
}

fn placed(minute: u8) -> Message {
    message("order", "250", "order.placed", minute)
}

fn updated(minute: u8) -> Message {
    message("order", "250", "order.updated", minute)
}

fn order(status_id: u8) -> Value {
    json!({
        "id": 250, "status_id": status_id, "date_created": "Mon, 01 Jun 2026 07:59:00 +0000",
        "date_modified": "Mon, 01 Jun 2026 07:59:30 +0000", "total_inc_tax": "19.9900", "default_currency_code": "EUR",
        "is_email_opt_in": true, "billing_address": {"email": "bob@example.com", "first_name": "Bob"},
    })
}

/// The store answers as it does for an order with one product and no coupon.
fn will_tell(http: &TestHttp, order: &Value) {
    http.will_answer(200, order);
    http.will_answer(200, &json!([{"id": 1, "name": "Awesome Thing", "quantity": 1}]));
    http.will(Ok(Response { body: bytes::Bytes::new(), ..answer(204, &Value::Null) }));
}

async fn settle(world: &World, message: &Message) -> Settlement {
    WebsandForwarder::new(world.ports.clone(), world.config.clone()).handle(world.received(message)).await
}

async fn seconds_until_back(world: &World, message: &Message) -> u64 {
    match settle(world, message).await {
        Settlement::Back { after } => after.as_secs(),
        Settlement::Done => panic!("it is not to come back"),
    }
}

fn paths(world: &World) -> Vec<String> {
    world.http.seen().into_iter().map(|seen| seen.url).collect()
}

fn row(world: &World, key: &str) -> Row {
    world.ledger.rows().remove(key).unwrap()
}

const FETCH: [&str; 3] = [
    "https://api.bigcommerce.com/stores/abc123/v2/orders/250",
    "https://api.bigcommerce.com/stores/abc123/v2/orders/250/products?limit=250&page=1",
    "https://api.bigcommerce.com/stores/abc123/v2/orders/250/coupons?limit=250&page=1",
];
const TRANSACTION: &str = "https://acme.websandhq.com/api/data/transaction";

#[tokio::test]
async fn what_is_named_is_fetched_and_delivered_as_any_other_event() {
    let world = world();
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    assert_eq!(paths(&world), [&FETCH[..], &[TRANSACTION]].concat());
    let seen = world.http.seen();
    let credentials: Vec<_> = seen.iter().map(|seen| seen.credential.as_deref().unwrap()).collect();
    assert_eq!(credentials[..3], ["x-auth-token: token"; 3]);
    assert!(!credentials[3].contains("x-auth-token"), "the shop's token stays with the shop");
    assert_eq!(seen[3].body["transaction"]["customer"]["marketing_consent"], "marketing_consent_true");
    for key in [ORDER, REFERENCE] {
        let row = row(&world, key);
        assert_eq!((row.state, row.lease.is_none(), row.attempts.len()), (State::Delivered, true, 0), "{key}");
    }
    assert_eq!(row(&world, ORDER).revision.unwrap().time, Some("2026-06-01T07:59:30Z".parse().unwrap()));
}

#[tokio::test]
async fn a_fetch_serves_all_references_received_before_it_began() {
    let world = world();
    world.advance(300);
    will_tell(&world.http, &order(11));
    for message in [placed(1), placed(1), updated(2), updated(5)] {
        assert_eq!(settle(&world, &message).await, Settlement::Done);
    }
    assert_eq!(paths(&world).len(), 4);
    world.advance(300);
    let mut shipped = order(2);
    shipped["date_modified"] = json!("Mon, 01 Jun 2026 08:06:00 +0000");
    will_tell(&world.http, &shipped);
    assert_eq!(settle(&world, &updated(6)).await, Settlement::Done);
    assert_eq!(paths(&world)[4..], [&FETCH[..], &[TRANSACTION]].concat(), "this one is newer");
}

#[tokio::test]
async fn an_order_that_was_fetched_for_a_change_is_still_to_be_delivered_as_a_new_one() {
    let world = world();
    world.secret(
        "acme/websand",
        json!({"account": "acme", "api_key": "key", "orders": {"updates": "all", "consent": "consented"}}),
    );
    world.advance(300);
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &updated(2)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), 3, "without consent nothing is sent");
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(1)).await, Settlement::Done);
    assert_eq!(paths(&world).last().unwrap(), TRANSACTION);
}

#[tokio::test]
async fn an_order_that_was_fetched_as_a_new_one_stays_so_when_it_changes() {
    let world = world();
    world.advance(300);
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(1)).await, Settlement::Done);
    world.advance(300);
    will_tell(&world.http, &order(2));
    assert_eq!(settle(&world, &updated(7)).await, Settlement::Done);
    let calls = paths(&world).len();
    assert_eq!(settle(&world, &placed(1)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), calls, "it was seen before");
}

#[tokio::test]
async fn what_was_fetched_is_as_new_as_the_fetching() {
    let world = world();
    world.advance(HOUR / 2);
    let mut order = order(11);
    order["date_modified"] = json!("Mon, 01 Jun 2026 08:20:00 +0000");
    will_tell(&world.http, &order);
    assert_eq!(settle(&world, &updated(0)).await, Settlement::Done);
    let revision = row(&world, ORDER).revision.unwrap();
    assert_eq!(revision.received_at, world.ports.clock.now(), "not as old as the webhook, which waited");
    assert_eq!(revision.believed_time(), Some("2026-06-01T08:20:00Z".parse().unwrap()));
}

#[tokio::test]
async fn what_is_gone_or_no_order_yet_is_settled_until_there_is_news() {
    let guest = json!({"id": 250, "status_id": 11, "billing_address": {"email": ""}});
    for (status, object) in [(404, json!({})), (410, json!({})), (200, order(0)), (200, Value::Null), (200, guest)] {
        let world = world();
        world.http.will_answer(status, &object);
        assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
        assert!(!paths(&world).contains(&TRANSACTION.to_owned()), "{status}");
        let row = row(&world, REFERENCE);
        assert_eq!((row.state, row.attention), (State::Suppressed, None), "{status}");
        world.advance(120);
        will_tell(&world.http, &order(11));
        assert_eq!(settle(&world, &placed(1)).await, Settlement::Done);
        assert_eq!(paths(&world).last().unwrap(), TRANSACTION, "{status}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_to_come_back_is_no_attempt_of_the_fetching() {
    let world = world();
    will_tell(&world.http, &order(11));
    let mut busy = answer(503, &json!({}));
    busy.headers.insert("retry-after", "120".parse().unwrap());
    world.http.will(Ok(busy));
    let wait = seconds_until_back(&world, &placed(0)).await;
    assert!(wait >= 120);
    let reference = row(&world, REFERENCE);
    assert_eq!((reference.attempts["r-order.placed-0"], reference.lease), (crate::ledger::Attempts::default(), None));
    assert_eq!(row(&world, ORDER).attempts["r-order.placed-0"].failed, 1);
    assert!(seconds_until_back(&world, &placed(0)).await > 60);
    assert_eq!(paths(&world).len(), 4, "nothing is fetched that cannot be delivered yet");
    world.advance(i64::try_from(wait).unwrap() + 1);
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    assert_eq!(paths(&world).len(), 8);
}

#[tokio::test]
async fn a_row_held_by_somebody_else_sends_the_reference_back_without_holding_it() {
    let world = world();
    will_tell(&world.http, &order(11));
    let key: crate::message::RowKey = ORDER.parse().unwrap();
    let until = world.received(&placed(0)).deadline;
    let held = Row {
        lease: Some(crate::ledger::Lease { token: "other".into(), until }),
        version: 1,
        ..Row::new(key, world.ports.clock.now())
    };
    world.ports.ledger.put(&held, crate::ledger::Expected::Absent).await.unwrap();
    assert_eq!(seconds_until_back(&world, &placed(0)).await, PUT_BACK.as_secs());
    assert_eq!(row(&world, REFERENCE).lease, None);
    assert_eq!(row(&world, ORDER), held);
}

#[tokio::test]
async fn what_could_not_be_delivered_is_parked_and_fetched_again_when_it_is_redriven() {
    let world = world();
    will_tell(&world.http, &order(11));
    world.http.will_answer(422, &json!({"error": "bob@example.com"}));
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    let letters = world.queue.parked.lock().unwrap().clone();
    assert_eq!((letters.len(), &*letters[0].reason, letters[0].status), (1, "permanent", Some(422)));
    assert_eq!(letters[0].body, placed(0).to_json(), "nothing that was fetched is kept");
    for key in [REFERENCE, ORDER] {
        assert_eq!((row(&world, key).state, row(&world, key).attention), (State::Parked, Some(Attention::Parked)));
    }
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    for key in [REFERENCE, ORDER] {
        assert_eq!((row(&world, key).state, row(&world, key).attention), (State::Delivered, None));
    }
}

#[tokio::test]
async fn a_withdrawal_that_cannot_be_told_keeps_its_reference_so_that_it_can_be_redriven() {
    let world = world();
    let subscriber = json!({"data": {"id": 5, "email": "bob@example.com", "consents": [],
        "date_created": "2026-05-01T08:00:00Z", "date_modified": "2026-06-01T07:59:00Z"}});
    let message = message("consent", "5", "customer.updated", 0);
    world.http.will_answer(200, &subscriber);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "withdrawal_not_expressible");
    let key = "acme#websand#reference#consent/5";
    let expected = (State::Parked, Some(Attention::WithdrawalNotExpressible));
    assert_eq!((row(&world, key).state, row(&world, key).attention), expected);
    let withdrawn = json!({"field": "marketing_consent", "value": "no"});
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key", "consent": {"withdrawn": withdrawn}}));
    world.advance(HOUR);
    world.http.will_answer(200, &subscriber);
    assert_eq!(settle(&world, &message).await, Settlement::Done);
    assert_eq!(world.http.seen().last().unwrap().body["subscriber"]["marketing_consent"], "no");
    assert_eq!((row(&world, key).state, row(&world, key).attention), (State::Delivered, None));
}
