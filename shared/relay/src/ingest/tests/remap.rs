//! Rejected webhooks that are mapped anew.

use super::{fixtures, platforms, *};
use crate::{event::Event, ingest::Remapped, message::Payload, shop::Platform};

const DAY: i64 = 24 * 3600;

/// The only dead letter, as a message.
fn rejected(world: &World) -> Message {
    let [letter] = world.parked().try_into().unwrap_or_else(|letters: Vec<_>| panic!("{} letters", letters.len()));
    Message::from_json(&letter.body).unwrap()
}

#[tokio::test]
async fn an_event_is_the_same_whether_its_webhook_was_received_or_rejected_and_mapped_anew() {
    let mut compared = 0;
    // Who signs our own format is told what is wrong, and nothing is kept.
    for platform in Platform::ALL.into_iter().filter(|platform| *platform != Platform::Canonical) {
        for entry in fixtures::index(platform).iter().filter(|entry| entry["outcome"] == "queued") {
            let name = format!("{platform}/{}", entry["file"]);
            let world = World::with(platforms::everything());
            let request = || fixtures::request(platform, entry, fixtures::body(platform, entry));
            world.receive(request()).await;
            let [received] = world.sent().try_into().unwrap();
            if !matches!(received.payload, Payload::Event(_)) {
                continue;
            }
            *world.queue.refuses_events.lock().unwrap() = true;
            world.receive(request()).await.assert(202, "rejected", Some("too_large"));
            *world.queue.refuses_events.lock().unwrap() = false;
            world.pass(3 * DAY);
            assert!(matches!(world.ingest.remap(&rejected(&world)).await, Remapped::Queued), "{name}");
            assert_eq!(world.sent(), [received], "{name}");
            assert!(world.parked().is_empty(), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

/// An order of a system that cannot sign, in a parameter, as the shop's secret does not know yet.
fn in_parameter() -> Request<Bytes> {
    let body = format!("payload={}", sample("canonical/order.placed"));
    let request = Request::post("/webhooks/acme/order-placed").header("x-shop-key", "new");
    request.header("content-type", "text/plain").body(body.into()).unwrap()
}

#[tokio::test]
async fn the_shops_present_settings_decide() {
    let world = World::with(header_source());
    world.receive(in_parameter()).await.assert(200, "rejected", Some("content_type"));
    let rejected = rejected(&world);
    let Remapped::Rejected(again) = world.ingest.remap(&rejected).await else { panic!("it is of use") };
    assert_eq!(again.reason, "content_type");

    let mut source = header_source();
    source["content_types"] = json!(["text/plain"]);
    world.secret("acme/webhook", Ok(source.clone()));
    world.pass(DAY);
    let Remapped::Rejected(again) = world.ingest.remap(&rejected).await else { panic!("it is of use") };
    assert_eq!(again.reason, "not_json");
    let message = Message::from_json(&again.body).unwrap();
    assert_eq!((&message.id, message.received_at), (&rejected.id, rejected.received_at));

    source["parameter"] = json!("payload");
    world.secret("acme/webhook", Ok(source.clone()));
    world.pass(DAY);
    assert!(matches!(world.ingest.remap(&rejected).await, Remapped::Queued));
    let [sent] = world.sent().try_into().unwrap();
    assert!(matches!(sent.payload, Payload::Event(Event::OrderPlaced(_))));
    assert_eq!(sent.received_at, rejected.received_at);
    world.receive(in_parameter()).await.assert(200, "queued", None);
    let [now] = world.sent().try_into().unwrap();
    assert_eq!(Message { received_at: sent.received_at, ..now }, sent, "as if the webhook came now");

    source["forward"] = json!(["customer.updated"]);
    world.secret("acme/webhook", Ok(source));
    world.pass(DAY);
    assert!(matches!(world.ingest.remap(&rejected).await, Remapped::Ignored("not_forwarded")));
    assert!(world.parked().is_empty(), "none of this parked anything");
}

#[tokio::test]
async fn what_cannot_be_mapped_anew_says_why() {
    let world = World::with(json!({"sources": [shopify_source()], "origins": ["other.myshopify.com"]}));
    world.receive(shopify("/webhooks/acme/order-placed", "orders/create", "{}")).await;
    assert!(matches!(world.ingest.remap(&rejected(&world)).await, Remapped::NoBody), "it is another shop's");

    let world = World::new();
    world.receive(shopify("/webhooks/acme/order-placed", "orders/create", "[")).await;
    let unusable = rejected(&world);
    world.queue.down.lock().unwrap().clone_from(&true);
    assert!(matches!(world.ingest.remap(&unusable).await, Remapped::Rejected(_)), "nothing is to be queued");
    world.secret("acme/webhook", Ok(canonical_source()));
    world.pass(DAY);
    let Remapped::Failed(why) = world.ingest.remap(&unusable).await else { panic!("it was read") };
    assert!(why.contains("no shopify source"), "{why}");
    world.store.secrets.lock().unwrap().clear();
    world.pass(DAY);
    assert!(matches!(world.ingest.remap(&unusable).await, Remapped::Failed(_)), "the shop is gone");
}
