use serde_json::{Value, json};

use super::{Running, answered, changed, refused, with_json};

pub(super) fn transaction() -> Value {
    json!({ "transaction": {
        "_id": "12345",
        "submit_datetime": "2016-11-23T15:33:00Z",
        "customer": { "email": "bob@example.com" },
        "items": [{ "name": "Awesome Thing" }],
        "total": { "total": 19.99 }
    } })
}

fn subscriber() -> Value {
    json!({ "subscriber": { "email": "ann@example.org", "first": "Ann", "subscribed_at": "2026-01-05T10:30:00Z",
        "confirmed": "true", "marketing_consent": "marketing_consent_true" } })
}

#[tokio::test]
async fn the_documented_minimum_is_accepted_and_custom_fields_too() {
    let running = Running::new().await;
    assert_eq!(running.transaction(&transaction()).await.0, 200);
    let custom = changed(&transaction(), "/transaction/items/0/colour", "blue".into());
    let custom = changed(&custom, "/transaction/total/currency", "EUR".into());
    assert_eq!(running.transaction(&custom).await.0, 200);
    let token = ("authorization", "Token key");
    assert_eq!(running.call("POST", "/api/data/subscriber", token, Some(&subscriber())).await.0, 200);
    assert_eq!(running.sandbox.state()["websand"]["subscribers"][0]["email"], "ann@example.org");
}

#[tokio::test]
async fn every_minimal_field_and_its_type_is_required() {
    let running = Running::new().await;
    for (pointer, value, reason) in [
        ("/transaction", Value::Null, "transaction is missing"),
        ("/transaction", json!([]), "transaction must be an object"),
        ("/transaction/_id", Value::Null, "transaction._id is missing"),
        ("/transaction/_id", json!(12345), "transaction._id must be a string"),
        ("/transaction/_id", json!(""), "transaction._id must not be empty"),
        ("/transaction/submit_datetime", Value::Null, "transaction.submit_datetime is missing"),
        ("/transaction/submit_datetime", json!("2016-11-23T15:33:00"), "with an offset"),
        ("/transaction/submit_datetime", json!(1_479_915_180), "transaction.submit_datetime must be a string"),
        ("/transaction/customer", Value::Null, "transaction.customer is missing"),
        ("/transaction/customer/email", Value::Null, "transaction.customer.email is missing"),
        ("/transaction/customer/email", json!("bob"), "transaction.customer.email must be an e-mail address"),
        ("/transaction/items", Value::Null, "transaction.items is missing"),
        ("/transaction/items", json!([]), "transaction.items must not be empty"),
        ("/transaction/items", json!({}), "transaction.items must be an array"),
        ("/transaction/items/0", json!("Awesome Thing"), "transaction.items[0] must be an object"),
        ("/transaction/items/0/name", Value::Null, "transaction.items[0].name is missing"),
        ("/transaction/total", Value::Null, "transaction.total is missing"),
        ("/transaction/total", json!(19.99), "transaction.total must be an object"),
        ("/transaction/total/total", Value::Null, "transaction.total.total is missing"),
        ("/transaction/total/total", json!("19.99"), "transaction.total.total must be a JSON number"),
    ] {
        refused(&running.transaction(&changed(&transaction(), pointer, value)).await, 400, reason);
    }
    assert_eq!(running.sandbox.state()["websand"]["transactions"], json!([]));
}

#[tokio::test]
async fn a_subscriber_needs_an_address_and_texts_where_public_callers_send_texts() {
    let running = Running::new().await;
    for (pointer, value, reason) in [
        ("/subscriber", Value::Null, "subscriber is missing"),
        ("/subscriber/email", Value::Null, "subscriber.email is missing"),
        ("/subscriber/email", json!("a b@example.org"), "subscriber.email must be an e-mail address"),
        ("/subscriber/confirmed", json!(true), "subscriber.confirmed must be a string"),
        ("/subscriber/subscribed_at", json!("yesterday"), "subscriber.subscribed_at must be an ISO 8601"),
    ] {
        let body = changed(&subscriber(), pointer, value);
        let token = ("authorization", "Token key");
        refused(&running.call("POST", "/api/data/subscriber", token, Some(&body)).await, 400, reason);
    }
}

#[tokio::test]
async fn the_scheme_is_token_and_the_key_must_be_known() {
    let running = Running::with(|settings| settings.websand_keys = vec!["good".into()]).await;
    let path = "/api/data/transaction";
    for header in [
        ("accept", "*/*"),
        ("authorization", "Bearer good"),
        ("authorization", "Token "),
        ("authorization", "Token bad"),
    ] {
        refused(&running.call("POST", path, header, Some(&transaction())).await, 401, "");
    }
    assert_eq!(running.call("POST", path, ("authorization", "Token good"), Some(&transaction())).await.0, 200);
}

#[tokio::test]
async fn a_body_must_be_json_and_say_so() {
    let running = Running::new().await;
    let request = || running.request("POST", "/api/data/transaction", ("authorization", "Token key"));
    let form = request().header("content-type", "application/x-www-form-urlencoded").body(transaction().to_string());
    refused(&answered(form).await.unwrap(), 400, "Content-Type");
    let broken = request().header("content-type", "application/json; charset=utf-8").body("\"transaction\": {}");
    refused(&answered(broken).await.unwrap(), 400, "not JSON");
    let list = with_json(request(), Some(&json!([transaction()])));
    refused(&answered(list).await.unwrap(), 400, "the body must be an object");
}
