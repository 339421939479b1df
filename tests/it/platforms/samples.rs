//! The sample of each platform's main topics: what arrives at Websand.

use super::*;

on_both_hosts!(each_platforms_sample_arrives_as_what_it_is);

/// What must be found at Websand.
enum Arrives {
    /// A transaction of this order.
    Order(&'static str),
    /// A subscriber with this address.
    Person(&'static str),
}
use Arrives::{Order, Person};

type Sample = (&'static str, &'static str, Webhook, Arrives);

/// Shop, endpoint, webhook and what it leads to. BigCommerce's and the second of Shopware's only name the order, which a
/// worker then reads from the shop's API.
fn samples() -> Vec<Sample> {
    vec![
        ("at-shopify", "order-placed", shopify("orders/create"), Order("7875109280290")),
        ("at-shopify", "customer-updated", shopify("customers/create"), Person("bob.biller@example.com")),
        ("at-woocommerce", "order-placed", woocommerce("order.created"), Order("104821")),
        ("at-shopware", "order-placed", shopware("checkout.order.placed"), Order("018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b")),
        ("at-shopware", "customer-updated", shopware("newsletter.confirm"), Person("lena.beispiel@example.com")),
        ("by-reference", "order-placed", shopware("order.written"), Order("018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b")),
        ("at-bigcommerce", "order-placed", bigcommerce("store/order/created"), Order("1181")),
        (
            "at-bigcommerce",
            "customer-updated",
            bigcommerce("store/subscriber/created"),
            Person("clara.sample@example.com"),
        ),
    ]
}

async fn each_platforms_sample_arrives_as_what_it_is(on: On) {
    let integration = json!({"url": "{sandbox}", "client_id": "id", "client_secret": "secret"});
    let system = on
        .with(&[
            Shop::new("at-shopify", signed("shopify", SHOPIFY_SECRET)),
            Shop::new("at-woocommerce", signed("woocommerce", WOOCOMMERCE_SECRET)),
            Shop::new("at-shopware", signed("shopware", SHOPWARE_SECRET)),
            Shop::new("by-reference", signed("shopware", SHOPWARE_SECRET)).with_platform(integration),
            bigcommerce_shop("at-bigcommerce"),
        ])
        .await;
    for (shop, endpoint, webhook, _) in samples() {
        let answer = system.send(shop, endpoint, &webhook).await;
        assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{shop} {endpoint}: {answer:?}");
    }
    for (shop, _, _, arrives) in samples() {
        match arrives {
            Order(id) => {
                let order = system.transaction(shop, id).await;
                assert!(order["total"]["total"].is_number(), "{order}");
                assert!(!order["items"].as_array().unwrap().is_empty(), "{order}");
                system.settled(&format!("{shop}#websand#order#{id}"), "delivered").await;
            }
            Person(email) => assert_eq!(system.subscriber(email).await["source"], shop),
        }
    }
}

fn shopify(topic: &str) -> Webhook {
    Webhook::shopify(topic, topic, sample(&file("shopify", topic)))
}

fn woocommerce(topic: &str) -> Webhook {
    Webhook::woocommerce(topic, sample(&file("woocommerce", topic)))
}

fn shopware(topic: &str) -> Webhook {
    Webhook::shopware(sample(&file("shopware", topic)))
}

fn bigcommerce(scope: &str) -> Webhook {
    Webhook::bigcommerce(scope, sample(&file("bigcommerce", scope)))
}

fn file(platform: &str, topic: &str) -> String {
    format!("{platform}/{}", topic.replace(['/', '.'], "-"))
}
