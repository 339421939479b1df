//! Reading from Shopware's API, with answers as told.

use serde_json::{Value, json};

use crate::{
    event::EventType,
    forward::{
        WebsandForwarder,
        testing::{START, World},
    },
    ledger::{Row, State},
    message::{Kind, Message, Payload, Reference, ReferenceKind},
    queue::{Handler, Settlement},
    retry::RETRY_FOR,
    shop::Platform,
};

const ID: &str = "018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b";

struct Shop {
    world: World,
    forwarder: WebsandForwarder,
}

fn shop() -> Shop {
    let world = World::new();
    world.advance(1_795_256_100 - START);
    world.secret("acme/websand", json!({"account": "acme", "api_key": "invented", "orders": {"updates": "all"}}));
    secret(&world, "first");
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    Shop { world, forwarder }
}

fn secret(world: &World, client_secret: &str) {
    let integration = json!({"url": "https://shop.example.com", "client_id": "SWIA", "client_secret": client_secret});
    world.secret("acme/platform", integration);
}

fn sample(name: &str, holder: &str) -> Value {
    let file = format!("{}/../../events/sources/shopware/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let body: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    body["data"]["payload"][holder].clone()
}

fn order() -> Value {
    sample("checkout-order-placed", "order")
}

impl Shop {
    /// Fetches something anew, with these answers of the shop's and Websand's.
    async fn fetch(&self, kind: ReferenceKind, id: &str, answers: &[(u16, Value)]) -> Settlement {
        self.world.advance(60);
        let event = if kind == ReferenceKind::Order { EventType::OrderUpdated } else { EventType::CustomerUpdated };
        let message = Message {
            id: format!("e{}", self.world.http.seen().len()),
            shop: "acme".parse().unwrap(),
            platform: Platform::Shopware,
            subject: id.to_owned(),
            time: None,
            received_at: self.world.ports.clock.now(),
            sequence: None,
            traceparent: None,
            quiet_hours: None,
            silent_after_hours: None,
            payload: Payload::Referenced(Reference { platform: Platform::Shopware, kind, id: id.to_owned(), event }),
        };
        for (status, body) in answers {
            self.world.http.will_answer(*status, body);
        }
        self.forwarder.handle(self.world.received(&message)).await
    }

    /// The last path segments of the calls since they were last asked for.
    fn calls(&self) -> Vec<String> {
        let seen = std::mem::take(&mut *self.world.http.seen.lock().unwrap());
        seen.iter().map(|seen| seen.url.rsplit('/').next().unwrap().to_owned()).collect()
    }

    fn row(&self, kind: Kind) -> Row {
        self.world.ledger.rows().into_iter().find(|(key, _)| key.contains(&format!("#{}#", kind.name()))).unwrap().1
    }
}

fn token(name: &str) -> (u16, Value) {
    (200, json!({"token_type": "Bearer", "expires_in": 600, "access_token": name}))
}

fn found(objects: &[Value]) -> (u16, Value) {
    (200, json!({"data": objects, "total": objects.len()}))
}

fn delivered() -> (u16, Value) {
    (200, json!({}))
}

#[tokio::test]
async fn a_token_serves_until_shortly_before_it_expires() {
    let shop = shop();
    shop.fetch(ReferenceKind::Order, ID, &[token("t"), found(&[order()]), delivered()]).await;
    assert_eq!(shop.calls(), ["token", "order", "transaction"]);
    assert_eq!(shop.row(Kind::Order).state, State::Delivered);
    shop.fetch(ReferenceKind::Order, ID, &[found(&[order()])]).await;
    assert_eq!(shop.calls(), ["order"], "the token is still good, and nothing is new");
    shop.world.advance(420);
    shop.fetch(ReferenceKind::Order, ID, &[found(&[order()])]).await;
    assert_eq!(shop.calls(), ["order"]);
    shop.fetch(ReferenceKind::Order, ID, &[token("u"), found(&[order()])]).await;
    assert_eq!(shop.calls(), ["token", "order"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced() {
    let shop = shop();
    shop.fetch(ReferenceKind::Order, ID, &[token("t"), found(&[order()]), delivered()]).await;
    shop.calls();
    shop.fetch(ReferenceKind::Order, ID, &[(401, json!({})), token("u"), found(&[order()])]).await;
    assert_eq!(shop.calls(), ["order", "token", "order"]);
}

#[tokio::test]
async fn an_integration_may_get_a_new_secret() {
    let shop = shop();
    let short = (200, json!({"expires_in": 60, "access_token": "t"}));
    shop.fetch(ReferenceKind::Order, ID, &[short, found(&[order()]), delivered()]).await;
    shop.calls();
    secret(&shop.world, "second");
    shop.fetch(ReferenceKind::Order, ID, &[(401, json!({"errors": []})), token("v"), found(&[order()])]).await;
    let seen = shop.world.http.seen();
    assert_eq!([&seen[0].body["client_secret"], &seen[1].body["client_secret"]], ["first", "second"]);
    assert_eq!(shop.calls(), ["token", "token", "order"]);
}

#[tokio::test]
async fn refused_credentials_wait_for_a_person_and_no_token_of_theirs_is_kept() {
    let shop = shop();
    let refused = || (401, json!({}));
    let settlement = shop.fetch(ReferenceKind::Order, ID, &[refused(), refused()]).await;
    assert!(matches!(settlement, Settlement::Back { .. }), "{settlement:?}");
    assert_eq!(shop.calls(), ["token", "token"]);
    // A right that is missing: the token is good, but it may be one from before the right was given.
    shop.world.advance(3600);
    shop.fetch(ReferenceKind::Order, ID, &[token("t"), (403, json!({}))]).await;
    assert_eq!(shop.calls(), ["token", "order"]);
    shop.world.advance(3600);
    shop.fetch(ReferenceKind::Order, ID, &[token("u"), found(&[order()]), delivered()]).await;
    assert_eq!(shop.calls(), ["token", "order", "transaction"]);
}

#[tokio::test]
async fn what_is_not_found_or_lacks_its_parts_is_skipped() {
    for (answer, calls) in [
        (found(&[]), 2),
        (found(&[json!({"id": ID, "orderCustomer": null, "lineItems": null})]), 2),
        ((404, json!({})), 2),
    ] {
        let shop = shop();
        assert_eq!(shop.fetch(ReferenceKind::Order, ID, &[token("t"), answer]).await, Settlement::Done);
        assert_eq!(shop.calls().len(), calls);
        assert_eq!(shop.row(Kind::Reference).state, State::Suppressed);
    }
}

#[tokio::test]
async fn an_answer_without_what_was_asked_for_is_tried_again() {
    for answers in [vec![token("t"), (200, json!({"data": {}}))], vec![(200, json!({"expires_in": 600}))]] {
        let shop = shop();
        let settlement = shop.fetch(ReferenceKind::Order, ID, &answers).await;
        assert!(matches!(settlement, Settlement::Back { .. }), "{settlement:?}");
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_mapped_is_parked_with_the_place_of_the_fault() {
    let shop = shop();
    let mut broken = order();
    broken["amountTotal"] = json!("much");
    shop.fetch(ReferenceKind::Order, ID, &[token("t"), found(&[broken])]).await;
    let parked = shop.world.queue.parked.lock().unwrap().clone();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].reason, "unmappable");
    assert!(parked[0].detail.as_ref().unwrap().contains("/total/amount"));
}

#[tokio::test]
async fn customers_recipients_and_orders_by_their_number_are_found_too() {
    let shop = shop();
    let customer = sample("checkout-customer-register", "customer");
    shop.fetch(ReferenceKind::Customer, ID, &[token("t"), found(&[customer]), delivered()]).await;
    assert_eq!(shop.world.http.seen()[1].body["ids"], json!([ID]));
    assert_eq!(shop.calls(), ["token", "customer", "subscriber"]);
    let recipient = sample("newsletter-confirm", "newsletterRecipient");
    shop.fetch(ReferenceKind::Consent, ID, &[found(&[recipient]), delivered()]).await;
    let subscriber = shop.world.http.seen()[1].body["subscriber"].clone();
    assert_eq!(subscriber["marketing_consent"], "marketing_consent_true");
    assert_eq!(shop.calls(), ["newsletter-recipient", "subscriber"]);
    shop.fetch(ReferenceKind::Order, "number:10231", &[found(&[order()]), delivered()]).await;
    let filter = json!([{"type": "equals", "field": "orderNumber", "value": "10231"}]);
    assert_eq!(shop.world.http.seen()[0].body["filter"], filter);
    assert_eq!(shop.calls(), ["order", "transaction"]);
    assert!(shop.world.ledger.rows().keys().any(|key| key.ends_with(&format!("#order#{ID}"))));
}

#[tokio::test]
async fn trouble_at_the_shop_is_retried() {
    for trouble in [(500, json!({})), (429, json!({})), (503, json!({}))] {
        let shop = shop();
        let settlement = shop.fetch(ReferenceKind::Order, ID, &[token("t"), trouble]).await;
        let Settlement::Back { after } = settlement else { panic!("{settlement:?}") };
        assert!(after < std::time::Duration::try_from(RETRY_FOR).unwrap());
    }
}
