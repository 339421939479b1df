use serde_json::{Value, json};

use super::*;

fn request(invocation: Value) -> Request<Bytes> {
    serde_json::from_value::<HttpInvocation>(invocation).unwrap().into_request().unwrap()
}

#[test]
fn payload_2_is_read() {
    let request = request(json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/live/webhooks/acme/order-placed", "rawQueryString": "",
        "headers": {"x-shopify-hmac-sha256": "c2ln", "content-type": "application/json"},
        "requestContext": {"stage": "live", "http": {"method": "POST", "path": "/live/webhooks/acme/order-placed"}},
        "body": "{\"id\": 1}\n", "isBase64Encoded": false
    }));
    assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/live/webhooks/acme/order-placed"));
    assert_eq!(request.headers()["x-shopify-hmac-sha256"], "c2ln");
    assert_eq!(request.body(), "{\"id\": 1}\n".as_bytes());
}

#[test]
fn payload_1_is_read_with_every_value_of_a_header() {
    let request = request(json!({
        "version": "1.0", "resource": "/webhooks/{shop}/order-placed", "path": "/webhooks/acme/order-placed",
        "httpMethod": "PUT", "requestContext": {"stage": "live", "path": "/live/webhooks/acme/order-placed"},
        "headers": {"Webhook-Signature": "v1,b", "Accept": "*/*"},
        "multiValueHeaders": {"Webhook-Signature": ["v1,a", "v1,b"]},
        "queryStringParameters": null, "body": "eyJpZCI6ICLDpCJ9", "isBase64Encoded": true
    }));
    assert_eq!((request.method(), request.uri().path()), (&Method::PUT, "/webhooks/acme/order-placed"));
    let signatures: Vec<_> = request.headers().get_all("webhook-signature").iter().collect();
    assert_eq!(signatures, ["v1,a", "v1,b"]);
    assert_eq!(request.headers()["accept"], "*/*");
    assert_eq!(request.body(), "{\"id\": \"ä\"}".as_bytes());
}

#[test]
fn a_request_without_body_or_headers_is_one_too() {
    let context = json!({"http": {"method": "GET"}});
    let request =
        request(json!({"rawPath": "/webhooks/acme/order-placed", "requestContext": context, "headers": null}));
    assert!(request.body().is_empty() && request.headers().is_empty());
}

#[test]
fn a_path_that_no_uri_can_have_belongs_to_no_shop() {
    let context = json!({"http": {"method": "POST"}});
    assert_eq!(request(json!({"rawPath": "/web hooks/ä", "requestContext": context})).uri().path(), "/");
}

#[test]
fn what_is_no_http_invocation_is_refused() {
    let context = json!({"http": {"method": "POST"}});
    for invocation in [
        json!({"Records": []}),
        json!({"rawPath": "/"}),
        json!({"requestContext": context}),
        json!({"rawPath": "/", "requestContext": context, "body": "%", "isBase64Encoded": true}),
    ] {
        let read: HttpInvocation = serde_json::from_value(invocation.clone()).unwrap();
        assert!(read.into_request().is_err(), "{invocation}");
    }
}

#[test]
fn an_answer_is_what_both_payloads_understand() {
    let response = Response::builder().status(503).header("retry-after", "30").body(Bytes::from("{}")).unwrap();
    assert_eq!(
        serde_json::to_value(HttpAnswer::from(response)).unwrap(),
        json!({"statusCode": 503, "headers": {"retry-after": "30"}, "body": "{}", "isBase64Encoded": false})
    );
}
