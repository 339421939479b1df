//! `shoprelay serve` as a process, between shops and the sandbox.

use relay_tests::{
    binaries::{self, repository},
    host::Host,
    sandbox::Sandbox,
    shop,
    wait::until,
    webhook::Webhook,
};
use serde_json::{Value, json};

mod backfill;

#[tokio::test]
async fn an_order_of_shopify_becomes_a_transaction() {
    let (host, sandbox) = running().await;
    let answer = shopify("orders/create").post(&at(&host, "acme", "order-placed"), None).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{answer:?}");
    let sent =
        until("the transaction is at the sandbox", async || sandbox.processed("websand.transaction").await.pop());
    let body = &sent.await["body"]["transaction"];
    assert_eq!(body["_id"], "acme-450789469");
    assert_eq!(body["customer"]["email"], "bob.norman@hostmail.com");
    assert_eq!(body["total"]["total"].to_string(), "409.94");
    assert_eq!(body["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_wrong_signature_and_an_unknown_shop_get_the_same_401() {
    let (host, sandbox) = running().await;
    let webhook = shopify("orders/create");
    let forged = webhook.clone().forged().post(&at(&host, "acme", "order-placed"), None).await;
    let unknown = webhook.post(&at(&host, "nobody", "order-placed"), None).await;
    assert_eq!((forged.status, unknown.status), (401, 401), "{forged:?} {unknown:?}");
    assert_eq!(forged.body, unknown.body);
    assert_eq!(sandbox.received().await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_unknown_topic_is_ignored() {
    let (host, _sandbox) = running().await;
    let answer = shopify("themes/publish").post(&at(&host, "acme", "order-placed"), None).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ignored")), "{answer:?}");
}

#[tokio::test]
async fn a_canonical_order_with_five_faults_gets_them_all_named_at_once() {
    let (host, _sandbox) = running().await;
    let data = json!({"id": "", "placed_at": "yesterday", "customer": {"email": "not an address"},
        "items": [{"name": "Blue mug", "quantity": "many"}], "total": {"currency": "EUR"}});
    let answer = Webhook::canonical("w", "order.placed", &data).post(&at(&host, "acme", "order-placed"), None).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let errors = answer.body["errors"].as_array().unwrap();
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let faults = ["customer/email", "id", "items/0/quantity", "placed_at", "total/amount"];
    assert_eq!(pointers, faults.map(|fault| format!("/data/{fault}")));
    assert!(!answer.body.to_string().contains("not an address"), "no personal value is echoed: {answer:?}");
}

#[tokio::test]
async fn the_demo_ends_well_once_everything_has_arrived() {
    let mut demo = tokio::process::Command::new(binaries::path("shoprelay"));
    let output = demo.args(["demo", "--once"]).env_clear().kill_on_drop(true).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for word in ["Websand", "WEBSALE", "transaction"] {
        assert!(text.contains(word), "it says what was delivered where: {text}");
    }
}

async fn running() -> (Host, Sandbox) {
    let sandbox = Sandbox::start(&[]).await;
    let mut host = Host::new(&shop::secrets("acme"));
    host.start(&sandbox).await;
    (host, sandbox)
}

fn at(host: &Host, shop: &str, endpoint: &str) -> String {
    format!("{}/webhooks/{shop}/{endpoint}", host.url())
}

/// A real order, under this topic.
fn shopify(topic: &str) -> Webhook {
    let file = repository().join("tests/fixtures/shopify/order_updated_monei_450789469.json");
    Webhook::shopify(topic, "7b00955b-d6a5-4500-8f8c-920bfadd2aaf", std::fs::read(file).unwrap())
}
