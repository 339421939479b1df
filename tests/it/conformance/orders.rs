//! Orders: told once, and again only as the shop wants it.

use super::*;

on_both_hosts!(
    an_order_whose_webhook_comes_three_times_is_delivered_once,
    of_an_orders_versions_only_newer_ones_are_sent_again,
);

async fn an_order_whose_webhook_comes_three_times_is_delivered_once(on: On) {
    let system = on.with(&[Shop::canonical("thrice")]).await;
    let webhook = Webhook::canonical("w-1", "order.placed", &order("1001", 0));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = system.send("thrice", "order-placed", &webhook).await;
        assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{answer:?}");
        ids.push(answer.body["id"].clone());
        // A message that meets another one at work on the same order waits for half a minute.
        system.settled("thrice#websand#order#1001", "delivered").await;
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    system.drained(Destination::Websand).await;
    let sent = system.transactions("thrice").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(
        (&sent[0]["_id"], &sent[0]["customer"]["email"]),
        (&json!("thrice-1001"), &json!("ann.sample@example.org"))
    );
}

async fn of_an_orders_versions_only_newer_ones_are_sent_again(on: On) {
    let shop = Shop::canonical("versions").with_websand(json!({"orders": {"updates": "all"}}));
    let system = on.with(&[shop]).await;
    let total = async || system.transactions("versions").await.pop().map(|sent| sent["total"]["total"].to_string());
    for (version, expected) in [(0, "9.98"), (2, "29.98"), (1, "29.98"), (3, "39.98")] {
        let event_type = if version == 0 { "order.placed" } else { "order.updated" };
        tell(&system, "versions", event_type, &order("1", version)).await;
        system.drained(Destination::Websand).await;
        assert_eq!(total().await.as_deref(), Some(expected), "after version {version}");
    }
    assert_eq!(system.transactions("versions").await.len(), 3);
}
