//! What Shopware's orders come to.

use super::*;

#[tokio::test]
async fn lines_shipping_and_discount_make_up_what_is_owed() {
    let order = order(&body("checkout-order-placed", |_| {})).await;
    let total = &order.total;
    let lines: rust_decimal::Decimal = order.items.iter().map(|item| item.total.unwrap().0).sum();
    assert_eq!(lines + total.shipping.unwrap().0 - total.discount.unwrap().0, total.amount.0);
    assert_eq!((order.items.len(), total.tax_included, total.tax), (2, Some(true), "9.57".parse().ok()));
    assert_eq!((order.coupons, order.tags), (vec!["AUTUMN".to_owned()], vec!["gift".to_owned()]));
    assert_eq!(json!(order.custom), json!({"gift_note": "With love", "campaign_code": "newsletter-47"}));
    assert_eq!(json!(order.items[0].custom["options"]), "Colour: green");
    let buyer = order.customer;
    assert_eq!((buyer.postcode.as_deref(), buyer.company.as_deref()), (Some("90402"), Some("Beispiel GmbH")));
    assert_eq!((buyer.email.as_str(), buyer.tags), ("lena.beispiel@example.com", vec!["Regular".to_owned()]));
    assert_eq!(buyer.birthday, "1991-04-23".parse().ok());
    assert_eq!((buyer.language.as_deref(), buyer.phone.as_deref()), (Some("de-DE"), Some("+49 911 5550100")));
}

#[tokio::test]
async fn a_bundle_is_counted_once_and_a_credit_is_a_discount() {
    let order = order(&body("checkout-order-placed", |body| {
        let lines = order_of(body)["lineItems"].as_array_mut().unwrap();
        let mut part = lines[0].clone();
        (part["parentId"], part["id"]) = (lines[0]["id"].clone(), json!("part"));
        lines.push(part);
        lines.push(json!({"id": "c", "type": "credit", "label": "Goodwill", "totalPrice": -1.5, "payload": []}));
        lines.push(
            json!({"id": "s", "type": "custom", "label": "Wrapping", "quantity": 1, "totalPrice": 2, "payload": []}),
        );
    }))
    .await;
    let names: Vec<_> = order.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["Garden lantern", "Candles, box of 12", "Wrapping"]);
    assert_eq!(order.total.discount, "8".parse().ok());
}

#[tokio::test]
async fn prices_say_themselves_whether_tax_is_in_them() {
    for (status, included, tax) in
        [("gross", Some(true), "9.57"), ("net", Some(false), "9.57"), ("tax-free", None, "0")]
    {
        let order = order(&body("checkout-order-placed", |body| order_of(body)["taxStatus"] = json!(status))).await;
        assert_eq!((order.total.tax_included, order.total.tax), (included, tax.parse().ok()), "{status}");
    }
}

#[tokio::test]
async fn the_status_is_the_furthest_an_order_has_come_and_the_event_knows_it_first() {
    let machines = |order: &str, payment: &str, delivery: &str| [order, payment, delivery].map(str::to_owned);
    for (event, states, status) in [
        ("checkout.order.placed", machines("open", "open", "open"), "placed"),
        ("checkout.order.placed", machines("open", "paid", "open"), "paid"),
        ("state_enter.order_transaction.state.paid", machines("open", "open", "open"), "paid"),
        ("state_enter.order_transaction.state.paid_partially", machines("open", "open", "open"), "placed"),
        ("state_enter.order_transaction.state.authorized", machines("open", "authorized", "open"), "placed"),
        // A payment given up for another one, which came in.
        ("state_enter.order_transaction.state.cancelled", machines("open", "paid", "open"), "paid"),
        ("state_enter.order_delivery.state.shipped", machines("in_progress", "paid", "open"), "fulfilled"),
        ("state_enter.order_delivery.state.shipped_partially", machines("in_progress", "paid", "open"), "paid"),
        ("state_enter.order.state.completed", machines("in_progress", "paid", "shipped"), "fulfilled"),
        ("state_enter.order.state.in_progress", machines("open", "paid", "shipped"), "fulfilled"),
        ("state_enter.order_transaction.state.refunded", machines("completed", "paid", "shipped"), "refunded"),
        (
            "state_enter.order_transaction.state.refunded_partially",
            machines("completed", "paid", "shipped"),
            "partially_refunded",
        ),
        ("state_enter.order.state.cancelled", machines("open", "refunded", "open"), "cancelled"),
    ] {
        let order = order(&body("checkout-order-placed", |body| {
            body["data"]["event"] = json!(event);
            let [order, payment, delivery] = states.map(|state| json!({"technicalName": state}));
            let object = order_of(body);
            object["stateMachineState"] = order;
            object["transactions"][0]["stateMachineState"] = payment;
            object["deliveries"][0]["stateMachineState"] = delivery;
            // A discount on shipping is a delivery that nobody ever sends.
            let discount =
                json!({"shippingCosts": {"totalPrice": -4.9}, "stateMachineState": {"technicalName": "open"}});
            object["deliveries"].as_array_mut().unwrap().push(discount);
        }))
        .await;
        assert_eq!(order.status.name(), status, "{event}");
    }
}

#[tokio::test]
async fn a_revision_is_the_latest_time_in_the_order_and_never_later_than_its_receipt() {
    let payment = |time: &'static str| {
        body("checkout-order-placed", |body| {
            order_of(body)["transactions"][0]["updatedAt"] = json!(time);
        })
    };
    let now = Timestamp::from_second(NOW).unwrap();
    for (time, revision) in [
        ("2026-11-21T10:14:59.000+00:00", "2026-11-21T10:14:59Z".parse().unwrap()),
        ("2020-01-01T00:00:00.000+00:00", "2026-11-21T10:14:58.205Z".parse().unwrap()),
        ("2099-01-01T00:00:00.000+00:00", now),
    ] {
        assert_eq!(order(&payment(time)).await.updated_at, Some(revision), "{time}");
    }
}

#[tokio::test]
async fn an_order_that_lacks_what_it_consists_of_is_fetched() {
    let lacking = |field: &str| {
        body("checkout-order-placed", |body| {
            order_of(body)["currencyFactor"] = json!(1.1);
            order_of(body)[field] = Value::Null;
        })
    };
    let expected = vec![(ReferenceKind::Order, ID.to_owned(), EventType::OrderPlaced)];
    for field in ["orderCustomer", "lineItems", "currency"] {
        assert_eq!(references(ORDERS, &lacking(field)).await, expected, "{field}");
    }
    let own_currency = body("checkout-order-placed", |body| order_of(body)["currency"] = Value::Null);
    assert_eq!(order(&own_currency).await.total.currency, None);
    let nameless = body("checkout-order-placed", |body| {
        order_of(body)["orderCustomer"]["email"] = json!("");
        order_of(body)["orderCustomer"]["customer"] = Value::Null;
    });
    ignored(ORDERS, &nameless, "no_email").await;
}

#[tokio::test]
async fn what_a_language_is_called_stands_in_headers_that_only_a_buyers_action_vouches_for() {
    for (event, id, language) in [
        ("checkout.order.placed", "2fbb5fe2e29a4d70aa5854ce7ce3e20b", Some("en-GB")),
        ("checkout.order.placed", "0fbb5fe2e29a4d70aa5854ce7ce3e20b", None),
        ("state_enter.order.state.completed", "2fbb5fe2e29a4d70aa5854ce7ce3e20b", None),
    ] {
        let world = world();
        let body = body("checkout-order-placed", |body| {
            body["data"]["event"] = json!(event);
            order_of(body)["language"] = Value::Null;
        });
        let mut request = request(ORDERS, &body);
        request.headers_mut().insert("sw-context-language", HeaderValue::from_static(id));
        request.headers_mut().insert("sw-user-language", HeaderValue::from_static("en-GB"));
        world.receive(request).await.assert(202, "queued", None);
        let message: Value = serde_json::from_str(&world.sent().remove(0).to_json()).unwrap();
        assert_eq!(message["data"]["language"], json!(language), "{event} {id}");
    }
}
