//! Each platform's webhooks on both hosts, from the shop to Websand.

use relay::shop::Destination;
use relay_tests::{
    binaries::repository,
    on_both_hosts,
    shop::{by_header, signed},
    system::{On, Shop},
    webhook::{BIGCOMMERCE_SECRET, SHOPIFY_SECRET, SHOPWARE_SECRET, WOOCOMMERCE_SECRET, Webhook, event, hex, mac},
};
use serde_json::json;

mod asse;
mod privacy;
mod samples;
mod shopware;

on_both_hosts!(
    the_ping_of_woocommerce_is_answered_for_known_and_unknown_shops,
    a_webhook_of_another_shop_is_rejected_without_its_body,
    what_the_shop_no_longer_has_is_not_delivered,
);

async fn the_ping_of_woocommerce_is_answered_for_known_and_unknown_shops(on: On) {
    let system = on.with(&[Shop::new("pinged", signed("woocommerce", WOOCOMMERCE_SECRET))]).await;
    for shop in ["pinged", "nobodys"] {
        // A form comes through an API gateway in Base64.
        let answer = system.send(shop, "order-placed", &Webhook::woocommerce_ping()).await;
        assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("ping")), "{answer:?}");
    }
}

async fn a_webhook_of_another_shop_is_rejected_without_its_body(on: On) {
    let mut webhook = signed("shopify", SHOPIFY_SECRET);
    webhook["origins"] = json!(["only-this-one.myshopify.com"]);
    let system = on.with(&[Shop::new("foreign", webhook)]).await;
    let order = Webhook::shopify("orders/create", "foreign-1", sample("shopify/orders-create"));
    let answer = system.send("foreign", "order-placed", &order).await;
    assert_eq!((answer.status, &answer.body["reason"]), (202, &json!("wrong_shop")), "{answer:?}");
    let letter = system.dead_letter(Destination::Websand, "\"/shops/foreign/shopify\"").await;
    assert!(letter["reason"] == "wrong_shop" && !letter.to_string().contains("data_base64"), "{letter}");
    assert!(system.transactions("foreign").await.is_empty());
}

async fn what_the_shop_no_longer_has_is_not_delivered(on: On) {
    let system = on.with(&[bigcommerce_shop("vanished")]).await;
    let gone = json!({"scope": "store/order/updated", "store_id": "1", "data": {"type": "order", "id": 1404},
        "hash": "0", "created_at": 1_795_000_000, "producer": "stores/abc123"});
    let answer = system.send("vanished", "order-updated", &Webhook::bigcommerce("gone-1", gone.to_string())).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let row = system.settled("vanished#websand#reference#order/1404", "suppressed").await;
    assert!(row["attention"].is_null(), "{row}");
    assert!(system.transactions("vanished").await.is_empty());
}

fn bigcommerce_shop(name: &'static str) -> Shop {
    let platform = json!({"store_hash": "abc123", "access_token": "token-of-the-tests"});
    Shop::new(name, signed("bigcommerce", BIGCOMMERCE_SECRET)).with_platform(platform)
}

/// One of `events/sources`.
fn sample(name: &str) -> Vec<u8> {
    std::fs::read(repository().join(format!("events/sources/{name}.json"))).unwrap()
}
