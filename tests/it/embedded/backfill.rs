//! A backfill that is killed in the middle and started again, beside a running host: every order arrives once.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use relay::shop::Destination;
use relay_tests::{binaries, host::Host, sandbox::Sandbox, wait::until};
use serde_json::{Value, json};

use super::running;

const ORDERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_and_started_again_every_order_arrives_once() {
    let (host, sandbox) = running().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.ndjson");
    std::fs::write(&file, lines()).unwrap();

    killed(&host, &file, &[]).await;
    let report = finished(&host, &file, &[]).await;
    assert_eq!((&report["entries"], &report["older_in_file"]), (&json!(3 * ORDERS), &json!(2 * ORDERS)), "{report}");
    assert!(report["resumed_after"].as_u64().unwrap() > 0, "{report}");
    arrived(&host, &sandbox, 1).await;
    let bodies = sandbox.processed("websand.transaction").await;
    assert!(bodies.iter().all(|request| request["body"]["transaction"]["status"] == "paid"), "the newest of each");

    let report = finished(&host, &file, &[]).await;
    assert_eq!((&report["queued"], &report["already_delivered"]), (&json!(0), &json!(ORDERS)), "{report}");

    // What was told to go out again does so once, although that run is killed too.
    killed(&host, &file, &["--force", "--yes"]).await;
    finished(&host, &file, &["--force", "--yes"]).await;
    arrived(&host, &sandbox, 2).await;
    let report = finished(&host, &file, &[]).await;
    assert_eq!(report["queued"], 0, "{report}");
    arrived(&host, &sandbox, 2).await;
}

/// Three versions of each order, the newest twice, all mixed.
fn lines() -> String {
    let version = |number: usize| {
        let (order, minute) = (number % ORDERS, if number < ORDERS { 1 } else { 2 });
        let status = if minute == 1 { "placed" } else { "paid" };
        json!({"type": "order.placed", "data": {"id": format!("old-{order}"), "status": status,
            "placed_at": "2026-01-05T10:30:00Z", "updated_at": format!("2026-01-05T10:3{minute}:00Z"),
            "customer": {"email": format!("buyer-{order}@example.org")},
            "items": [{"name": "Blue mug"}], "total": {"amount": "19.98", "currency": "EUR"}}})
    };
    // 271 and 600 have no common factor, so every number comes once.
    let entries = (0..3 * ORDERS).map(|position| version(position * 271 % (3 * ORDERS)));
    entries.fold(String::new(), |text, entry| text + &entry.to_string() + "\n")
}

fn command(host: &Host, file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binaries::path("shoprelay"));
    command.args(["backfill", "--shop", "acme", "--per-second", "100", "--json"]).args(arguments).arg(file);
    command.arg("--data-dir").arg(host.data()).env_clear().stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Begins a backfill and kills it when it is half way.
async fn killed(host: &Host, file: &Path, arguments: &[&str]) {
    let mut running = command(host, file, arguments).spawn().unwrap();
    let checkpoint = PathBuf::from(format!("{}.acme.backfill", file.display()));
    let half_way = async || {
        let content: Value = serde_json::from_str(&std::fs::read_to_string(&checkpoint).ok()?).ok()?;
        (content["done"].as_u64()? > 3 * ORDERS as u64 / 2).then_some(())
    };
    until("the backfill is half way", half_way).await;
    running.kill().unwrap();
    assert!(!running.wait().unwrap().success());
    assert!(checkpoint.exists());
}

/// Runs a backfill to its end; what it says.
async fn finished(host: &Host, file: &Path, arguments: &[&str]) -> Value {
    let mut command = command(host, file, arguments);
    let Output { status, stdout, .. } = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// Waits until every order has arrived so often and nothing is left to do, and asserts that none has more often.
async fn arrived(host: &Host, sandbox: &Sandbox, times: usize) {
    until("every order has arrived", async || {
        if host.queued(Destination::Websand).await.0 > 0 {
            return None;
        }
        let mut counts = BTreeMap::<String, usize>::new();
        for request in sandbox.processed("websand.transaction").await {
            *counts.entry(request["body"]["transaction"]["_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        assert!(counts.values().all(|count| *count <= times), "{counts:?}");
        (counts.len() == ORDERS && counts.values().all(|count| *count == times)).then_some(())
    })
    .await;
}
