//! A whole shop is forgotten.

use super::*;

#[tokio::test]
async fn everything_of_a_shop_goes_and_nothing_of_its_neighbour() {
    let town = Town::new();
    for number in 0..8 {
        town.happens(&order(&format!("e-{number}"), &number.to_string(), OTHER, number), Fate::Delivered).await;
    }
    town.handle(&promotion("e-p", "p-1", &[CANARY, OTHER], 1)).await;
    town.walk(Whose::Person(person(CANARY, 2)), Reach::Named, true).await;
    town.happens(&order("e-w", "w", OTHER, 3), Fate::Waiting).await;
    town.park(&rejected("e-r", "{}", 3));
    let mut neighbour = order("e-n", "n", OTHER, 3);
    neighbour.shop = "acme-2".parse().unwrap();
    town.world.secret("acme-2/websand", json!({"account": "acme", "api_key": "key"}));
    town.handle(&neighbour).await;
    town.park(&neighbour);
    let before = town.rows().keys().filter(|key| key.starts_with("acme-2#")).count();
    let later = order("e-l", "later", OTHER, 9000);
    town.happens(&later, Fate::Waiting).await;
    let receipt = town.walk(Whose::Shop { requested_at: time(3000) }, Reach::Named, true).await;
    assert_eq!((receipt.found.order_rows, receipt.found.promotion_rows, receipt.found.consent_rows), (8, 1, 2));
    assert_eq!((receipt.found.messages, receipt.found.rejected_webhooks), (1, 1));
    assert!(town.rows().keys().all(|key| key.starts_with("acme-2#")), "{:?}", town.rows().keys());
    assert_eq!((town.rows().len(), town.world.ledger.parts()), (before, 0));
    assert_eq!(*town.world.queue.sent.lock().unwrap(), [later]);
    assert_eq!(town.world.queue.parked.lock().unwrap().len(), 1);
    insta::assert_snapshot!(receipt.to_string());
}
