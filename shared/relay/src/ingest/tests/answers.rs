//! The order of checks and the answers.

use super::*;

const ORDERS: &str = "/webhooks/acme/order-placed";

fn order() -> Value {
    sample("canonical/order.placed")
}

fn shopify_order() -> String {
    sample("sources/shopify/orders-create").to_string()
}

#[tokio::test]
async fn a_signed_webhook_is_queued_and_named() {
    let world = World::new();
    let answer = world.receive(signed(ORDERS, &order())).await;
    answer.assert(202, "queued", None);
    let sent = world.sent();
    assert_eq!(answer.json, json!({"id": sent[0].id, "status": "queued"}));
    assert_eq!(sent[0].subject, "12345");
    assert_eq!(answer.receipt.topic.as_deref(), Some("order.placed"));
    assert_eq!(answer.receipt.subject.as_deref(), Some("12345"));
    assert_eq!(answer.receipt.platform.as_deref(), Some("canonical"));
}

#[tokio::test]
async fn the_same_webhook_has_the_same_id_and_another_one_another() {
    let world = World::new();
    for (path, topic, body) in [
        (ORDERS, "orders/create", shopify_order()),
        (ORDERS, "orders/create", shopify_order()),
        (ORDERS, "orders/updated", shopify_order()),
    ] {
        world.receive(shopify(path, topic, body)).await.assert(202, "queued", None);
    }
    let ids: Vec<_> = world.sent().into_iter().map(|message| message.id).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2], "one action of the merchant may send several topics");
    assert!(ids[0].len() == 32 && ids[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[tokio::test]
async fn all_that_is_not_authentic_gets_one_and_the_same_answer() {
    let world = World::new();
    let mut wrong = signed(ORDERS, &order());
    wrong.headers_mut().insert("webhook-signature", HeaderValue::from_static("v1,AAAA"));
    let mut late = signed(ORDERS, &order());
    late.headers_mut().insert("webhook-timestamp", HeaderValue::from_static("1795255799"));
    let mut unsigned = signed(ORDERS, &order());
    unsigned.headers_mut().remove("webhook-signature");
    let mut answers = Vec::new();
    for request in [
        wrong,
        late,
        unsigned,
        signed("/webhooks/nobody/order-placed", &order()),
        signed("/webhooks/Not_A_Shop/order-placed", &order()),
        signed("/webhooks/acme/unknown", &order()),
        signed("/elsewhere", &order()),
    ] {
        let answer = world.receive(request).await;
        answer.assert(401, "refused", Some("not_authentic"));
        answers.push((answer.json, answer.headers));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(answers[0].1["content-type"], "application/problem+json");
}

#[tokio::test]
async fn a_function_serves_its_own_endpoint_only() {
    let world = World::new();
    let answer = world.ingest.receive(Some(Endpoint::CustomerUpdated), signed(ORDERS, &order())).await;
    assert_eq!(answer.response.status(), 401);
    let answer = world.ingest.receive(Some(Endpoint::OrderPlaced), signed(ORDERS, &order())).await;
    assert_eq!(answer.response.status(), 202);
}

#[tokio::test]
async fn method_and_size_come_before_the_signature() {
    let world = World::new();
    let get = Request::get(ORDERS).body(Bytes::new()).unwrap();
    let answer = world.receive(get).await;
    answer.assert(405, "refused", Some("method"));
    assert_eq!(answer.headers["allow"], "POST");
    let large = post(ORDERS).body(Bytes::from(vec![b' '; MAX_BODY + 1])).unwrap();
    world.receive(large).await.assert(413, "refused", Some("too_large"));
    let full = post(ORDERS).body(Bytes::from(vec![b' '; MAX_BODY])).unwrap();
    world.receive(full).await.assert(401, "refused", Some("not_authentic"));
    assert_eq!(world.store.reads.load(Ordering::SeqCst), 1, "only the last one was worth a look at the secret");
    let mut put = signed(ORDERS, &order());
    *put.method_mut() = Method::PUT;
    world.receive(put).await.assert(405, "refused", Some("method"));
}

#[tokio::test]
async fn a_new_secret_is_seen_before_anything_is_refused() {
    let world =
        World::with(json!({"platform": "canonical", "signing_secrets": ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}));
    world.receive(signed(ORDERS, &order())).await.assert(401, "refused", Some("not_authentic"));
    world.secret("acme/webhook", Ok(canonical_source()));
    world.pass(11);
    world.receive(signed(ORDERS, &order())).await.assert(202, "queued", None);
}

#[tokio::test]
async fn what_is_our_fault_is_503_and_to_be_sent_again() {
    let denied = || SecretError::Denied { name: "shoprelay/acme/webhook".into() };
    let world = World::new();
    world.secret("acme/webhook", Err(denied()));
    let answer = world.receive(signed(ORDERS, &order())).await;
    answer.assert(503, "unavailable", Some("secret_unreadable"));
    assert!(answer.headers.contains_key("retry-after"));

    let world = World::new();
    *world.queue.down.lock().unwrap() = true;
    world.receive(signed(ORDERS, &order())).await.assert(503, "unavailable", Some("queue_unreachable"));
    let unreadable = shopify(ORDERS, "orders/create", "{");
    world.receive(unreadable).await.assert(503, "unavailable", Some("queue_unreachable"));
    assert_eq!(world.ingest.unavailable().response.status(), 503);
}

#[tokio::test]
async fn topics_that_are_not_wanted_are_ignored_before_the_body_is_read() {
    let world = World::with(json!({"sources": [shopify_source(), canonical_source()], "forward": ["order.placed"]}));
    for (path, topic, reason) in [
        (ORDERS, "customers/update", "wrong_endpoint"),
        (ORDERS, "orders/updated", "not_forwarded"),
        (ORDERS, "refunds/create", "told_by_orders_updated"),
        (ORDERS, "carts/create", "no_order_yet"),
        (ORDERS, "themes/publish", "unknown_topic"),
        (ORDERS, "", "no_topic"),
    ] {
        world.receive(shopify(path, topic, "not JSON")).await.assert(200, "ignored", Some(reason));
    }
    let placed = shopify("/prod/webhooks/acme/order-updated", "orders/create", shopify_order());
    world.receive(placed).await.assert(202, "queued", None);
    assert_eq!(world.sent().len(), 1);
    assert!(world.parked().is_empty());
    let elsewhere = signed("/webhooks/acme/customer-updated", &order());
    world.receive(elsewhere).await.assert(200, "ignored", Some("wrong_endpoint"));
}

#[tokio::test]
async fn test_orders_are_ignored_unless_the_shop_wants_them() {
    let mut test = order();
    test["data"]["test"] = json!(true);
    let world = World::new();
    world.receive(signed(ORDERS, &test)).await.assert(200, "ignored", Some("test_order"));
    let mut by_header = shopify(ORDERS, "orders/create", shopify_order());
    by_header.headers_mut().insert("x-shopify-test", HeaderValue::from_static("true"));
    world.receive(by_header).await.assert(200, "ignored", Some("test_order"));
    let world = World::with(json!({"sources": [canonical_source()], "test_orders": "forward"}));
    world.receive(signed(ORDERS, &test)).await.assert(202, "queued", None);
}

#[tokio::test]
async fn a_webhook_of_another_shop_is_rejected_and_its_body_not_kept() {
    let world = World::with(json!({"sources": [shopify_source()], "origins": ["Other.myshopify.com"]}));
    let answer = world.receive(shopify(ORDERS, "orders/create", shopify_order())).await;
    answer.assert(202, "rejected", Some("wrong_shop"));
    let letters = world.parked();
    assert_eq!((letters.len(), letters[0].reason.as_str()), (1, "wrong_shop"));
    assert!(!letters[0].body.contains("data_base64"));
    let world = World::with(json!({"sources": [shopify_source()], "origins": ["ACME.myshopify.com"]}));
    world.receive(shopify(ORDERS, "orders/create", shopify_order())).await.assert(202, "queued", None);
}

#[tokio::test]
async fn a_customer_is_named_by_a_key_and_not_by_an_address() {
    let world = World::new();
    let answer = world.receive(signed("/webhooks/acme/customer-updated", &sample("canonical/customer.updated"))).await;
    answer.assert(202, "queued", None);
    let subject = &world.sent()[0].subject;
    assert_eq!(subject.len(), 64);
    assert_eq!(answer.receipt.subject.as_ref(), Some(subject));
}

#[tokio::test]
async fn a_well_formed_trace_context_travels_with_the_message() {
    let world = World::new();
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (given, kept) in [(good, Some(good)), ("00-bob@example.com", None)] {
        let mut request = signed(ORDERS, &order());
        request.headers_mut().insert("traceparent", HeaderValue::from_str(given).unwrap());
        world.receive(request).await.assert(202, "queued", None);
        assert_eq!(world.sent()[0].traceparent.as_deref(), kept);
    }
}
