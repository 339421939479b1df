//! An operator holds a shop's deliveries back, beside a running host.

use relay::shop::Destination;
use relay_tests::{host::Host, sandbox::Sandbox, shop, wait::until, webhook::Webhook};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn while_paused_webhooks_are_taken_and_wait_and_go_on_at_once_when_resumed() {
    let sandbox = Sandbox::start(&[]).await;
    let mut host = Host::new(&shop::secrets("acme")).with("SHOPRELAY_LOG", "info,relay=debug");
    host.start(&sandbox).await;
    let paused = host.command(&sandbox, &["pause", "acme", "websand"]).await;
    assert!(paused.status.success(), "{paused:?}");
    let order = json!({"id": "1", "placed_at": "2026-01-05T10:30:00Z", "customer": {"email": "ann@example.org"},
        "items": [{"name": "Blue mug"}], "total": {"amount": "9.90", "currency": "EUR"}});
    let url = format!("{}/webhooks/acme/order-placed", host.url());
    assert_eq!(Webhook::canonical("w", "order.placed", &order).post(&url, None).await.status, 202);
    let log = host.log();
    let held = async || std::fs::read_to_string(&log).unwrap().contains("is held back").then_some(());
    until("the message is held back", held).await;
    assert_eq!(host.queued(Destination::Websand).await, (1, 0));
    assert!(host.rows().await.iter().all(|row| row.key.to_string() != "acme#websand#order#1"), "no row begins");

    let resumed = host.command(&sandbox, &["resume", "acme"]).await;
    assert!(resumed.status.success(), "{resumed:?}");
    until("the queue is empty", async || (host.queued(Destination::Websand).await == (0, 0)).then_some(())).await;
    assert_eq!(sandbox.processed("websand.transaction").await.len(), 1);
}
