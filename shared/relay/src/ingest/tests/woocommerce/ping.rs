//! The unsigned form that WooCommerce sends when a webhook is activated.

use super::*;

fn form(path: &str, body: &'static str) -> Request<Bytes> {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    request.body(Bytes::from(body)).unwrap()
}

#[tokio::test]
async fn a_ping_is_answered_for_known_and_unknown_shops_alike_and_leads_to_nothing() {
    let world = world();
    let mut answers = Vec::new();
    for path in [ORDERS, CUSTOMERS, "/webhooks/nobody/order-placed", "/prod/webhooks/acme/order-placed/"] {
        for body in ["webhook_id=7", "webhook_id=12345678901234567890"] {
            let answer = world.receive(form(path, body)).await;
            answer.assert(200, "ignored", Some("ping"));
            answers.push((answer.json, answer.headers));
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(world.sent().is_empty() && world.parked().is_empty());
    assert_eq!(world.store.reads.load(Ordering::SeqCst), 0, "no secret has to be in reach");
}

#[tokio::test]
async fn what_is_not_quite_a_ping_is_not_authentic() {
    let world = world();
    for body in ["webhook_id=", "webhook_id=7&a=b", "webhook_id=x", " webhook_id=7", "webhook_id=7\n", "id=7", ""] {
        world.receive(form(ORDERS, body)).await.assert(401, "refused", Some("not_authentic"));
    }
    for path in ["/", "/elsewhere", "/webhooks/acme", "/webhooks/acme/orders", "/webhooks/Not_A_Shop/order-placed"] {
        world.receive(form(path, "webhook_id=7")).await.assert(401, "refused", Some("not_authentic"));
    }
    for header in ["x-wc-webhook-topic", "x-wc-webhook-signature"] {
        let mut request = form(ORDERS, "webhook_id=7");
        request.headers_mut().insert(header, HeaderValue::from_static("order.created"));
        world.receive(request).await.assert(401, "refused", Some("not_authentic"));
    }
    for (method, status, reason) in [(Method::PUT, 401, "not_authentic"), (Method::GET, 405, "method")] {
        let mut request = form(ORDERS, "webhook_id=7");
        *request.method_mut() = method;
        world.receive(request).await.assert(status, "refused", Some(reason));
    }
}

#[tokio::test]
async fn a_function_answers_the_pings_of_its_own_endpoint() {
    let world = world();
    for (served, status) in [(Endpoint::OrderUpdated, 200), (Endpoint::CustomerUpdated, 401)] {
        let answer = world.ingest.receive(Some(served), form(ORDERS, "webhook_id=7")).await;
        assert_eq!(answer.response.status(), status);
    }
}
