//! What both hosts do, said once: each behaviour is a function of a [`System`] and runs on the embedded host and on the
//! template's functions in the emulator. Every test has shops of its own, because the deployed stack is shared.

use relay::shop::Destination;
use relay_tests::{
    on_both_hosts,
    system::{On, Shop, System},
    webhook::Webhook,
};
use serde_json::{Value, json};

mod backfill;
mod by_hand;
mod callbacks;
mod consent;
mod dead;
mod failures;
mod forgetting;
mod orders;
mod pause;
mod promotions;
mod webhooks;

/// An order in this version: 0 is how it was placed, later ones changed its total.
fn order(id: &str, version: u8) -> Value {
    json!({"id": id, "placed_at": time(0), "updated_at": time(version), "status": "placed",
        "customer": {"email": "ann.sample@example.org", "first_name": "Ann"},
        "items": [{"name": "Blue mug", "quantity": 2, "unit_price": "9.99"}],
        "total": {"amount": format!("{version}9.98"), "currency": "EUR"}})
}

/// So many minutes after the first version of everything.
fn time(version: u8) -> String {
    format!("2026-01-05T10:{:02}:00Z", 30 + version)
}

/// Sends a canonical event, which must be queued.
async fn tell(system: &System, shop: &str, event_type: &str, data: &Value) {
    let id = format!("{event_type}-{}-{}", data["id"], data["updated_at"]);
    let webhook = Webhook::canonical(&id, event_type, data);
    let answer = system.send(shop, &event_type.replace('.', "-"), &webhook).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{answer:?}");
}
