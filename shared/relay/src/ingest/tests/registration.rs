//! A Shopware shop registers with its app's server.

use super::*;
use crate::text::hex;

const PATH: &str = "/webhooks/acme/shopware";
const APP_SECRET: &str = "app_invented";
const SHOP_URL: &str = "https://shop.example.com";

fn shop_secret() -> String {
    "s".repeat(64)
}

fn world() -> World {
    World::with(json!({"sources": [
        {"platform": "shopware", "signing_secrets": [shop_secret()], "app_name": "Acme", "app_secret": APP_SECRET,
         "shop_url": SHOP_URL},
        canonical_source()]}))
}

fn code(key: &str, text: &str) -> String {
    hex(&hmac_sha256(key.as_bytes(), &[text.as_bytes()]))
}

/// A registration at this address, whose headers may be added to.
fn registration(address: &str) -> Builder {
    let query = format!("shop-id=S1&shop-url={SHOP_URL}&timestamp={NOW}");
    Request::get(format!("{address}?{query}")).header("shopware-app-signature", code(APP_SECRET, &query))
}

fn confirmation(body: &Value) -> Request<Bytes> {
    let body = body.to_string();
    Request::post(PATH).header("shopware-shop-signature", code(&shop_secret(), &body)).body(body.into()).unwrap()
}

fn credentials() -> Value {
    json!({"apiKey": "SWIAINVENTED", "secretKey": "very-secret", "timestamp": NOW.to_string(), "shopUrl": SHOP_URL,
        "shopId": "S1"})
}

fn empty(request: Builder) -> Request<Bytes> {
    request.body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn a_shop_that_registers_is_told_the_secret_and_where_to_confirm() {
    let world = world();
    let answer = world.receive(empty(registration(PATH).header("host", "relay.example.com"))).await;
    answer.assert(200, "registered", None);
    let expected = json!({"proof": code(APP_SECRET, &format!("S1{SHOP_URL}Acme")), "secret": shop_secret(),
        "confirmation_url": "https://relay.example.com/webhooks/acme/shopware"});
    assert_eq!(answer.json, expected);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.receipt.platform.as_deref(), Some("shopware"));
    assert!(!format!("{:?}", answer.receipt).contains(&shop_secret()));
}

#[tokio::test]
async fn the_confirmation_goes_where_the_request_went_on_every_host() {
    for (address, headers, expected) in [
        // One process behind a proxy, which may or may not tell of itself.
        (PATH, vec![("host", "relay.example.com")], "https://relay.example.com/webhooks/acme/shopware"),
        (
            PATH,
            vec![("host", "localhost:8787"), ("x-forwarded-proto", "http")],
            "http://localhost:8787/webhooks/acme/shopware",
        ),
        (
            PATH,
            vec![
                ("host", "127.0.0.1:8787"),
                ("x-forwarded-host", "relay.example.com, inner"),
                ("x-forwarded-proto", "https, http"),
            ],
            "https://relay.example.com/webhooks/acme/shopware",
        ),
        // A function's own URL, and an API with a stage.
        (
            "https://abc.lambda-url.eu-central-1.on.aws/webhooks/acme/shopware",
            vec![],
            "https://abc.lambda-url.eu-central-1.on.aws/webhooks/acme/shopware",
        ),
        (
            "https://abc.execute-api.eu-central-1.amazonaws.com/live/webhooks/acme/shopware",
            vec![],
            "https://abc.execute-api.eu-central-1.amazonaws.com/live/webhooks/acme/shopware",
        ),
    ] {
        let request =
            headers.into_iter().fold(registration(address), |request, (name, value)| request.header(name, value));
        let answer = world().receive(empty(request)).await;
        assert_eq!(answer.json["confirmation_url"], expected);
    }
}

#[tokio::test]
async fn a_confirmation_is_taken_and_its_credentials_are_kept_nowhere() {
    let world = world();
    let answer = world.receive(confirmation(&credentials())).await;
    answer.assert(200, "confirmed", None);
    assert_eq!(answer.json, json!({"status": "confirmed"}));
    assert!(!format!("{:?}", answer.receipt).contains("very-secret"));
    // Also not where it does not belong.
    let mut astray = confirmation(&credentials());
    *astray.uri_mut() = "/webhooks/acme/customer-updated".parse().unwrap();
    world.receive(astray).await.assert(200, "ignored", Some("no_topic"));
    assert!(world.sent().is_empty() && world.parked().is_empty());
    // Webhooks have addresses of their own.
    let event = json!({"data": {"event": "checkout.order.placed", "payload": {}}, "source": {}});
    world.receive(confirmation(&event)).await.assert(200, "ignored", Some("wrong_endpoint"));
}

#[tokio::test]
async fn a_confirmation_may_be_signed_with_the_secret_before_too_but_then_rightly() {
    let body = credentials().to_string();
    for (key, status) in [(shop_secret(), 200), ("x".repeat(64), 401)] {
        let mut request = confirmation(&credentials());
        let previous = HeaderValue::from_str(&code(&key, &body)).unwrap();
        request.headers_mut().insert("shopware-shop-signature-previous", previous);
        assert_eq!(world().receive(request).await.status, status);
    }
}

#[tokio::test]
async fn everything_else_gets_the_one_answer() {
    let world = world();
    let host = ("host", "relay.example.com");
    let mut unsigned = empty(registration(PATH).header(host.0, host.1));
    unsigned.headers_mut().remove("shopware-app-signature");
    let hijack = empty(registration(PATH).header(host.0, host.1).header("shopware-shop-signature", "0".repeat(64)));
    let mut clone = credentials();
    clone["shopUrl"] = json!("https://staging.example.com");
    let mut wrong = confirmation(&credentials());
    wrong.headers_mut().insert("shopware-shop-signature", HeaderValue::from_static("00"));
    let mut answers = Vec::new();
    for request in [
        unsigned,
        hijack,
        empty(registration(PATH)),
        empty(registration(PATH).header("host", "no host")),
        empty(registration("/webhooks/nobody/shopware").header(host.0, host.1)),
        empty(registration("/webhooks/Not_A_Shop/shopware").header(host.0, host.1)),
        confirmation(&clone),
        wrong,
        signed(PATH, &credentials()),
    ] {
        let answer = world.receive(request).await;
        answers.push((answer.status, answer.json, answer.receipt.reason));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    for method in ["PUT", "DELETE", "HEAD"] {
        let request = Request::builder().method(method).uri(PATH).body(Bytes::new()).unwrap();
        assert_eq!(world.receive(request).await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn only_the_function_for_customers_takes_registrations() {
    for (served, status) in [(Endpoint::CustomerUpdated, 200), (Endpoint::OrderPlaced, 405)] {
        let request = empty(registration(PATH).header("host", "relay.example.com"));
        let answer = world().ingest.receive(Some(served), request).await;
        assert_eq!(answer.response.status().as_u16(), status);
    }
}

#[tokio::test]
async fn a_secret_that_was_changed_a_moment_ago_counts_at_once() {
    let world = World::with(json!({"platform": "shopware", "signing_secrets": [shop_secret()]}));
    let request = || empty(registration(PATH).header("host", "relay.example.com"));
    assert_eq!(world.receive(request()).await.status, 401);
    world.secret(
        "acme/webhook",
        Ok(json!({"platform": "shopware", "signing_secrets": [shop_secret()], "app_name": "Acme",
            "app_secret": APP_SECRET, "shop_url": SHOP_URL})),
    );
    world.pass(11);
    assert_eq!(world.receive(request()).await.status, 200);
}
