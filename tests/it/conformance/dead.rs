//! What was given up is put back by the operator's commands.

use relay_tests::{
    binaries::repository,
    wait::within,
    webhook::{HEADER, Webhook},
};
use std::time::Duration;

use super::*;

on_both_hosts!(
    what_websand_refused_is_put_back_and_delivered_once,
    a_rejected_webhook_is_mapped_anew_once_the_shops_settings_are_right,
);

/// On AWS whoever looks through dead letters hides them from others for a moment, and tests share the queue.
const PATIENCE: Duration = Duration::from_secs(90);

async fn letters(system: &System, shop: &str) -> Vec<Value> {
    let (_, listed) = system.json(&["dead", "list", "--shop", shop]).await;
    listed["letters"].as_array().cloned().unwrap_or_default()
}

/// The shop's only dead letter, once there is one.
async fn only_letter(system: &System, shop: &str) -> Value {
    let letters = within(PATIENCE, "there is a dead letter", async || {
        Some(letters(system, shop).await).filter(|letters| !letters.is_empty())
    });
    let letters = letters.await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters[0].clone()
}

/// Puts these letters back, which comes to this and is answered by that code.
async fn redriven(system: &System, which: &[&str], outcome: &str, code: i32) {
    within(PATIENCE, &format!("{which:?} is {outcome}"), async || {
        let (ended, answer) = system.json(&[&["dead", "redrive"], which].concat()).await;
        let item = answer["report"]["items"].get(0)?;
        assert_eq!((&item["outcome"], ended), (&json!(outcome), code), "{answer}");
        Some(())
    })
    .await;
}

async fn what_websand_refused_is_put_back_and_delivered_once(on: On) {
    let faults = ["websand.transaction:status=422,times=1"];
    let system = on.with_faults(&[Shop::canonical("regretted")], &faults).await;
    tell(&system, "regretted", "order.placed", &order("1", 0)).await;
    system.settled("regretted#websand#order#1", "parked").await;
    let letter = only_letter(&system, "regretted").await;
    assert_eq!((&letter["reason"], &letter["status"]), (&json!("permanent"), &json!(422)), "{letter}");

    // Websand has changed its mind. The event's id does as well as the letter's.
    redriven(&system, &[letter["about"]["event_id"].as_str().unwrap()], "put_back", 0).await;
    let row = system.settled("regretted#websand#order#1", "delivered").await;
    assert!(row["attention"].is_null(), "{row}");
    system.drained(Destination::Websand).await;
    assert_eq!(system.transactions("regretted").await.len(), 1);
    assert_eq!(letters(&system, "regretted").await, Vec::<Value>::new());
}

async fn a_rejected_webhook_is_mapped_anew_once_the_shops_settings_are_right(on: On) {
    // ASSE puts its JSON into a parameter, and the secret does not say so yet.
    let (name, value) = HEADER;
    let mut source = json!({"platform": "canonical", "header": {"name": name, "values": [value]}});
    source["content_types"] = json!(["application/x-www-form-urlencoded"]);
    let system = on.with(&[Shop::new("wrapped", source.clone())]).await;
    let order = std::fs::read_to_string(repository().join("events/canonical/order.placed.json")).unwrap();
    let webhook = Webhook::by_header("application/x-www-form-urlencoded", format!("payload={order}"));
    let answer = system.send("wrapped", "order-placed", &webhook).await;
    assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("not_json")), "{answer:?}");

    let letter = only_letter(&system, "wrapped").await;
    redriven(&system, &[letter["id"].as_str().unwrap()], "still_rejected", 3).await;
    assert_eq!(only_letter(&system, "wrapped").await, letter, "it stays as it was");

    source["parameter"] = json!("payload");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mended.json");
    std::fs::write(&file, json!({"shoprelay/wrapped/webhook": source}).to_string()).unwrap();
    let mended = system.command(&["shop", "add", "--replace", "--file", file.to_str().unwrap()]).await;
    assert!(mended.status.success(), "{mended:?}");
    redriven(&system, &["--all", "--yes", "--shop", "wrapped"], "put_back", 0).await;
    let id = serde_json::from_str::<Value>(&order).unwrap()["data"]["id"].as_str().unwrap().to_owned();
    system.transaction("wrapped", &id).await;
    assert_eq!(letters(&system, "wrapped").await, Vec::<Value>::new());
}
