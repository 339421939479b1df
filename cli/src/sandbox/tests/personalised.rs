use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Answered, Running, changed, refused};
use crate::sandbox::Progress;

fn push() -> Value {
    json!({
        "name": "Hello",
        "message": { "title": "Hello ~A-FirstName~", "text": "Your voucher: ~VOUCHER-Number~", "urlType": "internal",
            "url": "https://shop.example/v", "voucher": "appvoucher", "validUntil": 30 },
        "filter": { "connected": true, "zip_area": [{ "from": 90402, "to": 90491 }] }
    })
}

async fn send(running: &Running, body: &Value) -> Answered {
    running.app("POST", "/push/Deutsch", Some(body)).await
}

async fn status(running: &Running, id: &Value) -> Answered {
    running.app("GET", &format!("/push/{id}"), None).await
}

#[tokio::test]
async fn the_documented_example_is_dispatched() {
    let running = Running::new().await;
    assert_eq!(send(&running, &push()).await, (200, json!({ "id": 64 })));
    let list = running.sandbox.received(0);
    assert_eq!(list.last().unwrap().subject, json!({ "subshop": "Deutsch", "name": "Hello", "id": 64 }));
    let plain = json!({ "name": "Plain", "message": { "title": "Hi", "text": "There", "validUntil": 1 } });
    assert_eq!(send(&running, &plain).await.0, 200);
}

#[tokio::test]
async fn every_rule_of_the_message_is_checked() {
    let running = Running::new().await;
    for (pointer, value, reason) in [
        ("/name", Value::Null, "name is missing"),
        ("/name", json!(""), "name must not be empty"),
        ("/name", json!(7), "name must be a string"),
        ("/message", Value::Null, "message is missing"),
        ("/message", json!("Hello"), "message must be an object"),
        ("/message/title", Value::Null, "message.title is missing"),
        ("/message/title", json!("x".repeat(65)), "message.title must have at most 64"),
        ("/message/title", json!(""), "message.title must not be empty"),
        ("/message/title", json!(7), "message.title must be a string"),
        ("/message/text", Value::Null, "message.text is missing"),
        ("/message/text", json!(" "), "message.text must not be empty"),
        ("/message/text", json!(7), "message.text must be a string"),
        ("/message/text", json!("x".repeat(161)), "message.text must have at most 160"),
        ("/message/url", json!("x".repeat(129)), "message.url must have at most 128"),
        ("/message/url", Value::Null, "message.url must be set when urlType is"),
        ("/message/urlType", json!("app"), "message.urlType must be"),
        ("/message/validUntil", Value::Null, "message.validUntil is missing"),
        ("/message/validUntil", json!(0), "from 1 to 31"),
        ("/message/validUntil", json!(32), "from 1 to 31"),
        ("/message/validUntil", json!(1_767_225_600), "from 1 to 31"),
        ("/message/validUntil", json!("30"), "message.validUntil must be a whole number"),
        ("/message/voucher", json!(7), "message.voucher must be a string"),
        ("/message/image_url", json!("a.png"), "message.image_url is not a documented field"),
        ("/send_at", json!("now"), "send_at is not a documented field"),
    ] {
        refused(&send(&running, &changed(&push(), pointer, value)).await, 400, reason);
    }
    refused(&send(&running, &json!([push()])).await, 400, "the body must be an object");
    assert_eq!(running.sandbox.state()["websale"]["dispatches"], json!([]));
    assert_eq!(send(&running, &push()).await.0, 200, "nothing else was wrong with it");
}

#[tokio::test]
async fn every_rule_of_the_filter_is_checked() {
    let running = Running::new().await;
    for (pointer, value, reason) in [
        ("/filter", json!([]), "filter must be an object"),
        ("/filter/connected", json!("true"), "filter.connected must be true or false"),
        ("/filter/os_type", json!("windows"), "filter.os_type must be"),
        ("/filter/email", json!("ann@example.org"), "filter.email must be an array"),
        ("/filter/email", json!([]), "filter.email must not be empty"),
        ("/filter/email", json!(["ann"]), "filter.email must hold e-mail addresses"),
        ("/filter/email", json!([7]), "filter.email[0] must be a string"),
        ("/filter/zip", json!([90402]), "filter.zip[0] must be a string"),
        ("/filter/zip", json!([]), "filter.zip must not be empty"),
        ("/filter/zip", json!("90402"), "filter.zip must be an array"),
        ("/filter/zip_area", json!([]), "filter.zip_area must not be empty"),
        ("/filter/zip_area", json!(["90402-90491"]), "filter.zip_area[0] must be an object"),
        ("/filter/zip_area", json!([{ "to": 90491 }]), "filter.zip_area[0].from is missing"),
        ("/filter/zip_area", json!([{ "from": 90402 }]), "filter.zip_area[0].to is missing"),
        ("/filter/zip_area", json!([{ "from": 1, "to": 2, "till": 3 }]), "filter.zip_area[0].till is not a documented"),
        (
            "/filter/zip_area",
            json!([{ "from": "90402", "to": 90491 }]),
            "filter.zip_area[0].from must be a whole number",
        ),
        ("/filter/zip_area", json!([{ "from": 2, "to": 1 }]), "must not be below from"),
        ("/filter/zip_codes", json!(["90402"]), "filter.zip_codes is not a documented field"),
    ] {
        refused(&send(&running, &changed(&push(), pointer, value)).await, 400, reason);
    }
}

#[tokio::test]
async fn tags_need_connected_devices_and_the_voucher_tag_needs_a_batch() {
    let running = Running::new().await;
    for connected in [Value::Null, false.into()] {
        let body = changed(&push(), "/filter/connected", connected);
        refused(&send(&running, &body).await, 400, "only when filter.connected is true");
    }
    refused(
        &send(&running, &changed(&push(), "/message/voucher", Value::Null)).await,
        400,
        "message.voucher must be set",
    );
    for field in ["title", "text"] {
        let misspelt = changed(&push(), &format!("/message/{field}"), "Hello ~A-Firstname~".into());
        refused(&send(&running, &misspelt).await, 400, &format!("message.{field} has the unknown tag ~A-Firstname~"));
    }
    for name in
        ["FirstName", "LastName", "Street1", "Street2", "Title", "Salutation", "City", "Zip", "CompleteSalutation"]
    {
        let known = changed(&push(), "/message/title", format!("~A-{name}~").into());
        assert_eq!(send(&running, &known).await.0, 200, "{name}");
    }
}

#[tokio::test]
async fn a_dispatch_moves_one_step_with_each_request() {
    let running = Running::new().await;
    let id = send(&running, &push()).await.1["id"].clone();
    let waiting = status(&running, &id).await.1;
    assert_eq!((&waiting["status"], &waiting["countReceiver"]), (&json!("waiting"), &json!(0)));
    let running_now = status(&running, &id).await.1;
    assert_eq!((&running_now["status"], &running_now["countReceiver"]), (&json!("running"), &json!(160)));
    let finished = status(&running, &id).await.1;
    assert_eq!(finished["status"], "finished");
    let count = |name: &str| finished[name].as_u64().unwrap();
    assert_eq!(count("countSent") + count("countError"), count("countReceiver"));
    assert_eq!((&finished["subshop"], &finished["validUntil"]), (&json!("Deutsch"), &json!(30)));
    assert_eq!(status(&running, &id).await.1["status"], "finished");
    refused(&status(&running, &json!(999)).await, 404, "no entry found");
}

#[tokio::test]
async fn by_the_clock_a_dispatch_finishes_when_its_time_is_over() {
    let by_clock = Progress::ByClock(SignedDuration::from_secs(30));
    let running = Running::with(|settings| settings.progress = by_clock).await;
    let id = send(&running, &push()).await.1["id"].clone();
    for (forward, expected) in [(9, "waiting"), (1, "running"), (19, "running"), (1, "finished")] {
        running.clock.forward(SignedDuration::from_secs(forward));
        assert_eq!(status(&running, &id).await.1["status"], expected);
    }
}

#[tokio::test]
async fn an_audience_that_matches_nobody_reaches_nobody() {
    let running = Running::new().await;
    let nobody = changed(&push(), "/filter/zip_area", json!([{ "from": 1, "to": 2 }]));
    let id = send(&running, &nobody).await.1["id"].clone();
    for _ in 0..3 {
        assert_eq!(status(&running, &id).await.1["countReceiver"], 0);
    }
    assert_eq!(status(&running, &id).await.1["status"], "finished");
}
