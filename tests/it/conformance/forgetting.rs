//! A person who is to be forgotten, on an operator's command.

use super::*;

on_both_hosts!(a_person_who_is_forgotten_leaves_no_row_and_does_not_come_back);

async fn a_person_who_is_forgotten_leaves_no_row_and_does_not_come_back(on: On) {
    let system = on.with(&[Shop::canonical("forgotten")]).await;
    let ordered = |id: &str| {
        let mut order = order(id, 0);
        order["customer"]["email"] = json!("frida.forgotten@example.org");
        order
    };
    tell(&system, "forgotten", "order.placed", &ordered("1")).await;
    system.settled("forgotten#websand#order#1", "delivered").await;
    system.drained(Destination::Websand).await;
    let forget = ["forget", "frida.forgotten@example.org", "--shop", "forgotten", "--yes"];
    let output = system.command(&forget).await;
    assert!(output.status.success(), "{output:?}");
    let receipt = String::from_utf8(output.stdout).unwrap();
    assert!(!receipt.contains("frida"), "{receipt}");
    assert_eq!(system.row("forgotten#websand#order#1").await, None);

    // An order from before, told only now.
    tell(&system, "forgotten", "order.placed", &ordered("2")).await;
    system.drained(Destination::Websand).await;
    assert_eq!(system.transactions("forgotten").await.len(), 1);
}
