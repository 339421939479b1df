//! How far a walk reaches, and when it has to wait.

use super::*;
use crate::{ledger::Lease, message::Kind};

fn promotion_row(town: &Town) -> Row {
    town.rows()["acme#websale#promotion#p-1"].clone()
}

async fn forget_canary(town: &Town, reach: Reach) -> Receipt {
    town.walk(Whose::Person(person(CANARY, 30)), reach, true).await
}

#[tokio::test]
async fn an_address_goes_out_of_a_waiting_push_and_the_others_stay_in_it() {
    for reach in [Reach::Named, Reach::Everything] {
        let town = Town::new();
        town.handle(&promotion("e-1", "p-1", &[CANARY, OTHER], 1)).await;
        let before = promotion_row(&town);
        let receipt = forget_canary(&town, reach).await;
        assert_eq!((receipt.found.contents, receipt.found.cancelled_promotions), (1, 0));
        let row = promotion_row(&town);
        assert_eq!((row.state, row.due), (State::Scheduled, before.due));
        assert_eq!(row.promotion.as_ref().unwrap().former, None);
        let contents = town.world.ledger.contents();
        assert_eq!(contents.len(), 1);
        let (name, content) = contents.into_iter().next().unwrap();
        assert!(content.contains(OTHER) && !content.contains(CANARY), "{content}");
        assert!(name.contains(row.promotion.unwrap().content.as_deref().unwrap()));
    }
}

#[tokio::test]
async fn a_push_for_nobody_else_is_called_off_and_not_sent_to_everybody() {
    let town = Town::new();
    let only = promotion("e-1", "p-1", &[CANARY], 1);
    town.handle(&only).await;
    let receipt = forget_canary(&town, Reach::Named).await;
    assert_eq!(receipt.found.cancelled_promotions, 1);
    let row = promotion_row(&town);
    assert_eq!((row.state, row.due, town.world.ledger.parts()), (State::Cancelled, None, 0));
    assert_eq!(row.last_error.unwrap().code, "audience_erased");
    // The same once more, and while it waited: it stays called off.
    town.handle(&only).await;
    assert_eq!(promotion_row(&town).state, State::Cancelled);
    town.handle(&promotion("e-2", "p-2", &[CANARY], 2)).await;
    assert_eq!(town.rows()["acme#websale#promotion#p-2"].state, State::Cancelled);
    assert!(town.world.http.seen().is_empty());
    // Newer than the erasure: the marketing tool may have learnt of the person anew.
    town.handle(&promotion("e-3", "p-1", &[CANARY], 31)).await;
    assert_eq!(promotion_row(&town).state, State::Scheduled);
}

#[tokio::test]
async fn a_promotion_that_a_worker_has_in_hand_is_waited_for() {
    let town = Town::new();
    town.handle(&promotion("e-1", "p-1", &[CANARY, OTHER], 1)).await;
    let until = time(300);
    let row = promotion_row(&town);
    let version = row.version;
    let leased = Row { version: version + 1, lease: Some(Lease { token: "t".into(), until }), ..row };
    town.world.ledger.put(&leased, crate::ledger::Expected::Version(version)).await.unwrap();
    let key = town.world.ports.secrets.installation().await.unwrap();
    let ports = &town.world.ports;
    let at = Surroundings {
        ledger: &*ports.ledger,
        queue: &*ports.queue,
        clock: &*ports.clock,
        random: &*ports.random,
        key: &key,
    };
    let request =
        Request { shop: "acme".parse().unwrap(), whose: Whose::Person(person(CANARY, 30)), reach: Reach::Everything };
    let outcome = forget(at, &request, Progress::named("w"), time(120)).await.unwrap();
    let Outcome::Later { progress, at: when } = outcome else { panic!("done") };
    assert_eq!(when, until);
    town.world.advance(300 * 60);
    let outcome = forget(at, &request, progress, time(400)).await.unwrap();
    let Outcome::Done(receipt) = outcome else { panic!("not done") };
    assert_eq!(receipt.found.contents, 1);
    assert!(!town.dump("").contains(CANARY));
}

#[tokio::test]
async fn what_a_request_does_not_name_is_left_to_a_search() {
    let town = Town::new();
    town.handle(&order("e-1", "c-1", CANARY, 1)).await;
    town.handle(&order("e-2", "c-2", CANARY, 2)).await;
    let named = Person { orders: vec!["c-1".into()], ..person(CANARY, 30) };
    let receipt = town.walk(Whose::Person(named), Reach::Named, true).await;
    assert_eq!((receipt.found.order_rows, receipt.found.rows[0].subject.as_str()), (1, "c-1"));
    assert_eq!(receipt.not_reached, [Unreached::OtherOrders]);
    let receipt = forget_canary(&town, Reach::Everything).await;
    assert_eq!((receipt.found.order_rows, receipt.found.rows[0].subject.as_str()), (1, "c-2"));
    assert_eq!(receipt.not_reached, []);
    insta::assert_snapshot!(receipt.to_string());
}

#[tokio::test]
async fn without_an_address_only_what_is_named_goes() {
    let town = Town::new();
    town.handle(&order("e-1", "c-1", CANARY, 1)).await;
    town.park(&order("e-2", "c-2", CANARY, 2));
    let nameless = Person { email: None, orders: vec!["c-1".into()], ..person(CANARY, 30) };
    let receipt = town.walk(Whose::Person(nameless), Reach::Named, true).await;
    assert_eq!((receipt.found.order_rows, receipt.found.dead_letters, receipt.found.consent_rows), (1, 1, 0));
    assert_eq!(receipt.not_reached, [Unreached::NoAddress, Unreached::OtherOrders]);
}

#[tokio::test]
async fn an_event_that_was_under_way_ends_as_suppressed() {
    let town = Town::new();
    let old = order("e-1", "c-1", CANARY, 1);
    town.happens(&old, Fate::Failing).await;
    forget_canary(&town, Reach::Named).await;
    assert_eq!(town.rows()["acme#websand#order#c-1"].state, State::Open, "only a search finds it");
    assert_eq!(town.handle(&old).await, Settlement::Done);
    let row = town.rows()["acme#websand#order#c-1"].clone();
    assert_eq!((row.state, row.customer, row.order_number, row.attempts.len()), (State::Suppressed, None, None, 0));
}

#[tokio::test]
async fn a_grant_from_before_does_not_come_back_with_a_newer_event() {
    let town = Town::new();
    forget_canary(&town, Reach::Named).await;
    let data = json!({"email": CANARY, "first_name": "Eve", "updated_at": time(40), "marketing_consent": true, "consent_at": time(1)});
    let subject = town.customer_key(CANARY).await;
    town.handle(&message("e-1", "customer.updated", &subject, 40, &data)).await;
    let row = town.rows()[&format!("acme#websand#consent#{subject}")].clone();
    assert_eq!((row.consent, row.erased_at), (None, Some(time(30))));
    let told = format!("{:?}", town.world.http.seen());
    assert!(told.contains(CANARY) && !told.contains("true"), "no sign-up: {told}");
}

#[tokio::test]
async fn a_row_with_everything_in_it_stays_small() {
    let town = Town::new();
    town.handle(&order("e-1", &"9".repeat(40), CANARY, 1)).await;
    town.handle(&promotion("e-2", "p-1", &[CANARY, OTHER], 1)).await;
    forget_canary(&town, Reach::Named).await;
    town.handle(&order("e-3", "c-3", CANARY, 40)).await;
    for (key, row) in town.rows() {
        let bytes = serde_json::to_string(&row).unwrap().len();
        assert!(bytes < 1000, "{key}: {bytes}");
    }
}

#[tokio::test]
async fn a_request_dated_ahead_stops_nothing_that_is_still_to_come() {
    let town = Town::new();
    town.walk(Whose::Person(person(CANARY, 60 * 24)), Reach::Named, true).await;
    town.world.advance(600);
    assert_eq!(town.handle(&order("e-1", "c-1", CANARY, 65)).await, Settlement::Done);
    assert_eq!(town.world.http.seen().len(), 1, "a new relationship");
}

#[tokio::test]
async fn data_dated_after_the_request_stay() {
    let town = Town::new();
    let data = json!({"email": CANARY, "first_name": "Cora", "updated_at": time(40)});
    let key = town.world.ports.secrets.installation().await.unwrap().customer_key(&CANARY.parse().unwrap());
    assert_eq!(town.handle(&message("e-1", "customer.updated", &key, 40, &data)).await, Settlement::Done);
    let customers = || town.world.ledger.rows().into_values().filter(|row| row.key.kind == Kind::Customer).count();
    assert_eq!(customers(), 1);
    let receipt = town.walk(Whose::Person(person(CANARY, 30)), Reach::Everything, true).await;
    assert_eq!((receipt.found.customer_rows, customers()), (0, 1));
    let receipt = town.walk(Whose::Person(person(CANARY, 50)), Reach::Everything, true).await;
    assert_eq!((receipt.found.customer_rows, customers()), (1, 0));
}
