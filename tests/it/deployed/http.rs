//! The forms in which an HTTP request reaches a function.

use relay_tests::{sandbox::Sandbox, stack::Stack};
use serde_json::Value;

use super::{invocation, transactions};

#[tokio::test]
async fn every_form_of_an_http_invocation_gives_the_same_event_which_is_delivered_once() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("acme", &websand).await;
    let mut ids = Vec::new();
    for name in
        ["http-api", "http-api-stage-base64", "function-url", "function-url-base64", "rest-api", "rest-api-base64"]
    {
        let result = stack.invoke("order-placed", &invocation(&format!("{name}.json"))).await;
        assert_eq!(result["statusCode"], 202, "{name}: {result}");
        assert_eq!(result["isBase64Encoded"], false, "{name}: {result}");
        let body: Value = serde_json::from_str(result["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["status"], "queued", "{name}: {result}");
        ids.push(body["id"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "one webhook has one id: {ids:?}");
    stack.settled("acme#websand#order#5901234567890", "delivered").await;
    stack.drained("websand").await;
    let sent = transactions(&websand, 1).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["body"]["transaction"]["_id"], "acme-5901234567890");
}

#[tokio::test]
async fn a_changed_byte_in_an_invocations_body_is_a_401_whatever_the_form() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("changed", &websand).await;
    for name in ["http-api.json", "rest-api.json", "function-url.json"] {
        let text =
            invocation(name).to_string().replace("/webhooks/acme/", "/webhooks/changed/").replace("#1042", "#1043");
        let result = stack.invoke("order-placed", &serde_json::from_str(&text).unwrap()).await;
        assert_eq!(result["statusCode"], 401, "{name}: {result}");
    }
}
