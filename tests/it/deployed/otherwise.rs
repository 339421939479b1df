//! The stack with other parameters: webhooks come in through an address for each function, everything is encrypted with
//! a key of the owner's, and the schedules are on, so that the clock wakes dispatcher and poller.

use std::time::Duration;

use jiff::SignedDuration;
use relay::clock::{Clock, SystemClock};
use relay_tests::{
    sandbox::Sandbox,
    shop,
    stack::Stack,
    wait::within,
    webhook::{CANONICAL_SECRET, Webhook},
};
use serde_json::json;

use super::{order, transactions};

/// Schedules fire every minute, and a minute is long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::test]
async fn webhooks_come_in_through_function_urls_and_the_schedules_fire_by_themselves() {
    let stack = Stack::second().await;
    let websand = Sandbox::start(&[]).await;
    let mut websale = shop::websale("direct");
    websale["status_callback"] = shop::status_callback(&stack.websale.url, "direct");
    stack.put_secret("direct/webhook", &shop::signed("canonical", CANONICAL_SECRET)).await;
    stack.put_secret("direct/websand", &shop::websand(websand.port())).await;
    stack.put_secret("direct/websale", &websale).await;

    let now = "2026-01-05T10:30:00Z";
    // Not due when it comes in: only the dispatcher brings it to the forwarder.
    let soon = SystemClock.now() + SignedDuration::from_secs(5);
    let push = json!({"id": "direct-1", "send_at": soon.to_string(), "updated_at": now, "channel": "personalised_push", "name": "spring",
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

    let pushed = async || {
        let mut all = stack.websale.processed("websale.personalised").await;
        all.retain(|request| request["subject"]["subshop"] == "direct");
        all
    };
    let woken = async || (!pushed().await.is_empty()).then_some(());
    within(PATIENCE, "the dispatcher was woken and the push is at WEBSALE", woken).await;
    let told = within(PATIENCE, "the poller was woken and the shop is told", async || {
        let state = stack.websale.state().await;
        let all = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|callback| callback["data"]["id"] == "direct-2")
    });
    assert_eq!(told.await["data"]["status"], "cancelled");
    assert_eq!(pushed().await.len(), 1);
}
