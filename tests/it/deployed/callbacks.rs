//! Two pollers at once tell a shop once.

use relay_tests::{
    sandbox::Sandbox,
    shop,
    stack::Stack,
    wait::until,
    webhook::{CANONICAL_SECRET, Webhook},
};
use serde_json::{Value, json};

use super::invocation;

const PROMOTIONS: usize = 12;

#[tokio::test]
async fn two_pollers_at_once_tell_each_thing_once() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    let mut websale = shop::websale("both");
    websale["status_callback"] = shop::status_callback(&stack.websale.url, "both");
    stack.put_secret("both/webhook", &shop::signed("canonical", CANONICAL_SECRET)).await;
    stack.put_secret("both/websand", &shop::websand(websand.port())).await;
    stack.put_secret("both/websale", &websale).await;
    for number in 0..PROMOTIONS {
        let data = json!({"id": format!("both-{number}"), "updated_at": "2026-01-05T10:30:00Z"});
        let webhook = Webhook::canonical(&format!("both-{number}"), "promotion.cancelled", &data);
        assert_eq!(stack.post("both", "promotion-cancelled", &webhook).await.status, 202);
    }
    for number in 0..PROMOTIONS {
        stack.settled(&format!("both#websale#promotion#both-{number}"), "cancelled").await;
    }
    let schedule: Value = invocation("schedule.json");
    let told = until("the shop is told", async || {
        let poll = || stack.invoke("push-status-poller", &schedule);
        tokio::join!(poll(), poll());
        let state = stack.websale.state().await;
        let all = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
        let ours: Vec<_> = all.into_iter().filter(|callback| callback["shop"] == "both").collect();
        (ours.len() == PROMOTIONS).then_some(ours)
    });
    for callback in told.await {
        assert_eq!((&callback["times"], &callback["data"]["status"]), (&json!(1), &json!("cancelled")), "{callback}");
    }
}
