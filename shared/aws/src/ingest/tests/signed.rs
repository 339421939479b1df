//! A signature is over the bytes that the shop sent, whatever AWS wraps them in.

use std::path::Path;

use jiff::Timestamp;
use relay::{
    Async,
    clock::Clock,
    message::Message,
    queue::{DeadLetter, Queue, QueueError},
    secret::{SecretError, SecretStore, Secrets, SecretsConfig, WebhookSecret, parse},
};
use secrecy::SecretString;

use super::*;

/// The vectors of each platform.
const FILES: [(&str, &str); 5] = [
    ("canonical", "standard_webhooks"),
    ("shopify", "shopify"),
    ("woocommerce", "woocommerce"),
    ("shopware", "shopware"),
    ("bigcommerce", "bigcommerce"),
];

/// Stands still.
struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap()
    }
}

/// Takes everything.
struct Taker;

impl Queue for Taker {
    fn send<'a>(&'a self, _: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }

    fn park<'a>(&'a self, _: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Has the webhook secret of the one shop there is.
struct Store(Value);

impl SecretStore for Store {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        let secret = match name {
            "shoprelay/acme/webhook" => self.0.clone(),
            _ => json!({"key": "0123456789abcdef0123456789abcdef"}),
        };
        Box::pin(async move { Ok(secret.to_string().into()) })
    }
}

/// A signed webhook.
struct Vector {
    id: String,
    secret: Value,
    now: i64,
    headers: serde_json::Map<String, Value>,
    body: String,
}

/// The vectors of a platform that are right, and whose body can be written differently.
fn vectors(platform: &str, file: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/signatures");
    let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let vectors = document["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| vector["valid"] == true && vector["request"]["replace"].is_null());
    let read = |vector: &Value| {
        let secrets: Vec<&Value> = std::iter::once(&vector["secret"])
            .chain(vector["previous_secrets"].as_array().into_iter().flatten())
            .collect();
        let secret = json!({"platform": platform, "signing_secrets": secrets});
        // Some files name a body that several vectors share.
        let request = &vector["request"];
        let shared = || document["bodies"][request["body"].as_str()?].as_str();
        let body = request["body_utf8"].as_str().or_else(shared)?.to_owned();
        let is_usable = parse::<WebhookSecret>(&secret).is_ok() && again(&body).is_some();
        is_usable.then(|| Vector {
            id: vector["id"].as_str().unwrap().to_owned(),
            secret,
            now: vector["now_unix"].as_i64().unwrap_or(1_767_225_600),
            headers: vector["request"]["headers"].as_object().unwrap().clone(),
            body,
        })
    };
    vectors.filter_map(read).collect()
}

/// The same JSON, written again, as somebody does who parses before verifying.
fn again(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let compact = value.to_string();
    let text = if compact == body { serde_json::to_string_pretty(&value).ok()? } else { compact };
    (text != body).then_some(text)
}

/// The shapes in which AWS hands a webhook over.
fn invocations() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/invocations");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|file| file.extension().is_some_and(|extension| extension == "json"));
    let read = |file: std::path::PathBuf| {
        let invocation: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        Some((file.file_stem()?.to_str()?.to_owned(), invocation))
    };
    json.filter_map(read).filter(|(_, invocation)| invocation.get("isBase64Encoded").is_some()).collect()
}

/// The invocation with another webhook in it.
fn carrying(invocation: &Value, vector: &Vector, body: &str) -> Invocation {
    let mut invocation = invocation.clone();
    let is_multiple = invocation.get("multiValueHeaders").is_some();
    for field in ["headers", "multiValueHeaders"] {
        if let Some(headers) = invocation.get_mut(field).and_then(Value::as_object_mut) {
            headers.retain(|name, _| !name.to_lowercase().starts_with("x-shopify"));
            for (name, value) in &vector.headers {
                // Gateways take the blanks around a value off.
                let value = value.as_str().unwrap().trim();
                let value = if field == "headers" { json!(value) } else { json!([value]) };
                // A REST API leaves names as they were sent, the others write them in lower case.
                let name = if is_multiple { name.clone() } else { name.to_lowercase() };
                headers.insert(name, value);
            }
        }
    }
    let is_base64 = invocation["isBase64Encoded"] == true;
    invocation["body"] = if is_base64 { base64(body).into() } else { body.into() };
    let text = invocation.to_string();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// RFC 4648, with padding.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let bits = bytes.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - bytes.len()));
        let digit = |place: usize| char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
        (0..4).map(|place| if place <= bytes.len() { digit(place) } else { '=' }).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

async fn status(vector: &Vector, request: Invocation) -> u16 {
    let clock = Arc::new(At(vector.now));
    let store = Arc::new(Store(vector.secret.clone()));
    let secrets = Arc::new(Secrets::new(store, clock.clone(), SecretsConfig::default()));
    let ingest = Ingest { secrets, queue: Arc::new(Taker), clock };
    answer(&ingest, Endpoint::OrderPlaced, request).await.unwrap().status_code
}

#[tokio::test]
async fn a_webhook_is_verified_in_whatever_it_comes_and_not_if_its_json_is_written_again() {
    let invocations = invocations();
    assert!(invocations.iter().any(|(_, invocation)| invocation["isBase64Encoded"] == true), "none is in base64");
    assert_eq!(invocations.len(), 6);
    for (platform, file) in FILES {
        let vectors = vectors(platform, file);
        assert!(!vectors.is_empty(), "{platform} has no vector");
        for (shape, vector) in invocations.iter().flat_map(|shape| vectors.iter().map(move |vector| (shape, vector))) {
            let (name, invocation) = shape;
            let verified = status(vector, carrying(invocation, vector, &vector.body)).await;
            assert!([200, 202, 400, 415, 422].contains(&verified), "{} in {name}: {verified}", vector.id);
            let body = again(&vector.body).unwrap();
            assert_eq!(status(vector, carrying(invocation, vector, &body)).await, 401, "{} in {name}", vector.id);
        }
    }
}

#[test]
fn a_request_is_read_as_the_library_for_it_reads_it() {
    for (name, invocation) in invocations() {
        let text = invocation.to_string();
        let theirs = lambda_http::request::from_str(&text).unwrap();
        let ours = serde_json::from_str::<Invocation>(&text).unwrap().request().unwrap();
        assert_eq!(ours.uri(), theirs.uri(), "{name}");
        assert_eq!((ours.method(), ours.headers()), (theirs.method(), theirs.headers()), "{name}");
        assert_eq!(&**ours.body(), &**theirs.body(), "{name}");
    }
}

#[test]
fn base64_is_that_of_the_rfc() {
    let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
    assert_eq!(texts.map(base64), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
}
