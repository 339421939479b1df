//! What holds for every body.

use proptest::prelude::*;

use super::*;
use crate::{
    event::{self, Event, EventType},
    shop::Platform,
};

fn answered(request: Request<Bytes>) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(World::with(platforms::everything()).receive(request)).status
}

/// A webhook of any platform with any topic in its header, posted to any endpoint and rightly signed.
fn webhook(body: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = (Platform, Request<Bytes>)> {
    let topic = prop_oneof![
        "orders/(create|updated|paid)|customers/(create|update|redact|data_request)|shop/redact|customers_email_marketing_consent/update",
        "(order|customer)\\.(created|updated|deleted|restored)|coupon\\.created|action\\.[a-z]{0,5}",
        "[ -~]{0,20}",
    ];
    let parts =
        (proptest::sample::select(&Platform::ALL[..]), proptest::sample::select(&Endpoint::ALL[..]), topic, body);
    parts.prop_map(|(platform, endpoint, topic, body)| {
        let mut request = post(&format!("/webhooks/acme/{}", endpoint.name()));
        for header in ["x-shopify-topic", "x-wc-webhook-topic"] {
            request = request.header(header, HeaderValue::from_str(&topic).unwrap());
        }
        (platform, platforms::sign(platform, request.body(body.into()).unwrap()))
    })
}

/// A body that holds its topic, as Shopware and BigCommerce write theirs, around this payload.
fn enveloped(payload: Value, event: &str) -> Value {
    let subject = |name: &str| json!({(name): payload});
    let field = if event.contains("order") {
        "order"
    } else if event.contains("customer") {
        "customer"
    } else {
        "newsletterRecipient"
    };
    if event.starts_with("store/") {
        return json!({"scope": event, "producer": "stores/abc", "data": payload});
    }
    let payload = if event.ends_with(".written") { payload } else { subject(field) };
    json!({"data": {"event": event, "payload": payload}, "source": {"url": "https://shop.example.com", "eventId": "e"}})
}

/// JSON that is somewhat like a payload: right names, any values.
fn wild() -> impl Strategy<Value = Value> {
    let names = "id|email|contact_email|customer|items|line_items|total|total_price|data|type|updated_at|created_at|refunds\
                 |transactions|properties|name|value|amount|price|quantity|tags|audience|channel|custom|placed_at|billing|status\
                 |subtotal|subtotal_tax|total_tax|meta_data|fee_lines|date_created_gmt|prices_include_tax|orderCustomer\
                 |lineItems|amountTotal|totalPrice|currency|isoCode|orderDateTime|primaryKey|scope|payload|event";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(19|0|-1|1e9|79228162514264337593543950335)(\\.[0-9]{0,9})?".prop_map(Value::from),
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
    fn any_bytes_are_answered_without_a_panic_or_a_5xx(
        (_, request) in webhook(proptest::collection::vec(any::<u8>(), 0..300))
    ) {
        prop_assert!(answered(request) < 500);
    }

    #[test]
    fn any_json_is_answered_without_a_panic_or_a_5xx_and_platforms_never_get_a_4xx(
        (platform, request) in webhook(wild().prop_map(|body| body.to_string().into_bytes()))
    ) {
        let most = if platform == Platform::Canonical { 500 } else { 300 };
        prop_assert!(answered(request) < most);
    }

    #[test]
    fn any_payload_in_an_envelope_is_taken(
        payload in wild(),
        event in "checkout\\.order\\.placed|checkout\\.customer\\.register|newsletter\\.(confirm|unsubscribe)\
                  |state_enter\\.order\\.state\\.cancelled|(order|customer)\\.written|store/(order|customer|subscriber)/(created|updated)",
        endpoint in proptest::sample::select(&["order-placed", "customer-updated"][..]),
    ) {
        let platform = if event.starts_with("store/") { Platform::Bigcommerce } else { Platform::Shopware };
        let body = enveloped(payload, &event).to_string();
        let request = post(&format!("/webhooks/acme/{endpoint}")).body(body.into()).unwrap();
        prop_assert!(answered(platforms::sign(platform, request)) < 300);
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
