//! Platforms' payloads from public sources, all the way from the webhook to what Websand gets.
//!
//! `tests/fixtures/{platform}/INDEX.json` says of each file which topic and headers it comes with, where it is posted and
//! how it ends: `outcome` is `queued`, `ignored:REASON` or `rejected:REASON`. What is queued has the `type` named there,
//! and in its data every value of `expect`, as written by whoever looked at the payload. The whole message and the calls
//! that follow from it are kept as a snapshot. A reference is followed only where `api` lists the files with which the
//! shop's API answers, call by call; `platform` is then the secret for that API.

use insta::assert_snapshot;

use super::{platforms, *};
use crate::{
    forward::{WebsandForwarder, testing},
    message::Payload,
    queue::Handler,
    shop::Platform,
};

fn folder(platform: Platform) -> String {
    format!("{}/../../tests/fixtures/{platform}", env!("CARGO_MANIFEST_DIR"))
}

fn file(platform: Platform, name: &str) -> Bytes {
    std::fs::read(format!("{}/{name}", folder(platform))).unwrap().into()
}

/// What the index says of each file of a platform; nothing if the platform has no fixtures.
pub(super) fn index(platform: Platform) -> Vec<Value> {
    let Ok(text) = std::fs::read(format!("{}/INDEX.json", folder(platform))) else { return Vec::new() };
    let index: Value = serde_json::from_slice(&text).unwrap();
    index["files"].as_array().unwrap().iter().filter(|entry| entry.get("outcome").is_some()).cloned().collect()
}

/// The fixture as its platform sends it, with this body instead of its own.
pub(super) fn request(platform: Platform, entry: &Value, body: Bytes) -> Request<Bytes> {
    let path = format!("/webhooks/acme/{}", entry["endpoint"].as_str().unwrap());
    let mut request = Request::post(path);
    for (name, value) in entry["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    platforms::sign(platform, request.body(body).unwrap())
}

/// The fixture's own body.
pub(super) fn body(platform: Platform, entry: &Value) -> Bytes {
    file(platform, entry["file"].as_str().unwrap())
}

#[tokio::test]
async fn every_fixture_ends_as_its_index_says_and_becomes_the_same_message_and_calls() {
    for platform in Platform::ALL {
        for entry in index(platform) {
            let name = format!("{platform}/{}", entry["file"].as_str().unwrap());
            let world = World::with(platforms::everything());
            let answer = world.receive(request(platform, &entry, body(platform, &entry))).await;
            let reason = answer.receipt.reason.map(|reason| format!(":{reason}")).unwrap_or_default();
            assert_eq!(json!(format!("{}{reason}", answer.receipt.status)), entry["outcome"], "{name}");
            if answer.receipt.status != "queued" {
                continue;
            }
            let message = world.sent().remove(0);
            assert_eq!(Message::from_json(&message.to_json()).as_ref(), Ok(&message), "{name}");
            let written: Value = serde_json::from_str(&message.to_json()).unwrap();
            assert_eq!(written["type"], json!(format!("shoprelay.{}", entry["type"].as_str().unwrap())), "{name}");
            assert_holds(&written["data"], &entry["expect"], &format!("{name}:"));
            let calls = calls(platform, &entry, &message).await;
            let all = json!({"message": written, "calls": calls});
            assert_snapshot!(name.replace('/', "__"), serde_json::to_string_pretty(&all).unwrap());
        }
    }
}

/// Everything that is expected is there. Amounts are the same whatever their number of decimals, lists have the same
/// length, and null is also what is not there.
#[track_caller]
fn assert_holds(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (_, Value::Object(fields)) => {
            for (name, expected) in fields {
                assert_holds(found.get(name).unwrap_or(&Value::Null), expected, &format!("{place}/{name}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (number, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_holds(found, expected, &format!("{place}/{number}"));
            }
        }
        _ => assert!(found == expected || decimals(found, expected), "{place}: {found}, not {expected}"),
    }
}

fn decimals(found: &Value, expected: &Value) -> bool {
    let decimal =
        |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned).parse::<rust_decimal::Decimal>();
    matches!((decimal(found), decimal(expected)), (Ok(found), Ok(expected)) if found == expected)
}

/// The calls that delivering the message makes, at an account that can express a withdrawal.
async fn calls(platform: Platform, entry: &Value, message: &Message) -> Vec<Value> {
    let api = entry["api"].as_array();
    if api.is_none() && !matches!(message.payload, Payload::Event(_)) {
        return Vec::new();
    }
    let world = testing::World::new();
    world.advance(NOW - testing::START);
    let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
    let secret = json!({"account": "acme", "api_key": "invented", "consent": {"withdrawn": withdrawn}});
    world.secret("acme/websand", secret);
    world.secret("acme/platform", entry["platform"].clone());
    for answer in api.into_iter().flatten() {
        let object = file(platform, answer.as_str().unwrap());
        world.http.will_answer(200, &serde_json::from_slice(&object).unwrap());
    }
    let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
    forwarder.handle(world.received(message)).await;
    assert!(world.queue.parked.lock().unwrap().is_empty(), "it was parked");
    world.http.seen().into_iter().map(|seen| json!({"url": seen.url, "body": seen.body})).collect()
}
