use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::*;
use crate::sandbox::Settings;

fn received(call: &'static str, subject: Value, body: Value) -> Received {
    Received {
        number: 1,
        at: Timestamp::UNIX_EPOCH,
        destination: Party::ALL.into_iter().find(|party| call.starts_with(party.name())),
        call: Some(call),
        method: "POST".into(),
        path: "/path".into(),
        subject,
        status: Some(200),
        reset: false,
        processed: true,
        body,
    }
}

fn told(call: &'static str, subject: Value, body: Value, state: &Value) -> String {
    let line = line(&received(call, subject, body), state);
    format!("{} | {} | {}", line.destination, line.what, line.detail)
}

#[test]
fn every_call_is_told_with_what_a_reader_knows_again() {
    let state = json!({ "websale": { "dispatches": [
        { "id": 66, "status": "running", "countReceiver": 160, "countSent": 80, "countError": 0 }
    ] } });
    for (call, subject, body, expected) in [
        (
            "websand.transaction",
            json!({}),
            json!({ "transaction": { "_id": "s-1", "customer": { "email": "bob@example.com" }, "items": [{}, {}],
                "total": { "total": 19.99, "currency": "EUR" } } }),
            "Websand | transaction s-1 | 200 19.99 EUR, 2 item(s), bob@example.com, no word of consent",
        ),
        (
            "websand.subscriber",
            json!({}),
            json!({ "subscriber": { "email": "ann@example.org", "marketing_consent": "marketing_consent_true" } }),
            "Websand | subscriber ann@example.org | 200 marketing_consent_true",
        ),
        ("bigcommerce.order", json!({ "id": 7 }), json!(null), "BigCommerce | read order | 200 7"),
        ("shopware.token", json!({ "id": "SWIA" }), json!(null), "Shopware | token | 200 for SWIA"),
        (
            "shopware.search",
            json!({ "entity": "customer", "id": "ab12" }),
            json!(null),
            "Shopware | read customer | 200 ab12",
        ),
        ("websale.login", json!({}), json!({ "username": "api" }), "WEBSALE | log-in | 200 as api"),
        (
            "websale.create",
            json!({ "id": 64 }),
            json!({ "newsType": 2, "image_url": "a.png" }),
            "WEBSALE | create teaser #64 | 200 \"a.png\", inactive",
        ),
        ("websale.edit", json!({ "id": 64 }), json!({ "active": true }), "WEBSALE | edit #64 | 200 activated"),
        ("websale.edit", json!({ "id": 64 }), json!({ "title": "x" }), "WEBSALE | edit #64 | 200 title"),
        ("websale.send", json!({ "id": 64 }), json!(null), "WEBSALE | send push #64 | 200 "),
        (
            "websale.personalised",
            json!({ "id": 66 }),
            json!({ "message": { "title": "Hi" }, "filter": { "connected": true } }),
            "WEBSALE | personalised push #66 | 200 \"Hi\" to {\"connected\":true}",
        ),
        (
            "websale.status",
            json!({ "id": 66 }),
            json!(null),
            "WEBSALE | status of #66 | 200 running, 80 of 160 sent, 0 failed",
        ),
    ] {
        assert_eq!(told(call, subject, body, &state), expected);
    }
}

#[test]
fn what_did_not_take_effect_is_not_told_as_if_it_had() {
    let mut refused = received("websand.transaction", json!(null), json!({}));
    (refused.processed, refused.status) = (false, Some(400));
    let told = line(&refused, &json!({}));
    assert_eq!((told.what.as_str(), told.detail.as_str()), ("POST /path", "400 no effect"));
    (refused.reset, refused.status) = (true, None);
    assert_eq!(line(&refused, &json!({})).detail, "reset no effect");
}

#[tokio::test]
async fn a_request_that_never_ends_holds_up_no_other_and_nothing_is_told_twice() {
    let faults = vec!["websand.transaction:hang,times=1".parse().unwrap()];
    let settings = Settings { faults, ..Settings::default() };
    let sandbox = Sandbox::start("127.0.0.1:0".parse().unwrap(), settings).await.unwrap();
    let mut changes = sandbox.changes();
    let mut connections = Vec::new();
    for count in 1..=2 {
        let mut connection = tokio::net::TcpStream::connect(sandbox.local_addr()).await.unwrap();
        connection
            .write_all(b"POST /api/data/transaction HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        connections.push(connection);
        changes.wait_for(|_| sandbox.received(0).len() == count).await.unwrap();
    }
    changes.wait_for(|_| sandbox.received(1)[0].status.is_some()).await.unwrap();
    let mut story = Story::default();
    assert_eq!(story.news(&sandbox).len(), 1);
    assert_eq!(story.news(&sandbox).len(), 0);
    assert_eq!(story.told, 0);
}
