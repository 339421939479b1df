//! What was given up is put back by the operator's commands, beside a running host.

use relay::shop::Destination;
use relay_tests::{
    binaries::repository,
    host::Host,
    sandbox::Sandbox,
    shop,
    wait::until,
    webhook::{HEADER, Webhook},
};
use serde_json::{Value, json};

use super::with_sandbox;

/// What a command ends with, and its answer as JSON.
async fn run(host: &Host, sandbox: &Sandbox, arguments: &[&str]) -> (i32, Value) {
    let output = host.command(sandbox, arguments).await;
    let text = String::from_utf8_lossy(&output.stdout);
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (output.status.code().unwrap(), json)
}

/// The host's id of the only dead letter, once there is one.
async fn only_letter(host: &Host, sandbox: &Sandbox) -> Value {
    let listed = until("there is a dead letter", async || {
        let (_, listed) = run(host, sandbox, &["dead", "list", "--json"]).await;
        (listed["total"] == 1).then_some(listed)
    });
    listed.await["letters"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_websand_refused_is_put_back_and_delivered_once() {
    let (host, sandbox) = with_sandbox(&["--fault", "websand.transaction:status=422,times=1"]).await;
    let order = json!({"id": "1", "placed_at": "2026-01-05T10:30:00Z", "customer": {"email": "ann@example.org"},
        "items": [{"name": "Blue mug"}], "total": {"amount": "9.90", "currency": "EUR"}});
    let url = format!("{}/webhooks/acme/order-placed", host.url());
    assert_eq!(Webhook::canonical("w", "order.placed", &order).post(&url, None).await.status, 202);
    let letter = only_letter(&host, &sandbox).await;
    assert_eq!((&letter["reason"], &letter["status"]), (&json!("permanent"), &json!(422)), "{letter}");

    // Websand has changed its mind. The event's id does as well as the letter's.
    let event_id = letter["about"]["event_id"].as_str().unwrap();
    let (code, report) = run(&host, &sandbox, &["dead", "redrive", event_id, "--json"]).await;
    assert_eq!((code, &report["report"]["items"][0]["outcome"]), (0, &json!("put_back")), "{report}");
    let row = until("it is delivered", async || {
        let rows = host.rows().await;
        let row = rows.into_iter().find(|row| row.key.to_string() == "acme#websand#order#1")?;
        (row.state == relay::ledger::State::Delivered).then_some(row)
    });
    assert_eq!(row.await.attention, None);
    until("the queue is empty", async || (host.queued(Destination::Websand).await == (0, 0)).then_some(())).await;
    assert_eq!(sandbox.processed("websand.transaction").await.len(), 1);
    assert_eq!(run(&host, &sandbox, &["dead", "list", "--json"]).await.1["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_webhook_is_mapped_anew_once_the_shops_settings_are_right() {
    let sandbox = Sandbox::start(&[]).await;
    let mut secrets = shop::secrets("acme");
    // ASSE puts its JSON into a parameter, and the secret does not say so yet.
    let (name, value) = HEADER;
    let mut source = json!({"platform": "canonical", "header": {"name": name, "values": [value]}});
    source["content_types"] = json!(["application/x-www-form-urlencoded"]);
    secrets[0].1 = source.clone();
    let mut host = Host::new(&secrets);
    host.start(&sandbox).await;
    let order = std::fs::read_to_string(repository().join("events/canonical/order.placed.json")).unwrap();
    let webhook = Webhook::by_header("application/x-www-form-urlencoded", format!("payload={order}"));
    let answer = webhook.post(&format!("{}/webhooks/acme/order-placed", host.url()), None).await;
    assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("not_json")), "{answer:?}");

    let letter = only_letter(&host, &sandbox).await;
    let id = letter["id"].as_str().unwrap();
    let (code, report) = run(&host, &sandbox, &["dead", "redrive", id, "--json"]).await;
    assert_eq!((code, &report["report"]["items"][0]["outcome"]), (3, &json!("still_rejected")), "{report}");
    assert_eq!(only_letter(&host, &sandbox).await, letter, "it stays as it was");

    source["parameter"] = json!("payload");
    let file = host.data().join("mended.json");
    std::fs::write(&file, json!({"shoprelay/acme/webhook": source}).to_string()).unwrap();
    let mended = host.command(&sandbox, &["shop", "add", "--replace", "--file", file.to_str().unwrap()]).await;
    assert!(mended.status.success(), "{mended:?}");
    let (code, report) = run(&host, &sandbox, &["dead", "redrive", "--all", "--yes", "--json"]).await;
    assert_eq!((code, &report["report"]["items"][0]["outcome"]), (0, &json!("put_back")), "{report}");
    until("it is at Websand", async || sandbox.processed("websand.transaction").await.pop()).await;
    assert_eq!(host.queued(Destination::Websand).await.1, 0);
}
