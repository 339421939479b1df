//! Promotions: scheduled by webhook, sent when the dispatcher says so, followed up by the poller.

use std::time::Duration;

use relay_tests::{sandbox::Sandbox, stack::Stack, wait::within, webhook::Webhook};
use serde_json::{Value, json};

use super::invocation;

#[tokio::test]
async fn a_promotion_of_each_channel_reaches_websale() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("channels", &websand).await;
    let base = json!({"updated_at": "2026-01-05T10:30:00Z", "title": "Spring sale", "text": "20% until Sunday"});
    let entry = json!({"visible_until": "2027-01-01T00:00:00Z"});
    for (channel, more) in [
        ("push", entry.clone()),
        ("news", entry.clone()),
        ("teaser", json!({"visible_until": "2027-01-01T00:00:00Z", "image_path": "spring.png"})),
        (
            "personalised_push",
            json!({"name": "spring", "audience": {"connected": true}, "title": "Hello ~A-FirstName~"}),
        ),
    ] {
        let mut data = base.clone();
        data["id"] = json!(format!("spring-{channel}"));
        data["channel"] = json!(channel);
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let webhook = Webhook::canonical(channel, "promotion.scheduled", &data);
        let answer = stack.post("channels", "promotion-scheduled", &webhook).await;
        assert_eq!(answer.status, 202, "{channel}: {answer:?}");
        assert_eq!(answer.body["plan"]["channel"], channel, "{answer:?}");
        delivered(stack, &format!("channels#websale#promotion#spring-{channel}")).await;
    }
    let state = stack.websale.received().await;
    let calls = |call: &str| {
        let ours = state.iter().filter(|request| request["path"].as_str().unwrap().contains("/channels"));
        ours.filter(|request| request["call"] == call && request["processed"] == true).count()
    };
    assert_eq!((calls("websale.create"), calls("websale.send"), calls("websale.personalised")), (3, 1, 1));
}

#[tokio::test]
async fn a_push_waits_for_its_time_and_a_cancelled_one_is_never_sent() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("later", &websand).await;
    let data = json!({"id": "later", "updated_at": "2026-01-05T10:30:00Z", "channel": "push", "title": "Later",
        "text": "Not yet", "send_at": "2036-01-01T08:00:00Z", "visible_until": "2036-01-02T08:00:00Z"});
    let answer =
        stack.post("later", "promotion-scheduled", &Webhook::canonical("a", "promotion.scheduled", &data)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    stack.settled("later#websale#promotion#later", "scheduled").await;
    stack.invoke("promotion-dispatcher", &invocation("schedule-rule.json")).await;
    let cancel = json!({"id": "later", "updated_at": "2026-01-05T10:31:00Z"});
    let cancel = Webhook::canonical("b", "promotion.cancelled", &cancel);
    assert_eq!(stack.post("later", "promotion-cancelled", &cancel).await.status, 202);
    stack.settled("later#websale#promotion#later", "cancelled").await;
    let received = stack.websale.received().await;
    let mut ours = received.iter().filter(|request| request["path"].as_str().unwrap().contains("/later"));
    assert!(ours.all(|request| request["call"] != "websale.send"));
}

/// Invokes dispatcher and poller, as the schedules would, until the promotion is delivered.
async fn delivered(stack: &Stack, key: &str) {
    let schedule: Value = invocation("schedule.json");
    within(Duration::from_secs(90), &format!("{key} is delivered"), async || {
        stack.invoke("promotion-dispatcher", &schedule).await;
        stack.invoke("push-status-poller", &schedule).await;
        stack.row(key).await.filter(|row| row["state"] == "delivered")
    })
    .await;
}
