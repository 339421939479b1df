use serde_json::{Value, json};

use super::{Answered, Running, changed, refused};

fn push() -> Value {
    json!({ "newsType": 0, "title": "Spring sale", "text": "20% until Sunday", "urlType": "internal",
        "url": "https://shop.example/sale", "validFrom": 1_767_225_600, "validUntil": 1_767_830_400 })
}

fn active(body: &Value) -> Value {
    changed(body, "/active", true.into())
}

async fn create(running: &Running, body: &Value) -> Answered {
    running.app("POST", "/news/Deutsch", Some(body)).await
}

async fn edit(running: &Running, id: &Value, body: &Value) -> Answered {
    running.app("PUT", &format!("/news/Deutsch/{id}"), Some(body)).await
}

async fn send(running: &Running, id: &Value) -> Answered {
    running.app("POST", &format!("/news/Deutsch/{id}/send"), None).await
}

#[tokio::test]
async fn an_entry_is_created_inactive_and_unsent_by_default_and_returned() {
    let running = Running::new().await;
    let (status, entry) = create(&running, &json!({ "newsType": 1, "title": "New news" })).await;
    assert_eq!(status, 200);
    assert_eq!(entry["id"], 64);
    assert_eq!((&entry["active"], &entry["sentStatus"], &entry["sendCount"]), (&json!(false), &json!(0), &json!(0)));
    assert_eq!((&entry["text"], &entry["validUntil"]), (&json!(""), &json!(0)));
}

/// Each rule of an entry's fields, broken alone: the field, what breaks it, and the reason of the 400.
fn broken_fields() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/title", json!("x".repeat(65)), "title must have at most 64 characters, not 65"),
        ("/title", json!(7), "title must be a string"),
        ("/text", json!("x".repeat(161)), "text must have at most 160 characters, not 161"),
        ("/text", json!(7), "text must be a string"),
        ("/urlType", json!("browser"), "urlType must be internal-login"),
        ("/urlType", json!(1), "urlType must be a string"),
        ("/url", json!("x".repeat(161)), "url must have at most 160"),
        ("/url", json!(7), "url must be a string"),
        ("/image_url", json!("/images/a.png"), "image_url must be a path relative"),
        ("/image_url", json!("../a.png"), "image_url must be a path relative"),
        ("/image_url", json!("https://a.example/b.png"), "image_url must be a path relative"),
        ("/image_url", json!(7), "image_url must be a string"),
        ("/validFrom", json!("2026-01-01"), "validFrom must be a whole number"),
        ("/validFrom", json!(-1), "validFrom must be a whole number"),
        ("/validUntil", json!(1.5), "validUntil must be a whole number"),
        ("/active", json!("true"), "active must be true or false"),
        ("/active", json!(1), "active must be true or false"),
        ("/headline", json!("x"), "headline is not a documented field"),
    ]
}

#[tokio::test]
async fn every_rule_of_creating_is_checked() {
    let running = Running::new().await;
    let of_type = [
        ("/newsType", Value::Null, "newsType is missing"),
        ("/newsType", json!(3), "newsType must be 0"),
        ("/newsType", json!("0"), "newsType must be a whole number"),
    ];
    for (pointer, value, reason) in broken_fields().into_iter().chain(of_type) {
        refused(&create(&running, &changed(&push(), pointer, value)).await, 400, reason);
    }
    refused(&create(&running, &json!([push()])).await, 400, "the body must be an object");
    assert_eq!(running.sandbox.state()["websale"]["entries"], json!([]));
    assert_eq!(create(&running, &push()).await.0, 200, "nothing else was wrong with it");
}

#[tokio::test]
async fn every_rule_of_editing_is_checked() {
    let running = Running::new().await;
    let id = create(&running, &push()).await.1["id"].clone();
    let entry = running.sandbox.state()["websale"]["entries"].clone();
    for (pointer, value, reason) in broken_fields() {
        refused(&edit(&running, &id, &changed(&json!({}), pointer, value)).await, 400, reason);
    }
    refused(&edit(&running, &id, &json!({ "newsType": 0 })).await, 400, "newsType cannot be changed");
    refused(&edit(&running, &json!(999), &json!({ "active": true })).await, 404, "does not exist");
    refused(&edit(&running, &json!("abc"), &json!({ "active": true })).await, 404, "does not exist");
    let other = running.app("PUT", &format!("/news/English/{id}"), Some(&json!({ "active": true }))).await;
    refused(&other, 404, "does not exist");
    assert_eq!(running.sandbox.state()["websale"]["entries"], entry, "a refused edit changes nothing");
}

#[tokio::test]
async fn lengths_are_counted_in_code_points() {
    let running = Running::new().await;
    assert_eq!(create(&running, &changed(&push(), "/title", "ß".repeat(64).into())).await.0, 200);
    assert_eq!(create(&running, &changed(&push(), "/text", "😀".repeat(160).into())).await.0, 200);
}

#[tokio::test]
async fn what_an_active_entry_needs_depends_on_its_type() {
    let running = Running::new().await;
    let news = changed(&push(), "/newsType", 1.into());
    let teaser = json!({ "newsType": 2, "image_url": "teaser/a.png", "urlType": "external", "url": "https://a.example",
        "validFrom": 1, "validUntil": 2 });
    let entry = ["title", "text", "url", "validFrom", "validUntil"];
    for (body, needed) in
        [(&push(), &entry[..]), (&news, &entry), (&teaser, &["image_url", "url", "validFrom", "validUntil"])]
    {
        assert_eq!(create(&running, &active(body)).await.0, 200, "{body}");
        for field in needed {
            let incomplete = changed(body, &format!("/{field}"), Value::Null);
            let reason = format!("{field} must be set before the entry can be active");
            refused(&create(&running, &active(&incomplete)).await, 400, &reason);
            let (status, entry) = create(&running, &incomplete).await;
            assert_eq!(status, 200, "{field}: not needed before activation");
            refused(&edit(&running, &entry["id"], &json!({ "active": true })).await, 400, &reason);
        }
        let from = body["validFrom"].clone();
        refused(&create(&running, &changed(&active(body), "/validUntil", from)).await, 400, "validUntil must be later");
    }
    let without_link = changed(&changed(&push(), "/url", Value::Null), "/urlType", Value::Null);
    assert_eq!(create(&running, &active(&without_link)).await.0, 200, "a url is needed with its type only");
}

#[tokio::test]
async fn an_edit_changes_only_what_it_names_and_a_refused_one_changes_nothing() {
    let running = Running::new().await;
    let id = create(&running, &push()).await.1["id"].clone();
    let (status, entry) = edit(&running, &id, &json!({ "active": true })).await;
    assert_eq!((status, &entry["active"], &entry["title"]), (200, &json!(true), &json!("Spring sale")));
    refused(&edit(&running, &id, &json!({ "title": "", "text": "other" })).await, 400, "title must be set");
    assert_eq!(edit(&running, &id, &json!({})).await.1["text"], "20% until Sunday");
}

#[tokio::test]
async fn an_active_push_is_sent_once() {
    let running = Running::new().await;
    let id = create(&running, &push()).await.1["id"].clone();
    refused(&send(&running, &id).await, 406, "not active");
    edit(&running, &id, &json!({ "active": true })).await;
    assert_eq!(send(&running, &id).await, (200, Value::Null));
    let entry = edit(&running, &id, &json!({ "active": true })).await.1;
    assert_eq!(entry["sentStatus"], 1);
    assert!(entry["sendCount"].as_u64() > Some(0));
    refused(&send(&running, &id).await, 406, "already been sent");
    let news = create(&running, &active(&changed(&push(), "/newsType", 1.into()))).await.1["id"].clone();
    refused(&send(&running, &news).await, 406, "not a push");
    refused(&send(&running, &json!(999)).await, 404, "does not exist");
}
