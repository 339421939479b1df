//! A shop's request to forget a person.

use serde_json::Value;

use super::*;

on_both_hosts!(a_person_whom_shopify_wants_forgotten_is_and_what_is_older_stays_out);

async fn a_person_whom_shopify_wants_forgotten_is_and_what_is_older_stays_out(on: On) {
    let system = on.with(&[Shop::new("forgetful", signed("shopify", SHOPIFY_SECRET))]).await;
    let redact = sample("shopify/customers-redact");
    let request: Value = serde_json::from_slice(&redact).unwrap();
    let email = request["customer"]["email"].as_str().unwrap();
    let customer = |id: &str, city: &str| {
        let mut body: Value = serde_json::from_slice(&sample("shopify/customers-create")).unwrap();
        body["email"] = json!(email);
        body["default_address"]["city"] = json!(city);
        Webhook::shopify("customers/update", id, body.to_string())
    };
    assert_eq!(system.send("forgetful", "customer-updated", &customer("known", "Ulm")).await.status, 202);
    system.subscriber(email).await;
    system.drained(Destination::Websand).await;

    let answer = system.send("forgetful", "customer-updated", &Webhook::shopify("customers/redact", "r", redact)).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{answer:?}");
    // Its receipt lies beside the row, which asks a person to do what cannot be done from here.
    let id = answer.body["id"].as_str().unwrap();
    let row = system.settled(&format!("forgetful#websand#privacy#{id}"), "delivered").await;
    assert_eq!(row["attention"], "erasure_by_hand", "{row}");

    // What was true before the request is sent again, as shops do: it must not bring the person back.
    assert_eq!(system.send("forgetful", "customer-updated", &customer("older", "Bonn")).await.status, 202);
    system.drained(Destination::Websand).await;
    let told = system.subscribers(email).await;
    assert_eq!(told.len(), 1, "{told:?}");
}
