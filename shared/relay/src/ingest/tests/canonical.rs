//! Our own format: signed, and from systems that cannot sign.

use super::*;
use crate::event::Event;

const ORDERS: &str = "/webhooks/acme/order-placed";
const PROMOTIONS: &str = "/webhooks/acme/promotion-scheduled";

#[tokio::test]
async fn every_sample_is_taken_by_its_endpoint() {
    let world = World::new();
    for (name, endpoint) in [
        ("order.placed", "order-placed"),
        ("order.updated", "order-updated"),
        ("customer.updated", "customer-updated"),
        ("promotion.scheduled.push", "promotion-scheduled"),
        ("promotion.scheduled.news", "promotion-scheduled"),
        ("promotion.scheduled.teaser", "promotion-scheduled"),
        ("promotion.scheduled.personalised_push", "promotion-scheduled"),
        ("promotion.cancelled", "promotion-cancelled"),
    ] {
        let body = sample(&format!("canonical/{name}"));
        let answer = world.receive(signed(&format!("/webhooks/acme/{endpoint}"), &body)).await;
        answer.assert(202, "queued", None);
        assert_eq!(answer.receipt.event_type.as_deref(), body["type"].as_str(), "{name}");
        let message = world.sent().remove(0);
        assert_eq!(Message::from_json(&message.to_json()).as_ref(), Ok(&message), "{name}");
    }
}

#[tokio::test]
async fn five_faults_are_named_at_once_without_a_value() {
    let world = World::new();
    let body = json!({"type": "order.placed", "timestamp": "2026-11-21T10:15:00", "data": {
        "id": "12345", "placed_at": "canary", "colour": "canary",
        "customer": {"email": "canary"}, "items": [], "total": {"amount": "canary"}
    }});
    let answer = world.receive(signed(ORDERS, &body)).await;
    answer.assert(422, "refused", Some("invalid"));
    let mut pointers: Vec<_> = answer.json["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    pointers.sort_by_key(ToString::to_string);
    let expected =
        ["/data/colour", "/data/customer/email", "/data/items", "/data/placed_at", "/data/total/amount", "/timestamp"];
    assert_eq!(pointers, expected.map(Value::from));
    assert!(!answer.json.to_string().contains("canary"));
    assert!(world.parked().is_empty() && world.sent().is_empty());
}

#[tokio::test]
async fn an_address_is_no_id() {
    let world = World::new();
    for (name, endpoint) in [
        ("order.placed", "order-placed"),
        ("promotion.scheduled.push", "promotion-scheduled"),
        ("promotion.cancelled", "promotion-cancelled"),
    ] {
        for id in ["bob@example.com", "bob%40example.com"] {
            let mut body = sample(&format!("canonical/{name}"));
            body["data"]["id"] = json!(id);
            let answer = world.receive(signed(&format!("/webhooks/acme/{endpoint}"), &body)).await;
            answer.assert(422, "refused", Some("invalid"));
            let error = &answer.json["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/data/id"), &json!("invalid")));
            assert!(error["detail"].as_str().unwrap().contains("must not be an e-mail address"));
        }
    }
}

#[tokio::test]
async fn a_signed_body_must_be_json_and_say_so() {
    let world = World::new();
    let plain = signed_bytes(Request::post(ORDERS).header("content-type", "text/plain"), "{}".into());
    world.receive(plain).await.assert(415, "refused", Some("content_type"));
    let none = signed_bytes(Request::post(ORDERS), "{}".into());
    world.receive(none).await.assert(415, "refused", Some("content_type"));
    let event = sample("canonical/order.placed").to_string();
    let cloud = Request::post(ORDERS).header("content-type", "application/x+json; charset=utf-8");
    world.receive(signed_bytes(cloud, event.into())).await.assert(202, "queued", None);
    let broken = world.receive(signed_bytes(post(ORDERS), "{\n1".into())).await;
    broken.assert(400, "refused", Some("not_json"));
    assert!(broken.json["detail"].as_str().unwrap().contains("line 2"));
    let unknown = json!({"type": "order.place", "data": {}});
    let answer = world.receive(signed(ORDERS, &unknown)).await;
    answer.assert(422, "refused", Some("invalid"));
    assert!(answer.json["errors"][0]["detail"].as_str().unwrap().contains("did you mean order.placed?"));
}

#[tokio::test]
async fn systems_that_cannot_sign_are_known_by_a_secret_header_and_get_200() {
    let world = World::with(header_source());
    let event = sample("canonical/order.placed").to_string();
    let with_key = |key: &str| post(ORDERS).header("x-shop-key", key).body(Bytes::from(event.clone())).unwrap();
    for key in ["new", "old"] {
        world.receive(with_key(key)).await.assert(200, "queued", None);
    }
    let ids: Vec<_> = world.sent().into_iter().map(|message| message.id).collect();
    assert_eq!(ids[0], ids[1], "without an id of its own an event is named by its body");
    for key in ["", "ne", "newer", "new "] {
        let authentic = key.trim() == "new";
        assert_eq!(world.receive(with_key(key)).await.status == 401, !authentic, "{key:?}");
    }
    let mut put = with_key("new");
    *put.method_mut() = Method::PUT;
    world.receive(put).await.assert(200, "queued", None);
}

#[tokio::test]
async fn what_cannot_be_used_from_them_is_parked_with_its_body() {
    let world = World::with(header_source());
    let request = |body: &'static str| post(ORDERS).header("x-shop-key", "new").body(Bytes::from(body)).unwrap();
    for (body, reason) in [("<html>", "not_json"), (r#"{"type": "order.placed", "data": {}}"#, "unmappable")] {
        world.receive(request(body)).await.assert(200, "rejected", Some(reason));
        let letter = world.parked().remove(0);
        assert_eq!(letter.reason, reason);
        let message = Message::from_json(&letter.body).unwrap();
        let crate::message::Payload::Rejected(rejected) = message.payload else { panic!("a rejected webhook") };
        let kept = STANDARD.decode(rejected.data_base64.unwrap()).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&kept[..]), &mut text).unwrap();
        assert_eq!(text, body);
        assert_eq!(rejected.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn their_payload_may_have_a_parameter_name_and_another_content_type() {
    let mut source = header_source();
    source["parameter"] = json!("payload");
    source["content_types"] = json!(["application/x-www-form-urlencoded"]);
    let world = World::with(source);
    let event = sample("canonical/order.placed").to_string();
    let encoded: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &event).finish();
    for body in [event.clone(), format!("payload={event}"), encoded] {
        let request = Request::post(ORDERS)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-shop-key", "new");
        world.receive(request.body(body.into()).unwrap()).await.assert(200, "queued", None);
    }
    let sent = world.sent();
    assert!(sent.iter().all(|message| message.payload == sent[0].payload));
    let json = post(ORDERS).header("x-shop-key", "new").body(Bytes::from(event)).unwrap();
    world.receive(json).await.assert(200, "rejected", Some("content_type"));
}

#[tokio::test]
async fn a_promotion_is_answered_with_its_plan_on_the_shops_clock() {
    let mut secret = canonical_source();
    secret["time_zone"] = json!("Europe/Berlin");
    let world = World::with(secret);
    let mut body = sample("canonical/promotion.scheduled.personalised_push");
    body["data"]["send_at"] = json!("2026-06-10T08:00:00.123456789+02:00");
    body["data"]["send_before"] = Value::Null;
    body["data"]["audience"] =
        json!({"connected": true, "emails": ["a@example.com", "A@example.com", "b@example.com"]});
    let answer = world.receive(signed(PROMOTIONS, &body)).await;
    answer.assert(202, "queued", None);
    let plan = json!({
        "channel": "personalised_push",
        "send_at_utc": "2026-06-10T06:00:00Z",
        "send_at_shop": "Wed 10 Jun 2026 08:00 Europe/Berlin",
        "send_before": "2026-06-10T12:00:00Z",
        "audience": {"connected": true, "emails": 2}
    });
    assert_eq!(answer.json["plan"], plan);
}

#[tokio::test]
async fn a_push_in_the_shops_quiet_hours_is_refused() {
    let mut secret = canonical_source();
    secret["time_zone"] = json!("Europe/Berlin");
    secret["quiet_hours"] = json!({"from": "21:00", "to": "08:00"});
    let world = World::with(secret);
    let mut body = sample("canonical/promotion.scheduled.push");
    body["data"]["visible_until"] = json!("2027-01-01T00:00:00Z");
    body["data"]["send_at"] = json!("2026-12-10T07:59:59+01:00");
    let answer = world.receive(signed(PROMOTIONS, &body)).await;
    answer.assert(422, "refused", Some("invalid"));
    assert_eq!(answer.json["errors"][0]["pointer"], "/data/send_at");
    assert_eq!(answer.json["errors"][0]["code"], "quiet_hours");
    body["data"]["send_at"] = json!("2026-12-10T08:00:00+01:00");
    world.receive(signed(PROMOTIONS, &body)).await.assert(202, "queued", None);
    let told = |world: &World| world.sent().remove(0).quiet_hours.map(|quiet| quiet.to_string());
    assert_eq!(told(&world).as_deref(), Some("21:00-08:00 Europe/Berlin"), "it may be delayed");
}

#[tokio::test]
async fn a_message_says_when_its_shop_is_silent() {
    let mut secret = canonical_source();
    secret["silent_after_hours"] = json!(36);
    let world = World::with(secret);
    let body = sample("canonical/order.updated");
    world.receive(signed("/webhooks/acme/order-updated", &body)).await.assert(202, "queued", None);
    assert_eq!(world.sent().remove(0).silent_after_hours, Some(36));
}

#[tokio::test]
async fn an_update_of_an_order_says_nothing_about_consent() {
    let world = World::new();
    let mut body = sample("canonical/order.updated");
    body["data"]["customer"]["marketing_consent"] = json!(true);
    body["data"]["customer"]["consent_at"] = json!("2026-01-02T03:04:05Z");
    world.receive(signed("/webhooks/acme/order-updated", &body)).await.assert(202, "queued", None);
    let crate::message::Payload::Event(Event::OrderUpdated(order)) = world.sent().remove(0).payload else {
        panic!("an update")
    };
    assert_eq!((order.customer.marketing_consent, order.customer.consent_at), (None, None));
}
