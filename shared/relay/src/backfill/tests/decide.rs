//! What is queued, by what the ledger knows.

use super::*;
use crate::{
    ledger::{Attempts, Consent, Expected, Lease, State},
    revision::Revision,
};

/// The row of order 1 after this was delivered of it.
fn delivered(shop: &Shop, minute: u32, rank: u8) -> Row {
    let now = shop.world.ports.clock.now();
    let mut row = Row::new("acme#websand#order#1".parse().unwrap(), now);
    let time = Some(format!("2026-01-05T10:{minute:02}:00Z").parse().unwrap());
    (row.version, row.state) = (1, State::Delivered);
    row.revision = Some(Revision { time, received_at: now, rank, sequence: None });
    row
}

/// What is done about the entry where this row stands: the type that is queued, or why nothing is.
async fn step(shop: &Shop, row: Option<Row>, entry: &Value) -> String {
    if let Some(row) = row {
        shop.backfill.ledger.put(&row, Expected::Absent).await.unwrap();
    }
    match shop.backfill.look(shop.deliverable(entry)).await.unwrap() {
        Step::Queue(due) => {
            let again = if due.is_again() { " again" } else { "" };
            format!("{}{again}", due.message.type_name())
        }
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_queued_as_new_as_a_change_or_not_at_all() {
    const PLACED: &str = "shoprelay.order.placed";
    // A paid order as of minute 5, which its sender calls neither new nor changed.
    let entry = json!({"type": "order.placed", "data": order("1", 5, "paid")["data"]});
    for (updates, minute, rank, expected) in [
        ("none", 4, 0, "Delivered"),
        ("all", 4, 0, PLACED),
        ("status", 4, 1, PLACED),
        ("all", 5, 1, "Delivered"),
        ("all", 5, 9, "Delivered"),
        ("all", 5, 0, PLACED),
        ("all", 5, 8, PLACED),
        ("all", 6, 0, "Delivered"),
    ] {
        let shop = Shop::new(&json!({"orders": {"updates": updates}}));
        let found = step(&shop, Some(delivered(&shop, minute, rank)), &entry).await;
        assert_eq!(found, expected, "{updates} {minute} {rank}");
    }
    let shop = Shop::new(&json!({}));
    assert_eq!(step(&shop, None, &entry).await, PLACED);
}

#[tokio::test]
async fn a_platforms_order_that_is_known_goes_as_a_change() {
    let mut shop = Shop::new(&json!({"orders": {"updates": "all"}}));
    let secret = webhook(&json!({"platform": "woocommerce", "signing_secrets": ["invented"]}));
    shop.entries = entries(&secret, None);
    let entry = json!({"id": 1, "status": "processing", "date_created_gmt": "2026-01-05T10:00:00",
        "date_modified_gmt": "2026-01-05T10:05:00", "currency": "EUR", "total": "19.98",
        "billing": {"email": "bob@example.org"}, "line_items": [{"id": 1, "name": "Mug", "quantity": 1}]});
    let row = delivered(&shop, 4, 0);
    assert_eq!(step(&shop, Some(row), &entry).await, "shoprelay.order.updated");
    let never = Shop {
        backfill: Backfill {
            webhook: webhook(&json!({"platform": "woocommerce",
        "signing_secrets": ["invented"], "forward": ["order.placed"]})),
            ..shop.backfill
        },
        ..shop
    };
    assert_eq!(step(&never, None, &entry).await, "Delivered", "the shop wants no changes");
}

#[tokio::test]
async fn what_is_under_way_is_left_alone_and_what_was_parked_is_queued_anew() {
    let entry = order("1", 5, "paid");
    let open = |shop: &Shop| Row { state: State::Open, revision: None, ..delivered(shop, 1, 0) };
    let shop = Shop::new(&json!({}));
    let mut row = open(&shop);
    row.attempts.insert("other".into(), Attempts::default());
    assert_eq!(step(&shop, Some(row), &entry).await, "UnderWay");
    let shop = Shop::new(&json!({}));
    let until = shop.world.ports.clock.now() + std::time::Duration::from_secs(1);
    let row = Row { lease: Some(Lease { token: "t".into(), until }), ..delivered(&shop, 1, 0) };
    assert_eq!(step(&shop, Some(row), &entry).await, "UnderWay");
    for state in [State::Open, State::Parked, State::Suppressed] {
        let shop = Shop::new(&json!({}));
        let row = Row { state, ..open(&shop) };
        assert_eq!(step(&shop, Some(row), &entry).await, "shoprelay.order.placed", "{state:?}");
    }
}

#[tokio::test]
async fn a_sign_up_that_nobody_told_of_is_queued_with_an_order_that_was_delivered() {
    let mut entry = order("1", 5, "paid");
    entry["data"]["customer"]["marketing_consent"] = json!(true);
    let person = |shop: &Shop, consent, time: &str| {
        let key = shop.deliverable(&entry).person.unwrap();
        let received_at = shop.world.ports.clock.now();
        let mut row = Row::new(key, received_at);
        (row.version, row.state, row.consent) = (1, State::Delivered, Some(consent));
        row.revision = Some(Revision { time: Some(time.parse().unwrap()), received_at, rank: 0, sequence: None });
        row
    };
    for (consent, time, expected) in [
        (Consent::Granted, "2026-01-05T10:00:00Z", "Delivered"),
        (Consent::Withdrawn, "2026-01-05T10:00:00Z", "Delivered"),
        (Consent::Withdrawn, "2026-02-01T00:00:00Z", "Delivered"),
        (Consent::Withdrawn, "2026-01-04T00:00:00Z", "shoprelay.order.placed"),
    ] {
        let shop = Shop::new(&json!({}));
        shop.backfill.ledger.put(&person(&shop, consent, time), Expected::Absent).await.unwrap();
        let row = delivered(&shop, 5, 9);
        assert_eq!(step(&shop, Some(row), &entry).await, expected, "{consent:?} {time}");
    }
    let shop = Shop::new(&json!({}));
    let row = delivered(&shop, 5, 9);
    assert_eq!(step(&shop, Some(row), &entry).await, "shoprelay.order.placed", "nothing is known of the person");
}

#[tokio::test]
async fn what_was_read_from_the_shop_since_is_not_read_again() {
    let secret = webhook(&json!({"platform": "bigcommerce", "signing_secrets": ["invented"]}));
    let reference = |modified: &str| json!({"id": 1, "status_id": 11, "date_modified": modified, "billing_address": {"email": "bob@example.org"}});
    // Read on the first of June, as a new order or as a changed one, or given up.
    for (modified, rank, state, expected) in [
        ("Sun, 31 May 2026 10:00:00 +0000", 1, State::Delivered, "Delivered"),
        ("Sun, 31 May 2026 10:00:00 +0000", 1, State::Suppressed, "Delivered"),
        ("Sun, 31 May 2026 10:00:00 +0000", 0, State::Delivered, "shoprelay.order.referenced"),
        ("Sun, 31 May 2026 10:00:00 +0000", 1, State::Parked, "shoprelay.order.referenced"),
        ("Tue, 02 Jun 2026 10:00:00 +0000", 1, State::Delivered, "shoprelay.order.referenced"),
    ] {
        let mut shop = Shop::new(&json!({}));
        shop.entries = entries(&secret, None);
        shop.world.advance(7 * 24 * 3600);
        let read_at = "2026-06-01T08:00:00Z".parse().unwrap();
        let mut row = Row::new("acme#websand#reference#order/1".parse().unwrap(), read_at);
        (row.version, row.state) = (1, state);
        row.revision = Some(Revision { time: None, received_at: read_at, rank, sequence: None });
        assert_eq!(step(&shop, Some(row), &reference(modified)).await, expected, "{modified} {rank} {state:?}");
    }
}

#[tokio::test]
async fn an_order_that_only_counts_because_it_is_known_is_delivered_again_as_a_change() {
    let secret = webhook(&json!({"platform": "woocommerce", "signing_secrets": ["invented"]}));
    let entry = json!({"id": 1, "status": "processing", "date_created_gmt": "2026-01-05T10:00:00",
        "date_modified_gmt": "2026-01-05T10:05:00", "currency": "EUR", "total": "19.98",
        "billing": {"email": "bob@example.org"}, "line_items": [{"id": 1, "name": "Mug", "quantity": 1}]});
    let mut shop = Shop::new(&json!({"orders": {"consent": "consented"}}));
    shop.entries = entries(&secret, None);
    assert_eq!(step(&shop, None, &entry).await, "Ignored(\"filtered\")");
    let row = delivered(&shop, 5, 9);
    shop.backfill.force = Some("run".into());
    assert_eq!(step(&shop, Some(row), &entry).await, "shoprelay.order.updated again");
    assert_eq!(shop.run(&[entry]).await, 1);
    shop.deliver().await;
    assert_eq!(shop.posted(), ["acme-1"]);
}

#[tokio::test]
async fn nothing_comes_of_the_forgotten_and_of_what_the_shop_filters() {
    let entry = order("1", 5, "paid");
    let shop = Shop::new(&json!({"orders": {"statuses": ["fulfilled"]}}));
    assert_eq!(step(&shop, None, &entry).await, "Ignored(\"filtered\")");
    let shop = Shop::new(&json!({}));
    let mut tomb = Row::new(shop.deliverable(&entry).person.unwrap(), shop.world.ports.clock.now());
    (tomb.version, tomb.state) = (1, State::Suppressed);
    tomb.erased_at = Some("2026-02-01T00:00:00Z".parse().unwrap());
    shop.backfill.ledger.put(&tomb, Expected::Absent).await.unwrap();
    assert_eq!(step(&shop, None, &entry).await, "Ignored(\"erased\")");
}
