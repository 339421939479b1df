use futures_util::future::{join_all, poll_immediate};

use super::*;

mod world;
use world::{PERMITS, WEBHOOK, WEBSAND, World};

#[tokio::test]
async fn a_value_is_read_once_within_its_time_to_live() {
    let world = World::new();
    assert_eq!(world.signing_secret().await.unwrap(), "one");
    world.put_webhook("two");
    world.pass(299);
    assert_eq!(world.signing_secret().await.unwrap(), "one");
    assert_eq!(world.fetches(), 1);
    world.pass(1);
    assert_eq!(world.signing_secret().await.unwrap(), "two");
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn many_callers_at_once_make_one_reading() {
    let world = World::new();
    let all = world.store.gate.forget_permits(PERMITS);
    let mut callers = Box::pin(join_all((0..50).map(|_| world.signing_secret())));
    assert!(poll_immediate(&mut callers).await.is_none(), "nobody has an answer before the store has");
    world.store.gate.add_permits(all);
    assert!(callers.await.into_iter().all(|answer| answer.unwrap() == "one"));
    assert_eq!(world.fetches(), 1);
}

#[tokio::test]
async fn callers_share_a_failure_too() {
    let world = World::new();
    world.lose(WEBHOOK);
    let all = world.store.gate.forget_permits(PERMITS);
    let mut callers = Box::pin(join_all((0..50).map(|_| world.signing_secret())));
    assert!(poll_immediate(&mut callers).await.is_none());
    world.store.gate.add_permits(all);
    assert!(callers.await.into_iter().all(|answer| matches!(answer, Err(SecretError::Unreachable { .. }))));
    assert_eq!(world.fetches(), 1, "fifty readings in a row would keep the last caller waiting fifty times as long");
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_block_the_next() {
    let world = World::new();
    let all = world.store.gate.forget_permits(PERMITS);
    {
        let mut impatient = Box::pin(world.signing_secret());
        assert!(poll_immediate(&mut impatient).await.is_none());
    }
    world.store.gate.add_permits(all);
    assert_eq!(world.signing_secret().await.unwrap(), "one");
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_wrong_signature_reads_again_once_in_ten_seconds() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.put_webhook("two");
    world.pass(9);
    assert_eq!(world.signing_secret_again().await.unwrap(), None, "it was read just now");
    world.pass(1);
    assert_eq!(world.signing_secret_again().await.unwrap().as_deref(), Some("two"));
    assert_eq!(world.signing_secret().await.unwrap(), "two");
    world.pass(5);
    let newest = world.signing_secret_again().await.unwrap();
    assert_eq!(newest.as_deref(), Some("two"), "this caller may have used the value before the change");
    assert_eq!(world.fetches(), 2);
    world.pass(5);
    assert_eq!(world.signing_secret_again().await.unwrap(), None, "read again, and nothing changed");
    assert_eq!(world.fetches(), 3);
}

#[tokio::test]
async fn a_storm_of_wrong_signatures_makes_one_reading() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.pass(60);
    let answers = join_all((0..100).map(|_| world.signing_secret_again())).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_none()));
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn good_webhooks_do_not_wait_for_the_reading_that_a_bad_one_causes() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.pass(60);
    world.store.gate.forget_permits(PERMITS);
    let mut bad = Box::pin(world.signing_secret_again());
    assert!(poll_immediate(&mut bad).await.is_none());
    let good = poll_immediate(Box::pin(world.signing_secret())).await;
    assert_eq!(good.expect("waits").unwrap(), "one");
}

#[tokio::test]
async fn reading_again_in_vain_is_an_error_and_not_a_wrong_signature() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.pass(60);
    world.lose(WEBHOOK);
    for _ in 0..3 {
        assert!(matches!(world.signing_secret_again().await, Err(SecretError::Unreachable { .. })));
    }
    assert_eq!(world.fetches(), 2);
    assert_eq!(world.signing_secret().await.unwrap(), "one", "the cached value is young enough for itself");
}

#[tokio::test]
async fn a_reading_that_was_given_up_is_in_vain_too() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.put_webhook("two");
    world.pass(301);
    let all = world.store.gate.forget_permits(PERMITS);
    {
        let mut impatient = Box::pin(world.signing_secret());
        assert!(poll_immediate(&mut impatient).await.is_none());
        let meanwhile = poll_immediate(Box::pin(world.signing_secret())).await;
        assert_eq!(meanwhile.expect("waits").unwrap(), "one", "an old value is better than waiting for a slow store");
    }
    world.store.gate.add_permits(all);
    assert!(matches!(world.signing_secret_again().await, Err(SecretError::Unreachable { .. })));
    world.pass(10);
    assert_eq!(world.signing_secret_again().await.unwrap().as_deref(), Some("two"));
}

#[tokio::test]
async fn a_storm_of_refused_calls_reads_the_credentials_once() {
    let world = World::new();
    world.secrets.websand(&world.shop).await.unwrap();
    world.put_websand("key-2");
    world.pass(11);
    for answer in join_all((0..20).map(|_| world.api_key_again())).await {
        assert_eq!(answer.unwrap(), "key-2");
    }
    world.pass(9);
    assert_eq!(world.api_key_again().await.unwrap(), "key-2");
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_stale_value_serves_fifteen_minutes_while_the_store_is_down() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.lose(WEBHOOK);
    world.pass(301);
    for _ in 0..5 {
        assert_eq!(world.signing_secret().await.unwrap(), "one");
    }
    assert_eq!(world.fetches(), 2, "the store is not asked again at once");
    world.pass(15 * 60 - 2);
    assert_eq!(world.signing_secret().await.unwrap(), "one");
    world.pass(1);
    assert!(matches!(world.signing_secret().await, Err(SecretError::Unreachable { .. })));
    world.put_webhook("two");
    assert_eq!(world.signing_secret().await.unwrap(), "two");
}

#[tokio::test]
async fn denied_and_malformed_end_the_use_of_a_cached_value() {
    for bad in [Err(SecretError::Denied { name: WEBHOOK.into() }), Ok("{}".to_owned())] {
        let world = World::new();
        world.signing_secret().await.unwrap();
        world.put(WEBHOOK, bad);
        world.pass(300);
        for _ in 0..3 {
            world.signing_secret().await.unwrap_err();
        }
        assert_eq!(world.fetches(), 2);
        world.put_webhook("two");
        world.pass(10);
        assert_eq!(world.signing_secret().await.unwrap(), "two");
    }
}

#[tokio::test]
async fn a_missing_secret_is_remembered_ten_seconds_at_most() {
    let world = World::new();
    let shop: ShopName = "new".parse().unwrap();
    for _ in 0..3 {
        assert!(matches!(world.secrets.websand(&shop).await, Err(SecretError::NotFound { .. })));
    }
    assert_eq!(world.fetches(), 1);
    world.put("shoprelay/new/websand", Ok(r#"{"account":"a","api_key":"k"}"#.into()));
    world.pass(10);
    assert_eq!(world.secrets.websand(&shop).await.unwrap().account, "a");
}

#[tokio::test]
async fn trying_many_shop_names_does_not_fill_the_memory() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    for number in 0..5000 {
        let shop: ShopName = format!("shop-{number}").parse().unwrap();
        world.secrets.webhook(&shop).await.unwrap_err();
    }
    assert!(world.secrets.webhook.len() <= 1024);
    let before = world.fetches();
    world.signing_secret().await.unwrap();
    assert_eq!(world.fetches(), before, "a real shop is not driven out");
}

#[tokio::test]
async fn a_clock_set_back_does_not_keep_a_value_for_ever() {
    let world = World::new();
    world.signing_secret().await.unwrap();
    world.put_webhook("two");
    world.pass(-86_400);
    assert_eq!(world.signing_secret().await.unwrap(), "two");
}

#[tokio::test]
async fn errors_name_the_secret_and_the_place_but_no_value() {
    let world = World::new();
    world.put(WEBSAND, Ok(r#"{"account":"s3cret value","api_key":"k","acount":"s3cret"}"#.into()));
    let error = world.secrets.websand(&world.shop).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the secret shoprelay/acme/websand is malformed at \"/acount\": is not a field of this object; did you mean \
         account?; \"/account\": must be 1 to 63 letters, digits and '-': the ACCOUNT of ACCOUNT.websandhq.com"
    );
    world.put(WEBHOOK, Ok(r#"{"platform": s3cret"#.into()));
    let error = world.secrets.webhook(&world.shop).await.unwrap_err();
    assert!(error.to_string().ends_with(r#"malformed at "": is not JSON (line 1, column 14)"#), "{error}");
}

#[test]
fn prefix_and_time_to_live_come_from_variables() {
    assert_eq!(SecretsConfig::from_variables(Variables(&|_| None)).unwrap(), SecretsConfig::default());
    let lookup = |name: &str| match name {
        "SHOPRELAY_SECRET_PREFIX" => Some("test/".to_owned()),
        "SHOPRELAY_SECRET_TTL_SECONDS" => Some("60".to_owned()),
        _ => None,
    };
    let config = SecretsConfig::from_variables(Variables(&lookup)).unwrap();
    assert_eq!(config, SecretsConfig { prefix: "test/".into(), ttl: Duration::from_mins(1) });
    assert_eq!(config.name(&"acme".parse().unwrap(), "websale"), "test/acme/websale");
    assert_eq!(config.installation_name(), "test/_installation");
    let lookup = |_: &str| Some("soon".to_owned());
    let error = SecretsConfig::from_variables(Variables(&lookup)).unwrap_err();
    assert!(error.to_string().contains("SHOPRELAY_SECRET_TTL_SECONDS"), "{error}");
}
