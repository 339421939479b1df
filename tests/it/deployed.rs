//! The real template with the nine real binaries, in the emulator, which enforces IAM: a call that the template's
//! policies do not allow fails. Every test has a shop of its own.

use std::time::Duration;

use relay_tests::{binaries::repository, sandbox::Sandbox, wait::within};
use serde_json::{Value, json};

mod callbacks;
mod http;
mod metrics;
mod operating;
mod otherwise;
mod permissions;
mod policies;
mod queue;

/// An invocation from `events/invocations`.
fn invocation(name: &str) -> Value {
    let text = std::fs::read_to_string(repository().join("events/invocations").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The data of a canonical order.
fn order(id: &str) -> Value {
    json!({"id": id, "placed_at": "2026-01-05T10:30:00Z", "updated_at": "2026-01-05T10:30:00Z",
        "customer": {"email": "ann.sample@example.org", "first_name": "Ann"},
        "items": [{"name": "Blue mug", "quantity": 2, "unit_price": "9.99"}],
        "total": {"amount": "19.98", "currency": "EUR"}})
}

/// Waits until this many transactions took effect, and gives them.
async fn transactions(websand: &Sandbox, count: usize) -> Vec<Value> {
    let what = format!("{count} transactions are at Websand");
    within(Duration::from_secs(90), &what, async || {
        let list = websand.processed("websand.transaction").await;
        (list.len() >= count).then_some(list)
    })
    .await
}
