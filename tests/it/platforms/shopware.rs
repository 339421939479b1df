//! A Shopware shop registers.

use relay::clock::{Clock, SystemClock};

use super::*;

on_both_hosts!(a_shop_registers_confirms_and_sends_with_the_secret_it_was_given);

const APP_SECRET: &str = "app-secret-of-the-tests";

async fn a_shop_registers_confirms_and_sends_with_the_secret_it_was_given(on: On) {
    let mut webhook = signed("shopware", SHOPWARE_SECRET);
    for (name, value) in [("app_name", "Relay"), ("app_secret", APP_SECRET), ("shop_url", "https://acme.example.com")] {
        webhook[name] = json!(value);
    }
    let system = on.with(&[Shop::new("registering", webhook)]).await;

    // Signed as Shopware writes it, colons and strokes unescaped.
    let now = SystemClock.now().as_second();
    let query = format!("shop-id=AcMeShOpId0001&shop-url=https://acme.example.com&timestamp={now}");
    let signature = hex(&mac(APP_SECRET.as_bytes(), query.as_bytes()));
    let registration = Webhook { method: http::Method::GET, query: Some(query), headers: Vec::new(), body: Vec::new() };
    let forged = registration.clone().with("shopware-app-signature", "00".repeat(32));
    assert_eq!(system.send("registering", "shopware", &forged).await.status, 401);
    let answer = system.send("registering", "shopware", &registration.with("shopware-app-signature", signature)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let proof = hex(&mac(APP_SECRET.as_bytes(), b"AcMeShOpId0001https://acme.example.comRelay"));
    assert_eq!((&answer.body["proof"], &answer.body["secret"]), (&json!(proof), &json!(SHOPWARE_SECRET)), "{answer:?}");
    let url = answer.body["confirmation_url"].as_str().unwrap();
    assert!(url.starts_with("http") && url.ends_with("/webhooks/registering/shopware"), "{url}");

    let confirmation = json!({"apiKey": "key", "secretKey": "secret", "timestamp": now.to_string(),
        "shopUrl": "https://acme.example.com", "shopId": "AcMeShOpId0001"});
    let answer = system.send("registering", "shopware", &Webhook::shopware(confirmation.to_string())).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let order = Webhook::shopware(sample("shopware/checkout-order-placed"));
    assert_eq!(system.send("registering", "order-placed", &order).await.status, 202);
    system.transaction("registering", "018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b").await;
}
