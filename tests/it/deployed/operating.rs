//! The operator's commands on a deployed stack.

use relay_tests::{sandbox::Sandbox, shop, stack::Stack, wait::until, webhook::Webhook};
use serde_json::Value;

use super::{order, transactions};

/// What a command that must succeed prints as JSON. Of all shops it is enough (3) that there are others with faults: the
/// tests beside this one add odd ones on purpose.
async fn json(stack: &Stack, websand: &Sandbox, arguments: &[&str]) -> Value {
    let output = stack.command(websand, &[arguments, &["--json"]].concat()).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {errors}"))
}

#[tokio::test]
async fn a_shop_is_added_watched_and_removed_from_the_command_line() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shops.json");
    let secrets = serde_json::json!({
        "shoprelay/counter/webhook": shop::webhook(), "shoprelay/counter/websand": shop::websand(websand.port()),
    });
    std::fs::write(&file, secrets.to_string()).unwrap();

    let added = stack.command(&websand, &["shop", "add", "counter", "--file", file.to_str().unwrap()]).await;
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let shops = json(stack, &websand, &["shop", "list"]).await;
    assert!(shops.to_string().contains("counter"), "{shops}");

    let order = Webhook::canonical("w-1", "order.placed", &order("1001"));
    assert_eq!(stack.post("counter", "order-placed", &order).await.status, 202);
    stack.settled("counter#websand#order#1001", "delivered").await;
    let shown = json(stack, &websand, &["show", "counter/order/1001"]).await;
    assert!(shown.to_string().contains("delivered"), "{shown}");
    let deliveries = json(stack, &websand, &["deliveries", "--all"]).await;
    assert!(deliveries.to_string().contains("counter"), "{deliveries}");
    // Log lines take a moment to reach the log group.
    let received = until("the webhook is among those received", async || {
        let received = json(stack, &websand, &["received", "--shop", "counter"]).await;
        received.to_string().contains("order.placed").then_some(received)
    });
    assert!(!received.await.to_string().contains("ann.sample"), "no address is shown");

    let removed = stack.command(&websand, &["shop", "remove", "counter", "--yes"]).await;
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    let shops = json(stack, &websand, &["shop", "list"]).await;
    assert!(!shops.to_string().contains("counter"), "{shops}");
}

#[tokio::test]
async fn old_orders_are_fed_in_once_and_again_when_told_so() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("attic", &websand).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.json");
    let orders = ["1", "2", "3"].map(|id| serde_json::json!({"type": "order.placed", "data": order(id)}));
    std::fs::write(&file, Value::from(orders.to_vec()).to_string()).unwrap();
    let backfill = ["backfill", file.to_str().unwrap(), "--shop", "attic"];

    assert_eq!(json(stack, &websand, &backfill).await["queued"], 3);
    for id in ["1", "2", "3"] {
        stack.settled(&format!("attic#websand#order#{id}"), "delivered").await;
    }
    let report = json(stack, &websand, &backfill).await;
    assert_eq!((&report["queued"], &report["already_delivered"]), (&Value::from(0), &Value::from(3)), "{report}");
    let report = json(stack, &websand, &[&backfill[..], &["--force", "--yes"]].concat()).await;
    assert_eq!((&report["queued"], &report["again"]), (&Value::from(3), &Value::from(3)), "{report}");
    assert_eq!(transactions(&websand, 6).await.len(), 6);
}

#[tokio::test]
async fn the_doctor_finds_the_stack_as_it_was_deployed() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    let output = stack.command(&websand, &["doctor"]).await;
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // What it says of shops and their deliveries depends on the tests that run beside this one.
    for part in ["ledger table", "queue settings", "logs", "installation key"] {
        let found = text.lines().find(|line| line.contains(part));
        assert!(found.is_some_and(|line| line.starts_with("ok ")), "{part}: {text}{errors}");
    }
}
