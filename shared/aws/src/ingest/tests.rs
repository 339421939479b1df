use http::Method;
use serde_json::{Value, json};

use super::*;

fn request(invocation: &Value) -> Request<Bytes> {
    lambda_http::request::from_str(&invocation.to_string()).unwrap().map(raw)
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

#[test]
fn a_request_without_body_is_one_too() {
    let context = json!({"http": {"method": "GET"}});
    let request = request(&json!({
        "version": "2.0", "rawPath": "/webhooks/acme/order-placed", "requestContext": context, "headers": {},
        "isBase64Encoded": false
    }));
    assert!(request.body().is_empty());
}
