//! Two dispatchers at once send a promotion once, and two pollers at once tell a shop once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, SystemClock};
use relay_tests::{
    sandbox::Sandbox,
    shop,
    stack::Stack,
    wait::{until, within},
    webhook::{CANONICAL_SECRET, Webhook},
};
use serde_json::{Value, json};

use super::invocation;

const PROMOTIONS: usize = 12;

/// A shop that wants to be told.
async fn add_shop(stack: &Stack, name: &str) {
    let websand = Sandbox::start(&[]).await;
    let mut websale = shop::websale(name);
    websale["status_callback"] = shop::status_callback(&stack.websale.url, name);
    stack.put_secret(&format!("{name}/webhook"), &shop::signed("canonical", CANONICAL_SECRET)).await;
    stack.put_secret(&format!("{name}/websand"), &shop::websand(websand.port())).await;
    stack.put_secret(&format!("{name}/websale"), &websale).await;
}

/// What this shop was told.
async fn told(stack: &Stack, shop: &str) -> Vec<Value> {
    let state = stack.websale.state().await;
    let all = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|callback| callback["shop"] == shop).collect()
}

/// Two dispatchers and two pollers, all at once.
async fn twice(stack: &Stack) {
    let schedule: Value = invocation("schedule.json");
    let invoke = |function| stack.invoke(function, &schedule);
    tokio::join!(
        invoke("promotion-dispatcher"),
        invoke("push-status-poller"),
        invoke("promotion-dispatcher"),
        invoke("push-status-poller"),
    );
}

#[tokio::test]
async fn two_dispatchers_at_once_send_each_promotion_once() {
    let stack = Stack::shared().await;
    add_shop(stack, "twice").await;
    let send_at = SystemClock.now() + SignedDuration::from_secs(20);
    for number in 0..3 {
        for channel in ["push", "personalised_push"] {
            let id = format!("{channel}-{number}");
            let mut data = json!({"id": id, "updated_at": "2026-01-05T10:30:00Z", "channel": channel, "name": id,
                "title": "Spring", "text": "Today", "send_at": send_at.to_string(), "audience": "everyone"});
            if channel == "push" {
                data["visible_until"] = json!("2036-01-01T00:00:00Z");
            }
            let webhook = Webhook::canonical(&id, "promotion.scheduled", &data);
            assert_eq!(stack.post("twice", "promotion-scheduled", &webhook).await.status, 202);
        }
    }
    let keys = |channel: &str| [0, 1, 2].map(|number| format!("twice#websale#promotion#{channel}-{number}"));
    for key in [keys("push"), keys("personalised_push")].concat() {
        stack.settled(&key, "scheduled").await;
    }
    until("it is time", async || (SystemClock.now() >= send_at).then_some(())).await;
    // A push is told of once, a personalised one when it is out and when it has ended.
    let all = within(Duration::from_secs(90), "all is sent and told", async || {
        twice(stack).await;
        Some(told(stack, "twice").await).filter(|told| told.len() >= 9)
    });
    all.await;
    twice(stack).await;
    stack.drained("websale").await;
    let told = told(stack, "twice").await;
    assert!(told.len() == 9 && told.iter().all(|callback| callback["times"] == 1), "{told:?}");
    for call in ["websale.send", "websale.personalised"] {
        let calls = stack.websale.processed(call).await;
        let ours: Vec<_> = calls.iter().filter(|call| call["subject"]["subshop"] == "twice").collect();
        assert_eq!(ours.len(), 3, "{ours:?}");
        let at = |call: &Value| call["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
        assert!(ours.iter().all(|call| at(call) >= send_at), "{ours:?}");
    }
}

#[tokio::test]
async fn two_pollers_at_once_tell_each_thing_once() {
    let stack = Stack::shared().await;
    add_shop(stack, "both").await;
    for number in 0..PROMOTIONS {
        let data = json!({"id": format!("both-{number}"), "updated_at": "2026-01-05T10:30:00Z"});
        let webhook = Webhook::canonical(&format!("both-{number}"), "promotion.cancelled", &data);
        assert_eq!(stack.post("both", "promotion-cancelled", &webhook).await.status, 202);
    }
    for number in 0..PROMOTIONS {
        stack.settled(&format!("both#websale#promotion#both-{number}"), "cancelled").await;
    }
    let all = until("the shop is told", async || {
        twice(stack).await;
        Some(told(stack, "both").await).filter(|told| told.len() == PROMOTIONS)
    });
    for callback in all.await {
        assert_eq!((&callback["times"], &callback["data"]["status"]), (&json!(1), &json!("cancelled")), "{callback}");
    }
}
