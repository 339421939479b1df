//! Bodies that no shop should send: every field missing or of a wrong kind, strange characters, great depth, great size.

use std::collections::HashSet;

use super::{
    platforms::{everything, sign},
    *,
};
use crate::{event::Event, message::Payload, shop::Platform};

/// Every place of a document.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: String, places: &mut Vec<String>) {
        let fields = value.as_object().into_iter().flatten();
        for (name, value) in fields.map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)) {
            walk(value, format!("{at}/{name}"), places);
        }
        for (number, value) in value.as_array().into_iter().flatten().enumerate() {
            walk(value, format!("{at}/{number}"), places);
        }
        places.push(at);
    }
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

/// The field and what it is a field of, without positions in lists: the tenth line of an order teaches nothing that the
/// first did not, nor does one more price in one more currency.
fn shape(place: &str) -> Vec<&str> {
    let names = place.split('/').filter(|part| part.parse::<usize>().is_err());
    let mut last: Vec<_> = names.rev().take(2).collect();
    last.reverse();
    last
}

fn wrong() -> [Value; 9] {
    [
        Value::Null,
        json!(true),
        json!(-1),
        // The largest number that a decimal holds: two of them are too many.
        json!("79228162514264337593543950335"),
        serde_json::from_str("1e400").unwrap(),
        json!(""),
        json!("a@example.com\u{0}&#0;&#x110000;\u{202e}"),
        json!([[null]]),
        json!({"": {"amount": []}}),
    ]
}

#[tokio::test]
async fn no_field_of_any_fixture_can_do_harm_whatever_it_holds() {
    for platform in Platform::ALL {
        let world = World::with(everything());
        let mut seen = HashSet::new();
        let mut tried = 0;
        // The small ones first: what they hold need not be tried again in a large one.
        let mut bodies: Vec<_> =
            fixtures::index(platform).into_iter().map(|entry| (fixtures::body(platform, &entry), entry)).collect();
        bodies.sort_by_key(|(body, _)| body.len());
        for (body, entry) in bodies {
            let Ok(original) = serde_json::from_slice::<Value>(&body) else { continue };
            for place in places(&original) {
                let shape = (entry["endpoint"] == "customer-updated", shape(&place).join("/"));
                if !seen.insert(shape) {
                    continue;
                }
                // Each place is missing once, and then holds one of the others in turn: all of them would take long.
                let kinds = wrong();
                for wrong in [&kinds[0], &kinds[1 + seen.len() % 8]] {
                    let mut body = original.clone();
                    *body.pointer_mut(&place).unwrap() = wrong.clone();
                    let answer = world.receive(fixtures::request(platform, &entry, body.to_string().into())).await;
                    assert!(answer.status < 300, "{platform} {} {place}: {}", entry["file"], answer.json);
                    tried += 1;
                }
            }
            for message in world.sent() {
                assert!(!message.subject.contains('@'));
                assert_eq!(Message::from_json(&message.to_json()).as_ref(), Ok(&message));
            }
        }
        assert!(tried > 50 || fixtures::index(platform).is_empty(), "{platform}: {tried}");
    }
}

fn order(change: impl FnOnce(&mut Value)) -> Request<Bytes> {
    let mut body = sample("sources/woocommerce/order-created");
    change(&mut body);
    raw_order(body.to_string())
}

fn raw_order(body: impl Into<Bytes>) -> Request<Bytes> {
    let request = post("/webhooks/acme/order-placed").header("x-wc-webhook-topic", "order.created");
    sign(Platform::Woocommerce, request.body(body.into()).unwrap())
}

async fn taken(world: &World, request: Request<Bytes>) -> crate::event::Order {
    world.receive(request).await.assert(202, "queued", None);
    let Payload::Event(Event::OrderPlaced(order)) = world.sent().remove(0).payload else { panic!("an order") };
    *order
}

#[tokio::test]
async fn every_script_is_kept_and_control_characters_are_not() {
    let world = World::with(everything());
    let name = "Zalgo z̷̡̢ 👨\u{200d}👩\u{200d}👧\u{200d}👦 \u{202e}right to left\u{202c} 𝔘𝔫𝔦 \u{feff}日本語";
    let order = taken(
        &world,
        order(|body| {
            body["line_items"][0]["name"] = json!(name);
            body["billing"]["first_name"] = json!("\u{0}\u{1b}[31mAna\u{7f}\u{85}");
            body["line_items"][1]["name"] = json!("a&#8;b&#10;c");
            body["meta_data"] = json!([{"key": "note\u{0}", "value": "\u{7}ring"}]);
        }),
    )
    .await;
    assert_eq!(order.items[0].name, name);
    assert_eq!(order.customer.first_name.as_deref(), Some("[31mAna"));
    assert_eq!(order.items[1].name, "ab\nc");
    assert_eq!(order.custom["note"], "ring");
}

#[tokio::test]
async fn great_depth_is_no_json_to_us_and_not_the_end_of_the_process() {
    let world = World::with(everything());
    for platform in Platform::ALL.into_iter().filter(|platform| *platform != Platform::Canonical) {
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        for body in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(2_000_000), "{\"data\":".repeat(100_000)] {
            let request = post("/webhooks/acme/order-placed")
                .header("x-wc-webhook-topic", "order.created")
                .header("x-shopify-topic", "orders/create");
            let answer = world.receive(sign(platform, request.body(body.into()).unwrap())).await;
            answer.assert(202, "rejected", Some("not_json"));
        }
    }
    let deepest = (0..100).fold(json!("x"), |inner, _| json!([inner]));
    let order = taken(&world, order(|body| body["meta_data"] = json!([{"key": "deep", "value": deepest}]))).await;
    assert_eq!(order.custom["deep"], deepest);
}

/// An order of so many lines, each with so many bytes of meta data.
fn large(lines: usize, meta_data: usize) -> Request<Bytes> {
    order(|body| {
        let mut line = body["line_items"][0].clone();
        line["meta_data"] = json!([{"id": 1, "key": "engraving", "value": "x".repeat(meta_data)}]);
        body["line_items"] = vec![line; lines].into();
    })
}

#[tokio::test]
async fn an_order_of_thousands_of_lines_is_taken_as_far_as_the_queue_takes_it() {
    let world = World::with(everything());
    *world.queue.limit.lock().unwrap() = Some(1024 * 1024);
    let fat = large(2_600, 1_000);
    assert!((MAX_BODY - 500_000..MAX_BODY).contains(&fat.body().len()), "{}", fat.body().len());
    let order = taken(&world, fat).await;
    assert_eq!(order.items.len(), 2_600);
    assert!(order.items.iter().all(|item| item.custom.is_empty()));

    let long = large(7_500, 1);
    assert!((MAX_BODY - 500_000..MAX_BODY).contains(&long.body().len()), "{}", long.body().len());
    world.receive(long).await.assert(202, "rejected", Some("too_large"));
    assert!(world.sent().is_empty());
    // Repetitive as it is, its body is small once compressed, and kept.
    assert!(world.parked().remove(0).body.contains("data_base64"));
}
