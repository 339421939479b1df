//! Destinations that fail, and orders they do not want.

use jiff::{SignedDuration, Timestamp};

use super::*;

on_both_hosts!(
    what_a_destination_asks_to_wait_is_waited_and_then_delivered,
    what_a_destination_refuses_is_parked_at_once_with_its_words,
);

async fn what_a_destination_asks_to_wait_is_waited_and_then_delivered(on: On) {
    let faults = ["websand.transaction:status=503,times=2,retry-after=2"];
    let system = on.with_faults(&[Shop::canonical("down")], &faults).await;
    tell(&system, "down", "order.placed", &order("1", 0)).await;
    let row = system.settled("down#websand#order#1", "delivered").await;
    assert!(row["attention"].is_null() && row["last_error"].is_null(), "{row}");
    let received = system.sandbox.received().await;
    let at: Vec<Timestamp> = received.iter().map(|call| call["at"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(at.len(), 3, "two refused, one accepted: {received:?}");
    for pair in at.windows(2) {
        assert!(pair[1].duration_since(pair[0]) >= SignedDuration::from_secs(2), "{at:?}");
    }
}

async fn what_a_destination_refuses_is_parked_at_once_with_its_words(on: On) {
    let words = "status=422,body=no order of ann.sample@example.org, sorry";
    let system = on.with_faults(&[Shop::canonical("refused")], &[&format!("websand.transaction:{words}")]).await;
    tell(&system, "refused", "order.placed", &order("R-1", 0)).await;
    let row = system.settled("refused#websand#order#R-1", "parked").await;
    assert_eq!(row["attention"], "parked", "{row}");
    let error = &row["last_error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("permanent"), &json!(422)), "{row}");
    let letter = system.dead_letter(Destination::Websand, "\"R-1\"").await;
    assert_eq!((&letter["reason"], &letter["status"]), (&json!("permanent"), &json!(422)), "{letter}");
    for detail in [&error["detail"], &letter["detail"]] {
        let detail = detail.as_str().unwrap();
        assert!(
            detail.contains("no order of") && detail.contains("sorry") && !detail.contains("ann.sample"),
            "{detail}"
        );
    }
    system.drained(Destination::Websand).await;
    assert_eq!(system.sandbox.received().await.len(), 1, "it is not tried again");
}
