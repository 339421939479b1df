//! Old orders from a file.

use super::*;

on_both_hosts!(old_orders_from_a_file_arrive_once_and_those_delivered_are_left_out);

async fn old_orders_from_a_file_arrive_once_and_those_delivered_are_left_out(on: On) {
    let system = on.with(&[Shop::canonical("filed")]).await;
    tell(&system, "filed", "order.placed", &order("1", 0)).await;
    system.settled("filed#websand#order#1", "delivered").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.ndjson");
    let entry = |id: &str| json!({"type": "order.placed", "data": order(id, 0)}).to_string();
    std::fs::write(&file, ["1", "2", "3"].map(entry).join("\n")).unwrap();
    for queued in [2, 0] {
        let command = ["backfill", file.to_str().unwrap(), "--shop", "filed", "--json"];
        let output = system.command(&command).await;
        assert!(output.status.success(), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["queued"], &report["already_delivered"]), (&json!(queued), &json!(3 - queued)), "{report}");
        for id in ["2", "3"] {
            system.settled(&format!("filed#websand#order#{id}"), "delivered").await;
        }
    }
    system.drained(Destination::Websand).await;
    assert_eq!(system.transactions("filed").await.len(), 3);
}
