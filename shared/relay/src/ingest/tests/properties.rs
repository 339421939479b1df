//! What holds for every body.

use proptest::prelude::*;

use super::*;
use crate::event::{self, Event, EventType};

fn answered(request: Request<Bytes>) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = World::with(json!({"sources": [shopify_source(), canonical_source()], "test_orders": "forward"}));
    runtime.block_on(world.receive(request)).status
}

/// JSON that is somewhat like a payload: right names, any values.
fn wild() -> impl Strategy<Value = Value> {
    let names = "id|email|contact_email|customer|items|line_items|total|total_price|data|type|updated_at|created_at|refunds\
                 |transactions|properties|name|value|amount|price|quantity|tags|audience|channel|custom|placed_at";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(19|0|-1|1e9)(\\.[0-9]{0,9})?".prop_map(Value::from),
        Just(json!("a@example.com")),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("order.placed")),
        Just(json!("promotion.scheduled")),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::hash_map(names, inner, 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A sample with some of its values replaced.
fn damaged(name: &'static str) -> impl Strategy<Value = Value> {
    (proptest::collection::vec((any::<proptest::sample::Index>(), wild()), 1..4)).prop_map(move |changes| {
        let mut body = sample(name);
        for (at, value) in changes {
            let mut places = Vec::new();
            collect(&body, String::new(), &mut places);
            let place = places[at.index(places.len())].clone();
            *body.pointer_mut(&place).unwrap() = value;
        }
        body
    })
}

fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    for (name, value) in value.as_object().into_iter().flatten() {
        collect(value, format!("{at}/{}", escaped(name)), places);
    }
    for (number, value) in value.as_array().into_iter().flatten().enumerate() {
        collect(value, format!("{at}/{number}"), places);
    }
    places.push(at);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_answered_without_a_panic_or_a_5xx(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for topic in ["orders/create", "customers/update"] {
            let path = if topic.starts_with('o') { "/webhooks/acme/order-placed" } else { "/webhooks/acme/customer-updated" };
            prop_assert!(answered(shopify(path, topic, body.clone())) < 500);
        }
        prop_assert!(answered(signed_bytes(post("/webhooks/acme/order-placed"), body.into())) < 500);
    }

    #[test]
    fn any_json_is_answered_without_a_panic_or_a_5xx(body in wild()) {
        for topic in ["orders/create", "orders/updated"] {
            prop_assert!(answered(shopify("/webhooks/acme/order-placed", topic, body.to_string())) < 500);
        }
        for endpoint in ["order-placed", "customer-updated", "promotion-scheduled"] {
            let status = answered(signed(&format!("/webhooks/acme/{endpoint}"), &body));
            prop_assert!(status < 500);
        }
    }

    #[test]
    fn a_damaged_shopify_order_is_never_a_4xx(body in damaged("sources/shopify/orders-create")) {
        prop_assert!(answered(shopify("/webhooks/acme/order-placed", "orders/create", body.to_string())) < 300);
    }

    #[test]
    fn what_is_read_reads_back_equal(
        body in prop_oneof![damaged("canonical/order.placed"), damaged("canonical/customer.updated"),
                            damaged("canonical/promotion.scheduled.personalised_push"), damaged("canonical/promotion.scheduled.push")]
    ) {
        let now = Timestamp::from_second(NOW).unwrap();
        let Some(kind) = body["type"].as_str().and_then(EventType::from_name) else { return Ok(()) };
        let Ok(event) = event::read(&body["data"], |place| Event::read(place, kind, now)) else { return Ok(()) };
        let written = serde_json::to_value(&event).unwrap();
        prop_assert_eq!(event::read(&written, |place| Event::read(place, kind, now)), Ok(event));
    }
}
