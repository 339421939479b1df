mod signed;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use super::*;

fn request(invocation: &Value) -> Request<Bytes> {
    serde_json::from_str::<Invocation>(&invocation.to_string()).unwrap().request().unwrap()
}

#[test]
fn payload_2_is_read() {
    let request = request(&json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/live/webhooks/acme/order-placed", "rawQueryString": "",
        "headers": {"x-shopify-hmac-sha256": "c2ln", "content-type": "application/json"},
        "requestContext": {
            "stage": "live", "http": {"method": "POST", "path": "/live/webhooks/acme/order-placed"}
        },
        "body": "{\"id\": 1}\n", "isBase64Encoded": false
    }));
    assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/live/webhooks/acme/order-placed"));
    assert_eq!(request.headers()["x-shopify-hmac-sha256"], "c2ln");
    assert_eq!(request.body(), "{\"id\": 1}\n".as_bytes());
}

#[test]
fn payload_1_is_read() {
    let request = request(&json!({
        "version": "1.0", "resource": "/webhooks/{shop}/order-placed", "path": "/webhooks/acme/order-placed",
        "httpMethod": "PUT", "requestContext": {
            "stage": "live", "path": "/live/webhooks/acme/order-placed", "httpMethod": "PUT", "identity": {},
            "requestTimeEpoch": 1_780_300_800_000_u64
        },
        "headers": {"Webhook-Signature": "v1,a v1,b", "Accept": "*/*"},
        "multiValueHeaders": {"Webhook-Signature": ["v1,a v1,b"]},
        "queryStringParameters": null, "body": "eyJpZCI6ICLDpCJ9", "isBase64Encoded": true
    }));
    assert_eq!(request.method(), Method::PUT);
    assert!(request.uri().path().ends_with("/webhooks/acme/order-placed"), "{}", request.uri());
    assert_eq!(request.headers()["webhook-signature"], "v1,a v1,b");
    assert_eq!(request.headers()["accept"], "*/*");
    assert_eq!(request.body(), "{\"id\": \"ä\"}".as_bytes());
}

/// Shopware signs the query string of its registration, and writes some characters plainly that others would escape.
const SIGNED: &str = "shop-id=x7Hq&shop-url=https://shop.example&timestamp=1780300800";

#[test]
fn a_signed_query_is_handed_on_byte_by_byte_with_the_address_it_was_sent_to() {
    let path = "/live/webhooks/acme/shopware";
    let request = request(&json!({
        "version": "2.0", "routeKey": "ANY /webhooks/{shop}/shopware", "rawPath": path, "rawQueryString": SIGNED,
        "queryStringParameters": {"timestamp": "1780300800", "shop-id": "x7Hq", "shop-url": "https://shop.example"},
        "headers": {"host": "hooks.example", "x-forwarded-proto": "https", "shopware-app-signature": "00"},
        "requestContext": {"stage": "live", "http": {"method": "GET", "path": path}}, "isBase64Encoded": false
    }));
    assert_eq!((request.method(), request.uri().query()), (&Method::GET, Some(SIGNED)));
    assert_eq!((request.uri().scheme_str(), request.uri().host()), (Some("https"), Some("hooks.example")));
    assert_eq!((request.uri().path(), &request.headers()["host"]), (path, &"hooks.example".parse().unwrap()));
}

#[test]
fn of_a_query_that_came_as_a_map_every_pair_is_handed_on_in_any_order() {
    let (path, full) = ("/webhooks/acme/shopware", "/live/webhooks/acme/shopware");
    let request = request(&json!({
        "version": "1.0", "resource": "/webhooks/{shop}/shopware", "path": path, "httpMethod": "GET",
        "requestContext": {"stage": "live", "path": full, "httpMethod": "GET", "identity": {},
            "requestTimeEpoch": 1_780_300_800_000_u64},
        "headers": {"Host": "hooks.example"}, "multiValueHeaders": {"Host": ["hooks.example"]},
        "queryStringParameters": {"timestamp": "1780300800", "shop-id": "x7Hq", "shop-url": "https://shop.example"},
        "multiValueQueryStringParameters":
            {"timestamp": ["1780300800"], "shop-url": ["https://shop.example"], "shop-id": ["x7Hq"]},
        "body": null, "isBase64Encoded": false
    }));
    let mut pairs: Vec<_> = request.uri().query().unwrap().split('&').collect();
    pairs.sort_unstable();
    assert_eq!(pairs, ["shop-id=x7Hq", "shop-url=https%3A%2F%2Fshop.example", "timestamp=1780300800"]);
    assert_eq!((request.uri().scheme_str(), request.uri().host()), (Some("https"), Some("hooks.example")));
    assert!(request.uri().path().ends_with(path), "{}", request.uri());
}

#[test]
fn a_request_without_body_is_one_too() {
    let context = json!({"http": {"method": "GET"}});
    let request = request(&json!({
        "version": "2.0", "rawPath": "/webhooks/acme/order-placed", "requestContext": context, "headers": {},
        "isBase64Encoded": false
    }));
    assert!(request.body().is_empty());
}

#[test]
fn what_is_no_request_is_said_to_be_none() {
    let why = |invocation: &Value| {
        serde_json::from_str::<Invocation>(&invocation.to_string()).unwrap().request().unwrap_err().to_string()
    };
    assert_eq!(why(&json!({})), "the invocation is no HTTP request: it names no path");
    assert_eq!(why(&json!({"rawPath": "/"})), "the invocation is no HTTP request: it names no method");
    let broken = json!({"path": "/", "httpMethod": "POST", "body": "{}", "isBase64Encoded": true});
    assert_eq!(why(&broken), "the invocation is no HTTP request: its body is not the base64 that it should be");
}

#[test]
fn all_values_of_a_header_are_read_and_what_http_forbids_is_left_out() {
    let request = request(&json!({
        "path": "/", "httpMethod": "POST",
        "headers": {"Accept": "b", "Via": "c", "no name": "d", "x-text": "a\nb"},
        "multiValueHeaders": {"Accept": ["a", "b"]}
    }));
    let all: Vec<_> = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(all, [("accept", "a"), ("accept", "b"), ("via", "c")]);
}

#[test]
fn an_answer_is_text_with_its_headers() {
    let answer = http::Response::builder().status(202).header("retry-after", "30").body(Bytes::from("{}")).unwrap();
    let told = serde_json::to_value(Answer::from(answer)).unwrap();
    let wanted = json!({"statusCode": 202, "headers": {"retry-after": "30"}, "body": "{}", "isBase64Encoded": false});
    assert_eq!(told, wanted);
}
