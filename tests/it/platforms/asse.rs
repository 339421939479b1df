//! WEBSALE shops: server-side events, proved by a secret header, repeated whenever a page is loaded again.

use serde_json::Value;

use super::*;

on_both_hosts!(an_order_is_sent_once_however_often_its_page_is_loaded);

async fn an_order_is_sent_once_however_often_its_page_is_loaded(on: On) {
    let system = on.with(&[Shop::new("reloaded", by_header())]).await;
    let order = json!({"id": "R-1", "placed_at": "2026-01-05T10:30:00Z", "customer": {"email": "rita@example.org"},
        "items": [{"name": "Blue mug & saucer", "quantity": 1}], "total": {"amount": "9.90", "currency": "EUR"}});
    let plain = |order: &Value| event("order.placed", order);
    let encoded = |order: &Value| {
        url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &plain(order)).finish()
    };
    let form = "application/x-www-form-urlencoded";
    let mut later = order.clone();
    later["placed_at"] = json!("2026-01-05T10:31:07Z");
    let webhooks = [
        Webhook::by_header("application/json; charset=utf-8", plain(&order)),
        Webhook::by_header("application/json", format!("payload={}", plain(&order))),
        Webhook::by_header(form, encoded(&order)),
        // A template that gives the time of rendering as the order's gives a new one each time.
        Webhook { method: http::Method::PUT, ..Webhook::by_header(form, encoded(&later)) },
    ];
    for webhook in &webhooks {
        let answer = system.send("reloaded", "order-placed", webhook).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!("queued")), "{answer:?}");
        // A message that meets another one at work on the same order waits for half a minute.
        system.settled("reloaded#websand#order#R-1", "delivered").await;
    }
    system.drained(Destination::Websand).await;
    let sent = system.transactions("reloaded").await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0]["items"][0]["name"], "Blue mug & saucer");

    let get =
        Webhook { method: http::Method::GET, query: Some(encoded(&order)), body: Vec::new(), ..webhooks[2].clone() };
    assert_eq!(system.send("reloaded", "order-placed", &get).await.status, 405, "a payload does not belong into a URL");
    let forged = Webhook::posted("application/json", plain(&order), &[("x-shop-key", "guessed")]);
    assert_eq!(system.send("reloaded", "order-placed", &forged).await.status, 401);
}
