//! What only `shoprelay serve` does.

use relay_tests::{host::Host, sandbox::Sandbox, shop, wait::until, webhook::Webhook};
use serde_json::json;

mod backfill;
mod chunks;

/// On the shared stack its message would wait in a queue that other tests want to see empty.
#[tokio::test]
async fn an_order_waits_for_a_key_that_websand_refuses_and_a_person_is_called() {
    let (host, _sandbox) = with_sandbox(&["--websand-key", "another-key"]).await;
    let order = json!({"id": "1", "placed_at": "2026-01-05T10:30:00Z", "customer": {"email": "ann@example.org"},
        "items": [{"name": "Blue mug"}], "total": {"amount": "9.90", "currency": "EUR"}});
    let url = format!("{}/webhooks/acme/order-placed", host.url());
    assert_eq!(Webhook::canonical("w", "order.placed", &order).post(&url, None).await.status, 202);
    let row =
        until("a person is called", async || host.rows().await.into_iter().find(|row| row.attention.is_some())).await;
    let row = serde_json::to_value(row).unwrap();
    assert_eq!((&row["state"], &row["attention"]), (&json!("open"), &json!("credentials_refused")), "{row}");
    assert_eq!(host.queued(relay::shop::Destination::Websand).await, (1, 0), "it waits, and is not parked");
}

async fn running() -> (Host, Sandbox) {
    with_sandbox(&[]).await
}

/// A host with the shop `acme`, and a sandbox with these arguments.
async fn with_sandbox(arguments: &[&str]) -> (Host, Sandbox) {
    let sandbox = Sandbox::start(arguments).await;
    let mut host = Host::new(&shop::secrets("acme"));
    host.start(&sandbox).await;
    (host, sandbox)
}
