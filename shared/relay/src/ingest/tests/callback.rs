//! A promotion's own callback must lead where the shop is told anyway.

use super::*;

const PROMOTIONS: &str = "/webhooks/acme/promotion-scheduled";

fn wanting(url: &str) -> Value {
    let mut body = sample("canonical/promotion.scheduled.push");
    body["data"]["callback_url"] = json!(url);
    body
}

fn with_websale(secret: Result<Value, SecretError>) -> World {
    let world = World::new();
    let secret = secret.map(|secret| secret.to_string());
    world.store.secrets.lock().unwrap().insert("shoprelay/acme/websale".into(), secret);
    world
}

fn account(callback: &Value) -> Value {
    json!({"shop_id": "i", "subshop": "D", "username": "u", "password": "p", "status_callback": callback})
}

fn told_at(url: &str) -> Value {
    account(&json!({"url": url, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}))
}

#[tokio::test]
async fn it_has_the_scheme_host_and_port_of_the_shops_own() {
    let world = with_websale(Ok(told_at("https://shop.example/hooks")));
    world
        .receive(signed(PROMOTIONS, &wanting("https://shop.example/other?promotion=1")))
        .await
        .assert(202, "queued", None);
    for url in [
        "https://evil.example/hooks",
        "https://shop.example.evil.example/hooks",
        "https://shop.example:8443/hooks",
        "http://shop.example/hooks",
        "https://169.254.169.254/latest/meta-data",
    ] {
        let answer = world.receive(signed(PROMOTIONS, &wanting(url))).await;
        answer.assert(422, "refused", Some("invalid"));
        let error = &answer.json["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!("/data/callback_url"), &json!("callback_host")),
            "{url}"
        );
    }
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn without_a_callback_of_the_shop_there_is_none() {
    for world in [World::new(), with_websale(Ok(account(&Value::Null)))] {
        let answer = world.receive(signed(PROMOTIONS, &wanting("https://shop.example/hooks"))).await;
        answer.assert(422, "refused", Some("invalid"));
        assert_eq!(answer.json["errors"][0]["code"], "callback_host");
    }
}

#[tokio::test]
async fn a_secret_that_is_wrong_is_waited_for_later_and_one_out_of_reach_now() {
    let world = with_websale(Ok(json!({"shop_id": 1})));
    world.receive(signed(PROMOTIONS, &wanting("https://shop.example/hooks"))).await.assert(202, "queued", None);
    let name = "shoprelay/acme/websale".to_owned();
    let world = with_websale(Err(SecretError::Unreachable { name, detail: "down".into() }));
    let answer = world.receive(signed(PROMOTIONS, &wanting("https://shop.example/hooks"))).await;
    answer.assert(503, "unavailable", Some("secret_unreadable"));
    let reads = world.store.reads.load(Ordering::SeqCst);
    world.receive(signed(PROMOTIONS, &sample("canonical/promotion.scheduled.push"))).await.assert(202, "queued", None);
    assert_eq!(world.store.reads.load(Ordering::SeqCst), reads, "only a promotion with a callback of its own needs it");
}
