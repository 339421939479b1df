//! A shop's own endpoint for status callbacks.

use relay::standard_webhooks::{headers, key};

use super::{super::callbacks::TRIAL_SECRET, *};

fn event() -> Value {
    let file = include_str!("../../../../events/callbacks/promotion.status.json");
    serde_json::from_str(file).unwrap()
}

impl Running {
    async fn told(&self, secret: &str, id: &str, late: i64, body: &Value) -> Answered {
        let at = self.clock.now() - SignedDuration::from_secs(late);
        let text = body.to_string();
        let signed = headers(&key(secret).unwrap(), id, at, text.as_bytes());
        let request = self.request("POST", "/callbacks/acme", ("content-type", "application/json"));
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        answered(request.body(text)).await.unwrap()
    }
}

#[tokio::test]
async fn a_signed_callback_is_taken_and_known_again_by_its_id() {
    let running = Running::new().await;
    for id in ["cb_1", "cb_1", "cb_2"] {
        assert_eq!(running.told(TRIAL_SECRET, id, 0, &event()).await.0, 204);
    }
    let state = running.sandbox.state();
    let taken = state["shops"]["callbacks"].as_array().unwrap();
    let told: Vec<_> =
        taken.iter().map(|each| (each["webhook_id"].as_str().unwrap(), each["times"].as_u64())).collect();
    assert_eq!(told, [("cb_1", Some(2)), ("cb_2", Some(1))]);
    assert_eq!((&taken[0]["shop"], &taken[0]["data"]["status"]), (&json!("acme"), &json!("finished")));
    assert_eq!(running.sandbox.received(0)[0].call, Some("shop.callback"));
}

#[tokio::test]
async fn what_is_not_signed_now_with_the_right_secret_is_refused() {
    let running = Running::new().await;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(running.told(other, "cb_1", 0, &event()).await.0, 401);
    assert_eq!(running.told(TRIAL_SECRET, "cb_1", 301, &event()).await.0, 401);
    assert_eq!(running.call("POST", "/callbacks/acme", ("accept", "*/*"), Some(&event())).await.0, 401);
    assert_eq!(running.told(TRIAL_SECRET, "cb_1", 0, &changed(&event(), "/data/status", json!("done"))).await.0, 422);
    assert_eq!(running.told(TRIAL_SECRET, "cb_1", 0, &changed(&event(), "/type", json!("x"))).await.0, 400);
    let running = Running::with(|settings| settings.callback_secrets = vec![other.into()]).await;
    assert_eq!(running.told(other, "cb_1", 0, &event()).await.0, 204);
    assert_eq!(running.told(TRIAL_SECRET, "cb_1", 0, &event()).await.0, 401);
}
