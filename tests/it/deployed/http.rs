//! Webhooks in.

use relay_tests::{sandbox::Sandbox, stack::Stack, webhook::Webhook};
use serde_json::{Value, json};

use super::{invocation, order, transactions};

#[tokio::test]
async fn a_signed_webhook_goes_through_gateway_queue_and_forwarder_to_websand() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("through", &websand).await;
    let answer =
        stack.post("through", "order-placed", &Webhook::canonical("w-1", "order.placed", &order("1001"))).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{answer:?}");
    let sent = &transactions(&websand, 1).await[0]["body"]["transaction"];
    assert_eq!(sent["_id"], "through-1001");
    assert_eq!(sent["total"]["total"].to_string(), "19.98");
    assert_eq!(sent["customer"]["email"], "ann.sample@example.org");
    stack.settled("through#websand#order#1001", "delivered").await;
}

#[tokio::test]
async fn a_webhook_delivered_twice_is_sent_once() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("twice", &websand).await;
    let webhook = Webhook::canonical("w-1", "order.placed", &order("1001"));
    let first = stack.post("twice", "order-placed", &webhook).await;
    stack.settled("twice#websand#order#1001", "delivered").await;
    let second = stack.post("twice", "order-placed", &webhook).await;
    assert_eq!((first.status, second.status), (202, 202));
    assert_eq!(first.body["id"], second.body["id"]);
    // Nothing is left on the queue, so the repeated message has been looked at.
    stack.drained("websand").await;
    assert_eq!(transactions(&websand, 1).await.len(), 1);
}

#[tokio::test]
async fn a_forged_signature_and_an_unknown_shop_get_the_same_401() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("forged", &websand).await;
    let webhook = Webhook::canonical("w-1", "order.placed", &order("1"));
    let forged = stack.post("forged", "order-placed", &webhook.clone().forged()).await;
    let unknown = stack.post("nobody", "order-placed", &webhook).await;
    assert_eq!((forged.status, unknown.status), (401, 401), "{forged:?} {unknown:?}");
    assert_eq!(forged.body, unknown.body);
}

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

#[tokio::test]
async fn each_webhook_function_answers_at_its_own_address() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("addresses", &websand).await;
    let customer = json!({"email": "ann.sample@example.org", "updated_at": "2026-01-05T10:30:00Z"});
    let cancelled = json!({"id": "none", "updated_at": "2026-01-05T10:30:00Z"});
    let mut paid = order("7");
    paid["status"] = json!("paid");
    for (endpoint, kind, data) in [
        ("order-updated", "order.updated", &paid),
        ("customer-updated", "customer.updated", &customer),
        ("promotion-cancelled", "promotion.cancelled", &cancelled),
    ] {
        let answer = stack.post("addresses", endpoint, &Webhook::canonical(endpoint, kind, data)).await;
        assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{endpoint}: {answer:?}");
        let elsewhere = if endpoint == "promotion-cancelled" { "order-placed" } else { "promotion-scheduled" };
        let answer = stack.post("addresses", elsewhere, &Webhook::canonical(endpoint, kind, data)).await;
        assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("wrong_endpoint")), "{endpoint}: {answer:?}");
    }
}
