//! The stack with other parameters: webhooks come in through an address for each function, everything is encrypted with
//! a key of the owner's, and the schedules are on, so that nobody but the clock wakes dispatcher and poller.

use std::time::Duration;

use relay_tests::{
    sandbox::Sandbox,
    shop,
    stack::Stack,
    wait::within,
    webhook::{CANONICAL_SECRET, Webhook},
};
use serde_json::{Value, json};

use super::{order, transactions};

/// A schedule that is just made fires after a minute.
const TWO_MINUTES: Duration = Duration::from_mins(2);

#[tokio::test]
async fn webhooks_come_in_through_function_urls_and_the_schedules_fire_by_themselves() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000000";
    let stack = Stack::beside("clock", "clock/", &[("Ingress", "FunctionUrls"), ("KmsKeyArn", key)]).await;
    let websand = Sandbox::start(&[]).await;
    let mut websale = shop::websale("direct");
    websale["status_callback"] = shop::status_callback(&stack.websale.url, "direct");
    stack.put_secret("direct/webhook", &shop::signed("canonical", CANONICAL_SECRET)).await;
    stack.put_secret("direct/websand", &shop::websand(websand.port())).await;
    stack.put_secret("direct/websale", &websale).await;

    let now = "2026-01-05T10:30:00Z";
    let push = json!({"id": "direct-1", "updated_at": now, "channel": "personalised_push", "name": "spring",
        "title": "Spring sale", "text": "20% until Sunday", "audience": "everyone"});
    let cancelled = json!({"id": "direct-2", "updated_at": now});
    for (endpoint, event, data) in [
        ("order-placed", "order.placed", &order("1001")),
        ("order-updated", "order.updated", &order("1002")),
        ("customer-updated", "customer.updated", &json!({"email": "ann.sample@example.org", "updated_at": now})),
        ("promotion-scheduled", "promotion.scheduled", &push),
        ("promotion-cancelled", "promotion.cancelled", &cancelled),
    ] {
        let answer = stack.post("direct", endpoint, &Webhook::canonical(endpoint, event, data)).await;
        assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{endpoint}: {answer:?}");
        let forged = stack.post("direct", endpoint, &Webhook::canonical(endpoint, event, data).forged()).await;
        assert_eq!(forged.status, 401, "{endpoint}: {forged:?}");
    }
    assert_eq!(transactions(&websand, 2).await.len(), 2);

    within(TWO_MINUTES, "the dispatcher was woken and the push is at WEBSALE", async || {
        (!stack.websale.processed("websale.personalised").await.is_empty()).then_some(())
    })
    .await;
    let told = within(TWO_MINUTES, "the poller was woken and the shop is told", async || {
        let state = stack.websale.state().await;
        let all = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|callback| callback["data"]["id"] == "direct-2")
    });
    assert_eq!(told.await["data"]["status"], "cancelled");
    let pushed: Vec<Value> = stack.websale.processed("websale.personalised").await;
    assert_eq!(pushed.len(), 1, "{pushed:?}");
}
