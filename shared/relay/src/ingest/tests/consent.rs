//! Decisions about marketing mail, from Shopify's webhooks to what Websand hears.

use super::*;
use crate::{
    forward::{WebsandForwarder, testing},
    message::{Payload, Reference, ReferenceKind},
    queue::{Handler, Settlement},
    shop::Platform,
};

const WITHDRAWN: &str = "marketing_consent_false";
const GRANTED: &str = "marketing_consent_true";

/// A shop with all that is between its webhooks and Websand.
struct Town {
    ingest: World,
    worker: testing::World,
}

impl Town {
    fn new() -> Self {
        let (ingest, worker) = (World::new(), testing::World::new());
        let withdrawn = json!({"field": "marketing_consent", "value": WITHDRAWN});
        let websand = json!({
            "account": "acme", "api_key": "key", "orders": {"updates": "all"}, "consent": {"withdrawn": withdrawn},
        });
        worker.secret("acme/websand", websand);
        worker.secret("acme/platform", json!({"shop_domain": "acme.myshopify.com", "access_token": "shpat_invented"}));
        worker.secret("_installation", json!({"key": STANDARD.encode(CANONICAL_KEY)}));
        worker.advance(NOW - testing::START);
        Self { ingest, worker }
    }

    /// Receives a webhook and works until its messages are settled.
    async fn webhook(&self, topic: &str, body: &Value) {
        let endpoint = if topic.starts_with("customers") { "customer-updated" } else { "order-updated" };
        let request = shopify(&format!("/webhooks/acme/{endpoint}"), topic, body.to_string());
        self.ingest.receive(request).await.assert(202, "queued", None);
        for message in self.ingest.sent() {
            self.settle(&message).await;
        }
    }

    async fn settle(&self, message: &Message) {
        let forwarder = WebsandForwarder::new(self.worker.ports.clone(), self.worker.config.clone());
        assert_eq!(forwarder.handle(self.worker.received(message)).await, Settlement::Done);
    }

    fn seen(&self) -> Vec<testing::Seen> {
        self.worker.http.seen()
    }

    /// What Websand was told about consent, call by call; nothing where nothing was said.
    fn told(&self) -> Vec<Option<String>> {
        let calls = self.seen().into_iter().filter(|seen| seen.url.contains("websandhq"));
        let said = calls.map(|seen| {
            let customer = seen.body.get("subscriber").unwrap_or(&seen.body["transaction"]["customer"]).clone();
            assert_eq!(customer["email"], "bob@example.com");
            customer["marketing_consent"].as_str().map(str::to_owned)
        });
        said.collect()
    }
}

fn time(minute: u8) -> Value {
    json!(format!("2026-06-01T09:{minute:02}:00+02:00"))
}

fn state(subscribed: bool, minute: u8) -> Value {
    let state = if subscribed { "subscribed" } else { "unsubscribed" };
    json!({"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": time(minute)})
}

/// The topic of decisions.
fn decision(subscribed: bool, minute: u8) -> Value {
    json!({"customer_id": 7, "email_address": "Bob@Example.com", "email_marketing_consent": state(subscribed, minute)})
}

/// A customer as Shopify's webhooks had them until API version 2025-01: with the decision.
fn customer(first_name: &str, minute: u8, consent: &Value) -> Value {
    json!({
        "id": 7, "email": "bob@example.com", "first_name": first_name, "updated_at": time(minute),
        "email_marketing_consent": consent,
    })
}

/// An order that was placed at nine by somebody who signed up with it.
fn order(status: &str, minute: u8) -> Value {
    let mut order = sample("sources/shopify/orders-create");
    let customer = json!({"id": 7, "email": "bob@example.com"});
    let fields = [
        ("email", json!("bob@example.com")),
        ("customer", customer),
        ("created_at", time(0)),
        ("updated_at", time(minute)),
        ("financial_status", json!(status)),
        ("buyer_accepts_marketing", json!(true)),
    ];
    for (field, value) in fields {
        order[field] = value;
    }
    order
}

#[tokio::test]
async fn a_late_update_of_an_order_after_an_unsubscribe_leaves_the_person_unsubscribed() {
    let town = Town::new();
    town.webhook("orders/create", &order("pending", 0)).await;
    town.webhook("customers_email_marketing_consent/update", &decision(false, 10)).await;
    town.webhook("orders/updated", &order("paid", 20)).await;
    town.webhook("customers/update", &customer("Bob", 30, &Value::Null)).await;
    let said = [Some(GRANTED.to_owned()), Some(WITHDRAWN.to_owned()), None, None];
    assert_eq!(town.told(), said);
}

#[tokio::test]
async fn an_order_whose_webhook_is_late_signs_nobody_up_who_has_left_since() {
    let town = Town::new();
    town.webhook("customers_email_marketing_consent/update", &decision(false, 10)).await;
    // Changed since it was placed, so its revision is newer than the decision.
    town.webhook("orders/create", &order("paid", 20)).await;
    assert_eq!(town.told(), [Some(WITHDRAWN.to_owned()), None]);
}

#[tokio::test]
async fn an_old_sign_up_in_a_changed_customer_is_neither_repeated_nor_brought_back() {
    let town = Town::new();
    town.webhook("customers/create", &customer("Bob", 1, &state(true, 1))).await;
    town.webhook("customers/update", &customer("Rob", 5, &state(true, 1))).await;
    town.webhook("customers_email_marketing_consent/update", &decision(false, 10)).await;
    town.webhook("customers/update", &customer("Robert", 20, &state(true, 1))).await;
    let said = [Some(GRANTED.to_owned()), None, Some(WITHDRAWN.to_owned()), None];
    assert_eq!(town.told(), said);
    town.webhook("customers_email_marketing_consent/update", &decision(true, 30)).await;
    assert_eq!(town.told().last().unwrap().as_deref(), Some(GRANTED));
}

#[tokio::test]
async fn a_decision_is_told_once_however_often_its_webhooks_come() {
    let town = Town::new();
    let topic = "customers_email_marketing_consent/update";
    for _ in 0..3 {
        town.webhook(topic, &decision(true, 10)).await;
        town.webhook("customers/update", &customer("Bob", 10, &state(true, 10))).await;
    }
    let calls = town.seen();
    assert_eq!(town.told(), [Some(GRANTED.to_owned()), None]);
    assert_eq!(calls[0].body["subscriber"]["subscribed_at"], "2026-06-01T07:10:00Z");
    assert_eq!(calls[1].body["subscriber"]["first"], "Bob");
}

#[tokio::test]
async fn the_address_of_a_decision_is_looked_up_where_the_webhook_has_none() {
    let town = Town::new();
    let mut nobody = decision(false, 10);
    nobody["email_address"] = Value::Null;
    town.worker.http.will_answer(200, &json!({"customer": customer("Bob", 20, &state(false, 10))}));
    town.webhook("customers_email_marketing_consent/update", &nobody).await;
    let seen = town.seen();
    assert_eq!(seen[0].url, "https://acme.myshopify.com/admin/api/2026-01/customers/7.json");
    let subscriber = json!({"email": "bob@example.com", "marketing_consent": WITHDRAWN, "source": "acme"});
    assert_eq!(seen[1].body, json!({"subscriber": subscriber}));
    assert_eq!(seen.len(), 2);
}

/// The calls that a reference to something in Shopify's API leads to, if it answers this.
async fn calls(kind: ReferenceKind, id: &str, answer: (u16, Value)) -> Vec<testing::Seen> {
    let town = Town::new();
    let event = match kind {
        ReferenceKind::Order => crate::event::EventType::OrderPlaced,
        _ => crate::event::EventType::CustomerUpdated,
    };
    let reference = Reference { platform: Platform::Shopify, kind, id: id.into(), event };
    let message = Message {
        id: "r".into(),
        shop: "acme".parse().unwrap(),
        platform: Platform::Shopify,
        subject: id.into(),
        time: None,
        received_at: Timestamp::from_second(NOW).unwrap(),
        sequence: None,
        traceparent: None,
        quiet_hours: None,
        silent_after_hours: None,
        payload: Payload::Referenced(reference),
    };
    town.worker.http.will_answer(answer.0, &answer.1);
    town.settle(&message).await;
    town.seen()
}

#[tokio::test]
async fn whole_objects_of_the_api_are_mapped_as_those_of_webhooks() {
    let seen = calls(ReferenceKind::Order, "1001", (200, json!({"order": order("paid", 5)}))).await;
    assert_eq!(seen[0].url, "https://acme.myshopify.com/admin/api/2026-01/orders/1001.json");
    let customer_sent = &seen[1].body["transaction"]["customer"];
    assert_eq!(
        (&customer_sent["email"], &customer_sent["marketing_consent"]),
        (&json!("bob@example.com"), &json!(GRANTED))
    );
    let found = json!({"customer": customer("Bob", 5, &state(true, 5))});
    let seen = calls(ReferenceKind::Customer, "7", (200, found)).await;
    assert_eq!(seen[1].body["subscriber"]["first"], "Bob");
}

#[tokio::test]
async fn what_is_not_there_or_says_nothing_is_skipped() {
    let undecided = customer("Bob", 5, &json!({"state": "not_subscribed"}));
    let mut anonymous = customer("Bob", 5, &state(true, 5));
    anonymous["email"] = Value::Null;
    let mut test = order("paid", 5);
    test["test"] = json!(true);
    for (kind, id, answer) in [
        (ReferenceKind::Customer, "7", (404, json!({"errors": "Not Found"}))),
        (ReferenceKind::Consent, "7", (200, json!({"customer": undecided}))),
        (ReferenceKind::Consent, "7", (200, json!({"customer": anonymous}))),
        (ReferenceKind::Order, "1001", (200, json!({"order": test}))),
    ] {
        assert_eq!(calls(kind, id, answer).await.len(), 1, "{kind:?}");
    }
    let none = calls(ReferenceKind::Customer, "7/../../shop", (200, json!({}))).await;
    assert!(none.is_empty(), "only digits go into a path");
}
