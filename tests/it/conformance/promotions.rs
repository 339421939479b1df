//! Promotions, from schedule to status.

use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, SystemClock};

use super::*;

on_both_hosts!(
    a_promotion_of_each_channel_reaches_websale_and_a_personalised_push_is_followed_to_its_end,
    a_push_waits_as_an_inactive_entry_and_is_sent_once_at_its_time,
    a_push_that_is_called_off_before_its_time_is_never_sent,
    a_personalised_push_whose_answer_was_lost_is_left_to_a_person_and_never_repeated,
    an_audience_that_matches_nobody_reaches_nobody,
);

async fn a_promotion_of_each_channel_reaches_websale_and_a_personalised_push_is_followed_to_its_end(on: On) {
    let system = on.with(&[Shop::canonical("channels")]).await;
    let entry = json!({"visible_until": "2036-01-01T00:00:00Z"});
    let personalised = json!({"name": "spring", "audience": {"connected": true}, "title": "Hello ~A-FirstName~"});
    let teaser = json!({"visible_until": "2036-01-01T00:00:00Z", "image_path": "spring.png"});
    for (channel, more) in
        [("push", &entry), ("news", &entry), ("teaser", &teaser), ("personalised_push", &personalised)]
    {
        let promotion = promotion(channel, &format!("spring-{channel}"), 0, more);
        let webhook = Webhook::canonical(channel, "promotion.scheduled", &promotion);
        let answer = system.send("channels", "promotion-scheduled", &webhook).await;
        assert_eq!((answer.status, &answer.body["plan"]["channel"]), (202, &json!(channel)), "{answer:?}");
    }
    for channel in ["push", "news", "teaser"] {
        system.promoted("channels", &format!("spring-{channel}"), "delivered").await;
    }
    let followed = system.promoted("channels", "spring-personalised_push", "delivered").await;
    let poll = &followed["poll"];
    assert_eq!((&poll["status"], &poll["sent"]), (&json!("finished"), &poll["receivers"]), "{followed}");
    for (call, times) in [("websale.create", 3), ("websale.send", 1), ("websale.personalised", 1)] {
        assert_eq!(system.promotions("channels", call).await.len(), times, "{call}");
    }
}

async fn a_push_waits_as_an_inactive_entry_and_is_sent_once_at_its_time(on: On) {
    let system = on.with(&[Shop::canonical("later")]).await;
    let scheduled = |version, send_at: Timestamp| {
        let more = json!({"send_at": send_at.to_string(), "visible_until": "2036-01-02T08:00:00Z"});
        promotion("push", "later", version, &more)
    };
    let far = SystemClock.now() + SignedDuration::from_hours(10);
    tell(&system, "later", "promotion.scheduled", &scheduled(0, far)).await;
    let row = system.promoted("later", "later", "scheduled").await;
    assert_eq!(entry(&system, "later", &row).await["active"], false);

    let soon = SystemClock.now() + SignedDuration::from_secs(5);
    tell(&system, "later", "promotion.scheduled", &scheduled(1, soon)).await;
    let row = system.promoted("later", "later", "delivered").await;
    assert_eq!(entry(&system, "later", &row).await["active"], true);
    let sent = system.promotions("later", "websale.send").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0]["at"].as_str().unwrap().parse::<Timestamp>().unwrap() >= soon, "not before {soon}: {sent:?}");
    assert_eq!(system.promotions("later", "websale.create").await.len(), 1);
}

async fn a_push_that_is_called_off_before_its_time_is_never_sent(on: On) {
    let system = on.with(&[Shop::canonical("off")]).await;
    let more = json!({"send_at": "2035-01-01T08:00:00Z", "visible_until": "2036-01-01T08:00:00Z"});
    tell(&system, "off", "promotion.scheduled", &promotion("push", "off", 0, &more)).await;
    system.promoted("off", "off", "scheduled").await;
    tell(&system, "off", "promotion.cancelled", &json!({"id": "off", "updated_at": time(1)})).await;
    let row = system.promoted("off", "off", "cancelled").await;
    assert!(row["due"].is_null(), "{row}");
    assert_eq!(entry(&system, "off", &row).await["active"], false);
    assert!(system.promotions("off", "websale.send").await.is_empty());
}

async fn a_personalised_push_whose_answer_was_lost_is_left_to_a_person_and_never_repeated(on: On) {
    let system = on.with(&[Shop::canonical("lost")]).await;
    let fault = json!({"call": "websale.personalised", "of": "lost", "reset": true, "when": "after", "times": 1});
    system.websale().order(&fault).await;
    let push = promotion("personalised_push", "lost", 0, &json!({"name": "lost", "audience": "everyone"}));
    tell(&system, "lost", "promotion.scheduled", &push).await;
    let row = system.promoted("lost", "lost", "outcome_unknown").await;
    assert_eq!(row["attention"], "outcome_unknown", "{row}");
    // The shop sends it again, as shops do.
    tell(&system, "lost", "promotion.scheduled", &push).await;
    system.drained(Destination::Websale).await;
    let output = system.command(&["resolve", "lost/promotion/lost", "--as", "sent"]).await;
    assert!(output.status.success(), "{output:?}");
    let row = system.promoted("lost", "lost", "delivered").await;
    assert!(row["attention"].is_null(), "{row}");
    system.drained(Destination::Websale).await;
    assert_eq!(system.promotions("lost", "websale.personalised").await.len(), 1);
}

async fn an_audience_that_matches_nobody_reaches_nobody(on: On) {
    let system = on.with(&[Shop::canonical("nobody")]).await;
    let push =
        |id: &str, audience: Value| promotion("personalised_push", id, 0, &json!({"name": id, "audience": audience}));
    for audience in [json!({}), json!({"emails": []}), json!({"connected": true, "zip_areas": []}), Value::Null] {
        let webhook = Webhook::canonical(&audience.to_string(), "promotion.scheduled", &push("empty", audience));
        let answer = system.send("nobody", "promotion-scheduled", &webhook).await;
        assert_eq!(answer.status, 422, "{answer:?}");
    }
    for (id, audience) in [
        ("address", json!({"emails": ["nobody@example.org"]})),
        ("place", json!({"zip_areas": [{"from": 1, "to": 2}]})),
    ] {
        tell(&system, "nobody", "promotion.scheduled", &push(id, audience)).await;
        let row = system.promoted("nobody", id, "delivered").await;
        assert_eq!((&row["poll"]["receivers"], &row["poll"]["sent"]), (&json!(0), &json!(0)), "{row}");
    }
    let pushes = system.promotions("nobody", "websale.personalised").await;
    assert_eq!(pushes.len(), 2, "nothing went out for an empty audience: {pushes:?}");
    assert!(pushes.iter().all(|push| !push["body"]["filter"].as_object().unwrap().is_empty()), "{pushes:?}");
}

fn promotion(channel: &str, id: &str, version: u8, more: &Value) -> Value {
    let mut data = json!({"id": id, "updated_at": time(version), "channel": channel, "title": "Spring sale",
        "text": "20% until Sunday"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// What WEBSALE has of the promotion in this row.
async fn entry(system: &System, shop: &str, row: &Value) -> Value {
    let state = system.websale().state().await;
    let entries = state["websale"]["entries"].as_array().unwrap();
    let id = row["remote_id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let ours = entries.iter().find(|entry| entry["subshop"] == shop && entry["id"].as_u64() == id);
    ours.unwrap_or_else(|| panic!("no entry of {row} in {entries:?}")).clone()
}
