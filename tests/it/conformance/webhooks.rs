//! What a shop is answered.

use relay_tests::binaries::repository;

use super::*;

on_both_hosts!(
    a_wrong_signature_and_an_unknown_shop_get_the_same_401,
    a_topic_of_no_use_is_ignored_and_one_at_the_wrong_address_too,
    a_canonical_order_with_five_faults_gets_them_all_named_at_once,
);

async fn a_wrong_signature_and_an_unknown_shop_get_the_same_401(on: On) {
    let system = on.with(&[Shop::canonical("forged")]).await;
    let webhook = shopify("orders/create");
    let forged = system.send("forged", "order-placed", &webhook.clone().forged()).await;
    let unknown = system.send("unheard-of", "order-placed", &webhook).await;
    assert_eq!((forged.status, unknown.status), (401, 401), "{forged:?} {unknown:?}");
    assert_eq!(forged.body, unknown.body);
    let canonical = Webhook::canonical("w", "order.placed", &order("1", 0)).forged();
    assert_eq!(system.send("forged", "order-placed", &canonical).await.status, 401);
    assert_eq!(system.sandbox.received().await, Vec::<Value>::new());
}

async fn a_topic_of_no_use_is_ignored_and_one_at_the_wrong_address_too(on: On) {
    let system = on.with(&[Shop::canonical("elsewhere")]).await;
    let answer = system.send("elsewhere", "order-placed", &shopify("themes/publish")).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ignored")), "{answer:?}");
    let customer = json!({"email": "ann.sample@example.org", "updated_at": time(0)});
    let cancelled = json!({"id": "none", "updated_at": time(0)});
    for (endpoint, kind, data, elsewhere) in [
        ("order-updated", "order.updated", &order("7", 1), "promotion-scheduled"),
        ("customer-updated", "customer.updated", &customer, "promotion-scheduled"),
        ("promotion-cancelled", "promotion.cancelled", &cancelled, "order-placed"),
    ] {
        let webhook = Webhook::canonical(endpoint, kind, data);
        let answer = system.send("elsewhere", endpoint, &webhook).await;
        assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{endpoint}: {answer:?}");
        let answer = system.send("elsewhere", elsewhere, &webhook).await;
        assert_eq!((answer.status, &answer.body["reason"]), (200, &json!("wrong_endpoint")), "{endpoint}: {answer:?}");
    }
}

async fn a_canonical_order_with_five_faults_gets_them_all_named_at_once(on: On) {
    let system = on.with(&[Shop::canonical("faulty")]).await;
    let data = json!({"id": "", "placed_at": "yesterday", "customer": {"email": "not an address"},
        "items": [{"name": "Blue mug", "quantity": "many"}], "total": {"currency": "EUR"}});
    let answer = system.send("faulty", "order-placed", &Webhook::canonical("w", "order.placed", &data)).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let errors = answer.body["errors"].as_array().unwrap();
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let faults = ["customer/email", "id", "items/0/quantity", "placed_at", "total/amount"];
    assert_eq!(pointers, faults.map(|fault| format!("/data/{fault}")));
    assert!(!answer.body.to_string().contains("not an address"), "no personal value is echoed: {answer:?}");
}

/// A real order, under this topic.
fn shopify(topic: &str) -> Webhook {
    let file = repository().join("tests/fixtures/shopify/order_updated_monei_450789469.json");
    Webhook::shopify(topic, "7b00955b-d6a5-4500-8f8c-920bfadd2aaf", std::fs::read(file).unwrap())
}
