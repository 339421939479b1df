//! An operator holds a shop's deliveries back.

use super::*;

on_both_hosts!(while_paused_webhooks_are_taken_and_wait_and_go_on_when_resumed);

async fn while_paused_webhooks_are_taken_and_wait_and_go_on_when_resumed(on: On) {
    let system = on.with(&[Shop::canonical("paused")]).await;
    let paused = system.command(&["pause", "paused", "websand"]).await;
    assert!(paused.status.success(), "{paused:?}");
    tell(&system, "paused", "order.placed", &order("1", 0)).await;
    let held = system.held(Destination::Websand).await;
    assert_eq!(system.row("paused#websand#order#1").await, None, "no row begins");
    assert_eq!(system.sandbox.received().await, Vec::<Value>::new());

    let resumed = system.command(&["resume", "paused"]).await;
    held.look().await;
    assert!(resumed.status.success(), "{resumed:?}");
    system.settled("paused#websand#order#1", "delivered").await;
    system.drained(Destination::Websand).await;
    assert_eq!(system.transactions("paused").await.len(), 1);
}
