//! A canary address in every field of every event: it must not come back out anywhere but in the message.

use std::io::Write;

use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::shop::Platform;

const CANARY: &str = "canary@example.org";

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The body with the canary instead of one of its texts, for every text of it; and with a field of that name.
fn with_canaries(body: &Value) -> Vec<Value> {
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            places(value, &format!("{at}/{name}"), found);
        }
        for (number, value) in value.as_array().into_iter().flatten().enumerate() {
            places(value, &format!("{at}/{number}"), found);
        }
        if !value.is_object() && !value.is_array() {
            found.push(at.to_owned());
        }
    }
    let mut found = Vec::new();
    places(body, "", &mut found);
    let replaced = found.iter().map(|place| {
        let mut body = body.clone();
        *body.pointer_mut(place).unwrap() = json!(CANARY);
        body
    });
    let mut named = body.clone();
    named[CANARY] = json!(1);
    replaced.chain([named]).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn no_address_comes_back_in_an_answer_a_receipt_a_log_line_or_a_reason() {
    let lines = Lines::default();
    let subscriber =
        || tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    // While there is only one subscriber, tracing asks the thread that comes to a line first whether anybody wants it, and
    // remembers a no of the other tests' threads. With two it asks them all.
    let _second = tracing::Dispatch::new(subscriber());
    let _guard = tracing::subscriber::set_default(subscriber());
    let world = World::with(platforms::everything());
    let mut requests = Vec::new();
    for (name, endpoint) in [
        ("order.placed", "order-placed"),
        ("customer.updated", "customer-updated"),
        ("promotion.scheduled.personalised_push", "promotion-scheduled"),
    ] {
        let bodies = with_canaries(&sample(&format!("canonical/{name}")));
        requests.extend(bodies.iter().map(|body| signed(&format!("/webhooks/acme/{endpoint}"), body)));
    }
    for (name, topic, endpoint) in [
        ("orders-create", "orders/create", "order-placed"),
        ("customers-create", CANARY, "customer-updated"),
        ("customers-create", "customers/create", "customer-updated"),
    ] {
        let bodies = with_canaries(&sample(&format!("sources/shopify/{name}")));
        let path = format!("/webhooks/acme/{endpoint}");
        requests.extend(bodies.iter().map(|body| shopify(&path, topic, body.to_string())));
    }
    for (name, topic, endpoint) in [
        ("order-updated", "order.updated", "order-updated"),
        ("customer-updated", "customer.updated", "customer-updated"),
        ("customer-updated", CANARY, "customer-updated"),
    ] {
        for body in with_canaries(&sample(&format!("sources/woocommerce/{name}"))) {
            let request = post(&format!("/webhooks/acme/{endpoint}")).header("x-wc-webhook-topic", topic);
            requests.push(platforms::sign(Platform::Woocommerce, request.body(body.to_string().into()).unwrap()));
        }
    }
    let count = requests.len();
    for request in requests {
        let Answer { response, receipt } = world.ingest.receive(None, request).await;
        let said = format!("{} {receipt:?} {response:?}", String::from_utf8_lossy(response.body()));
        assert!(!said.contains("canary"), "{said}");
    }
    for letter in world.parked() {
        assert!(!letter.detail.unwrap().contains("canary"));
    }
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.lines().count() >= count, "one line an answer");
    assert!(!log.contains("canary"), "{log}");
}
