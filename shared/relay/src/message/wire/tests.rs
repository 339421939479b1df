use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{message::Kind, shop::Destination};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn event(kind: EventType, data: &Value) -> Payload {
    Payload::Event(event::read(data, |place| Event::read(place, kind, at("2026-11-21T10:15:00Z"))).unwrap())
}

fn message(subject: &str, payload: Payload) -> Message {
    Message {
        id: "5f0c8f3e9c0b4c6d8e7f0a1b2c3d4e5f".into(),
        shop: "acme".parse().unwrap(),
        platform: Platform::Canonical,
        subject: subject.into(),
        time: Some(at("2026-11-21T10:14:58+01:00")),
        received_at: at("2026-11-21T10:15:00.123Z"),
        sequence: Some(u64::MAX),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        quiet_hours: None,
        silent_after_hours: None,
        payload,
    }
}

fn order() -> Value {
    json!({
        "id": "12345", "number": "1001", "placed_at": "2026-11-21T10:14:58+01:00", "updated_at": "2026-11-21T10:14:58+01:00",
        "customer": {"email": "Bob@Example.com", "first_name": "Bob", "country": "DE", "marketing_consent": true,
                     "consent_at": "2026-01-02T03:04:05Z", "custom": {"shoe size": 42.50}},
        "items": [{"name": "Awesome Thing", "quantity": 1.5, "unit_price": 19.90, "custom": {"colour": "red"}}],
        "total": {"amount": "19.99", "currency": "EUR", "tax_included": true, "refunded": "0.00"}
    })
}

fn promotion() -> Value {
    json!({
        "id": "summer-2026", "updated_at": "2026-06-01T08:00:00Z", "channel": "personalised_push", "name": "Hello",
        "title": "Hello ~A-FirstName~", "text": "Your voucher: ~VOUCHER-Number~", "voucher_batch": "appvoucher",
        "link": {"url": "https://shop.example/sale", "open": "in_app_signed_in"}, "visible_days": 30,
        "send_at": "2026-06-10T08:00:00+02:00",
        "audience": {"connected": true, "zip_areas": [{"from": 90402, "to": 90491}]}
    })
}

/// One message of every type.
fn all() -> Vec<Message> {
    let row = RowKey {
        shop: Some("acme".parse().unwrap()),
        destination: Destination::Websale,
        kind: Kind::Promotion,
        subject: "summer#2026".into(),
    };
    let rejected = Rejected {
        reason: "not_json".into(),
        detail: "line 1, column 2".into(),
        topic: Some("orders/create".into()),
        endpoint: "order-placed".into(),
        headers: [("x-shopify-topic".into(), "orders/create".into())].into(),
        data_base64: Some("H4sI".into()),
    };
    let revision = Revision { time: None, received_at: at("2026-06-01T08:00:01Z"), rank: 0, sequence: None };
    let customer =
        json!({"email": "bob@example.com", "marketing_consent": false, "updated_at": "2026-11-21T10:15:00Z"});
    let cancelled = json!({"id": "summer-2026", "updated_at": "2026-06-02T08:00:00Z"});
    vec![
        message("12345", event(EventType::OrderPlaced, &order())),
        Message { silent_after_hours: Some(36), ..message("12345", event(EventType::OrderUpdated, &order())) },
        message("0f9d", event(EventType::CustomerUpdated, &customer)),
        Message {
            quiet_hours: Some("21:00-08:00 Europe/Berlin".parse().unwrap()),
            ..message("summer-2026", event(EventType::PromotionScheduled, &promotion()))
        },
        message("summer-2026", event(EventType::PromotionCancelled, &cancelled)),
        Message {
            sequence: None,
            time: None,
            traceparent: None,
            ..message("summer#2026", Payload::PromotionDue { row, revision })
        },
        message("5f0c8f3e", Payload::Rejected(rejected)),
    ]
}

#[test]
fn the_json_of_every_message_type_stays_as_it_is() {
    let text: Vec<String> = all().iter().map(Message::to_json).collect();
    assert_snapshot!("every_message", text.join("\n"));
}

#[test]
fn every_message_reads_back_equal() {
    for message in all() {
        assert_eq!(Message::from_json(&message.to_json()).as_ref(), Ok(&message));
    }
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Message, BadMessage> {
    let mut document: Value = serde_json::from_str(&all()[0].to_json()).unwrap();
    change(&mut document);
    Message::from_json(&document.to_string())
}

#[test]
fn unknown_extension_attributes_are_taken() {
    assert_eq!(changed(|message| message["partitionkey"] = json!("x")).as_ref(), Ok(&all()[0]));
}

#[test]
fn a_message_of_a_version_that_knew_no_quiet_hours_is_taken() {
    let [promotion] = <[Message; 1]>::try_from(all().drain(3..4).collect::<Vec<_>>()).unwrap();
    let older = promotion.to_json().replace(r#""quiethours":"21:00-08:00 Europe/Berlin","#, "");
    assert_eq!(Message::from_json(&older), Ok(Message { quiet_hours: None, ..promotion }));
}

#[test]
fn everything_else_is_strict_and_errors_repeat_no_value() {
    let changes: [fn(&mut Value); 10] = [
        |message| message["specversion"] = json!("0.3"),
        |message| message["source"] = json!("/shops/canary@example.com/shopify"),
        |message| message["type"] = json!("shoprelay.canary@example.com"),
        |message| message["sequence"] = json!("canary@example.com"),
        |message| message["receivedat"] = json!("canary@example.com"),
        |message| message["quiethours"] = json!("canary@example.com"),
        |message| message["data"]["customer"]["email"] = json!("canary@example.com@"),
        |message| message["data"]["canary@example.com"] = json!(1),
        |message| message["data"]["total"]["amount"] = json!("canary@example.com"),
        |message| message["subject"] = Value::Null,
    ];
    for change in changes {
        let error = changed(change).unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
    let rejected = all()[6].to_json().replace("\"orders/create\"", "{\"canary\":1}");
    assert!(!Message::from_json(&rejected).unwrap_err().to_string().contains("canary"));
}

#[test]
fn debug_output_shows_no_personal_data() {
    let shown = format!("{:?}", all());
    for secret in ["bob", "Bob", "Awesome", "colour", "shoe", "Hello", "90402", "H4sI"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in ".*") {
        let _ = Message::from_json(&text);
    }

    #[test]
    fn no_broken_message_makes_reading_panic(number in 0_usize..7, at in 0_usize..2000, with in ".{0,8}") {
        let json = all()[number].to_json();
        let cut: String = json.chars().take(at).chain(with.chars()).chain(json.chars().skip(at + 1)).collect();
        let _ = Message::from_json(&cut);
    }
}
