//! Promotions that an operator schedules, follows, tries out and calls off.

use std::process::Output;

use super::*;

on_both_hosts!(
    a_promotion_scheduled_by_hand_goes_the_way_of_its_webhook_and_is_called_off_by_hand,
    a_trial_reaches_one_person_and_its_end_is_seen,
);

async fn command(system: &System, arguments: &[&str]) -> (Value, Output) {
    let output = system.command(&[&["promotion"], arguments, &["--json"]].concat()).await;
    (serde_json::from_slice(&output.stdout).unwrap_or_default(), output)
}

/// A file with this promotion.
fn file(folder: &tempfile::TempDir, data: &Value) -> String {
    let path = folder.path().join("promotion.json");
    std::fs::write(&path, json!({"type": "promotion.scheduled", "data": data}).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn a_promotion_scheduled_by_hand_goes_the_way_of_its_webhook_and_is_called_off_by_hand(on: On) {
    let system = on.with(&[Shop::canonical("byhand")]).await;
    let folder = tempfile::tempdir().unwrap();
    let push = json!({"id": "push", "channel": "push", "title": "Sale", "text": "20%", "send_at": "2035-01-01T08:00:00Z",
        "visible_until": "2036-01-01T00:00:00Z"});
    let (answer, output) = command(&system, &["schedule", &file(&folder, &push), "--shop", "byhand", "--yes"]).await;
    assert!(output.status.success() && answer["plan"]["channel"] == "push", "{output:?}");
    system.promoted("byhand", "push", "scheduled").await;
    // The marketing tool's older word changes nothing, its newer one does.
    let mut older = push.clone();
    older["updated_at"] = json!(time(0));
    tell(&system, "byhand", "promotion.scheduled", &older).await;
    system.drained(Destination::Websale).await;
    let (listed, _) = command(&system, &["list", "--shop", "byhand"]).await;
    assert_eq!((&listed["promotions"][0]["subject"], &listed["more"]), (&json!("push"), &json!(false)), "{listed}");

    let (answer, output) = command(&system, &["cancel", "byhand/push"]).await;
    assert!(output.status.success() && answer["in_time"] == true, "{output:?}");
    system.promoted("byhand", "push", "cancelled").await;
    let (answer, output) = command(&system, &["cancel", "byhand/push"]).await;
    assert!(output.status.success() && answer["status"] == "already_cancelled", "{output:?}");
    assert!(system.promotions("byhand", "websale.send").await.is_empty());
}

async fn a_trial_reaches_one_person_and_its_end_is_seen(on: On) {
    let system = on.with(&[Shop::canonical("trial")]).await;
    let folder = tempfile::tempdir().unwrap();
    let push = json!({"id": "vip", "channel": "personalised_push", "name": "VIP", "title": "Hello ~A-FirstName~",
        "text": "For you", "send_at": "2035-01-01T08:00:00Z", "audience": {"connected": true, "zip_areas": [{"from": 1, "to": 99999}]}});
    let arguments = ["test", &file(&folder, &push), "--shop", "trial", "--to", "ann@example.org"];
    let (answer, output) = command(&system, &arguments).await;
    let id = answer["promotion"].as_str().unwrap_or_else(|| panic!("{output:?}"));
    let row = system.promoted("trial", id, "delivered").await;
    assert_eq!(row["poll"]["status"], "finished", "{row}");
    let (shown, output) = command(&system, &["show", id, "--shop", "trial", "--follow"]).await;
    assert!(output.status.success() && shown["done"] == shown["of"] && shown["of"].is_u64(), "{output:?}");
    let sent = system.promotions("trial", "websale.personalised").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["body"]["filter"], json!({"connected": true, "email": ["ann@example.org"]}), "{sent:?}");
}
