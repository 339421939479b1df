//! What goes wrong at the shop.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{
    Async,
    http::{CallError, Http, Request},
    retry::Outcome,
};

#[tokio::test]
async fn without_a_usable_secret_for_the_shops_api_it_waits_for_a_person() {
    for secret in
        [None, Some(json!({"store_hash": "abc123"})), Some(json!({"shop_domain": "a.b", "access_token": "t"}))]
    {
        let world = World::new();
        world.secret("acme/websand", json!({"account": "acme", "api_key": "key"}));
        if let Some(secret) = &secret {
            world.secret("acme/platform", secret.clone());
        }
        assert!(seconds_until_back(&world, &placed(0)).await >= 900);
        assert_eq!((row(&world, REFERENCE).attention, paths(&world).len()), (Some(Attention::ConfigurationFault), 0));
        world.secret("acme/platform", json!({"store_hash": "abc123", "access_token": "token"}));
        world.advance(HOUR);
        will_tell(&world.http, &order(11));
        assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
        assert_eq!(row(&world, REFERENCE).attention, None);
    }
}

#[tokio::test]
async fn a_new_order_that_was_fetched_for_a_change_survives_a_missing_secret() {
    let world = world();
    world.advance(300);
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &updated(2)).await, Settlement::Done);
    let secret = world.secrets.0.lock().unwrap().remove("shoprelay/acme/websand").unwrap();
    world.advance(HOUR);
    assert!(seconds_until_back(&world, &placed(1)).await >= 900, "only the placing tells of consent");
    world.secret("acme/websand", secret);
    world.advance(HOUR);
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(1)).await, Settlement::Done);
    assert_eq!(world.http.seen().last().unwrap().body["subscriber"]["marketing_consent"], "marketing_consent_true");
    assert_eq!(row(&world, REFERENCE).attention, None);
}

#[tokio::test]
async fn a_refused_token_is_read_anew_once_and_then_waits_for_a_person() {
    let world = world();
    world.http.will_answer(401, &json!({}));
    will_tell(&world.http, &order(11));
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    assert_eq!(paths(&world)[..2], [FETCH[0], FETCH[0]]);
    let world = self::world();
    world.http.will_answer(401, &json!({}));
    world.http.will_answer(401, &json!({}));
    assert!(seconds_until_back(&world, &placed(0)).await >= 900);
    assert_eq!(paths(&world).len(), 2);
    assert_eq!(row(&world, REFERENCE).attention, Some(Attention::CredentialsRefused));
}

#[tokio::test]
async fn a_shop_that_fails_is_asked_again_with_back_off() {
    let truncated = Response { body: bytes::Bytes::from_static(b"{\"id\": 25"), ..answer(200, &Value::Null) };
    for failure in [Ok(answer(503, &json!({}))), Err(CallError::NoAnswer("reset".into())), Ok(truncated)] {
        let world = world();
        world.http.will(failure);
        settle(&world, &placed(0)).await;
        let waiting = row(&world, REFERENCE);
        assert_eq!((waiting.attempts["r-order.placed-0"].failed, waiting.state), (1, State::Open));
        world.advance(HOUR);
        will_tell(&world.http, &order(11));
        assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    }
}

#[tokio::test]
async fn all_references_of_a_shop_wait_for_its_next_window_of_requests() {
    let limited = |status, left: &str| {
        let mut limited = answer(status, &order(11));
        limited.headers.insert("x-rate-limit-requests-left", left.parse().unwrap());
        limited.headers.insert("x-rate-limit-time-reset-ms", "45000".parse().unwrap());
        limited
    };
    for (status, attempts) in [(429, 1), (200, 0)] {
        let world = world();
        let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
        world.http.will(Ok(limited(status, "0")));
        let first = forwarder.handle(world.received(&placed(0))).await;
        assert!(matches!(first, Settlement::Back { after } if after.as_secs() >= 45), "{first:?}");
        let failed = row(&world, REFERENCE).attempts.get("r-order.placed-0").map_or(0, |attempts| attempts.failed);
        assert_eq!((failed, paths(&world).len()), (attempts, 1), "{status}");
        let other = forwarder.handle(world.received(&message("order", "251", "order.placed", 0))).await;
        assert_eq!((other, paths(&world).len()), (Settlement::Back { after: Duration::from_secs(45) }, 1), "{status}");
        world.advance(46);
        will_tell(&world.http, &order(11));
        assert_eq!(forwarder.handle(world.received(&placed(0))).await, Settlement::Done);
    }
}

#[tokio::test]
async fn what_cannot_be_mapped_is_parked_without_any_of_its_values() {
    let world = world();
    let mut strange = order(11);
    strange["total_inc_tax"] = json!("bob's");
    strange["billing_address"]["email"] = json!("bob at example.com");
    will_tell(&world.http, &strange);
    assert_eq!(settle(&world, &placed(0)).await, Settlement::Done);
    let letter = world.queue.parked.lock().unwrap()[0].clone();
    assert_eq!(letter.reason, "unmappable");
    assert!(letter.detail.as_ref().is_some_and(|detail| !detail.contains("bob")), "{letter:?}");
    assert_eq!(row(&world, REFERENCE).state, State::Parked);
}

/// Panics or dawdles when it is called for the shop.
struct Trouble {
    clock: Arc<crate::forward::testing::TestClock>,
    calls: AtomicUsize,
    panics: bool,
}

impl Http for Trouble {
    fn call(&self, _request: Request) -> Async<'_, Outcome> {
        assert!(!self.panics, "a fault in the mapping");
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.clock.advance(6);
        Box::pin(async { Ok(answer(200, &order(11))) })
    }
}

fn troubled(world: &mut World, panics: bool) -> Arc<Trouble> {
    let trouble = Arc::new(Trouble { clock: world.clock.clone(), calls: AtomicUsize::new(0), panics });
    world.ports.http = trouble.clone();
    trouble
}

#[tokio::test]
async fn what_makes_its_worker_panic_is_parked_after_five_starts() {
    let mut world = world();
    troubled(&mut world, true);
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    let queued = world.received(&placed(0));
    for start in 1..=6 {
        let deadline = world.received(&placed(0)).deadline;
        let settled =
            crate::batch::settle(&forwarder, vec![crate::queue::Received { deadline, ..queued.clone() }]).await;
        assert_eq!(settled[0] == Settlement::Done, start == 6, "start {start}");
        world.advance(10 * 60);
    }
    let letter = world.queue.parked.lock().unwrap()[0].clone();
    assert_eq!((&*letter.reason, letter.body), ("crashed", placed(0).to_json()));
    assert_eq!(
        (row(&world, REFERENCE).state, row(&world, REFERENCE).attention),
        (State::Parked, Some(Attention::Parked))
    );
}

#[tokio::test]
async fn no_call_is_started_that_could_not_end_in_time() {
    let mut world = world();
    let trouble = troubled(&mut world, false);
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    for (age, settled) in [(0, Settlement::Back { after: PUT_BACK }), (72 * HOUR, Settlement::Done)] {
        world.advance(120);
        let mut received = world.received(&placed(0));
        received.deadline = world.ports.clock.now() + Duration::from_secs(20);
        received.sent_at -= Duration::from_secs(age.unsigned_abs());
        assert_eq!(forwarder.handle(received).await, settled);
    }
    assert_eq!(trouble.calls.load(Ordering::SeqCst), 2);
    assert_eq!(world.queue.parked.lock().unwrap()[0].reason, "retries_exhausted");
}
