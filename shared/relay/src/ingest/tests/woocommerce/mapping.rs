//! What the fields of orders and customers come to.

use super::*;

#[tokio::test]
async fn what_the_buyer_saw_is_told_as_the_buyer_saw_it() {
    let order = order(|_| {}).await;
    assert_eq!(order.total.tax_included, Some(true));
    let texts = |index: usize| {
        let item = &order.items[index];
        let money = |money: Option<crate::event::Money>| money.map(String::from).unwrap();
        (item.name.clone(), money(item.unit_price), money(item.total), item.quantity.0.to_string())
    };
    assert_eq!(texts(0), ("Espresso – Dark Roast, 500 g".into(), "11.90".into(), "21.42".into(), "2".into()));
    assert_eq!(texts(1), ("Linen & Cotton, by the metre".into(), "12.00".into(), "16.20".into(), "1.5".into()));
    assert_eq!(order.items[0].image_url.as_deref(), Some("https://shop.example.com/wp-content/uploads/espresso.jpg"));
    assert_eq!(order.items[1].image_url, None);
    assert_eq!(
        json!(order.items[0].custom),
        json!({"pa_grind": "whole-bean", "product_id": "931", "variation_id": "940"})
    );
    let total = json!(order.total);
    assert_eq!(
        total,
        json!({"amount": "45.02", "currency": "EUR", "tax": "5.17", "tax_included": true,
        "shipping": "4.90", "discount": "4.18", "refunded": "0.00"})
    );
    assert_eq!(
        json!(order.custom),
        json!({"gift_message": "Happy birthday – enjoy!", "payment_method_title": "PayPal",
        "shipping_method": "Parcel", "fees": [{"name": "Gift wrapping", "total": "2.50"}],
        "customer_note": "Please ring twice"})
    );
    assert_eq!((order.number.as_deref(), order.coupons.as_slice()), (Some("2026-0042"), &["autumn10".to_owned()][..]));
    assert_eq!(order.customer.company.as_deref(), Some("Miller & Sons"));
}

#[tokio::test]
async fn prices_without_tax_stay_so_and_so_do_those_whose_tax_is_not_told() {
    let without_tax = |body: &mut Value| body["prices_include_tax"] = json!(false);
    let untold = |body: &mut Value| body["line_items"][1]["total_tax"] = Value::Null;
    for change in [without_tax as fn(&mut Value), untold] {
        let order = order(change).await;
        assert_eq!(order.total.tax_included, Some(false));
        assert_eq!(order.items[0].unit_price, Some("11.12".parse().unwrap()));
        assert_eq!(order.items[1].total, Some("13.61".parse().unwrap()));
        assert_eq!(order.total.shipping, Some("4.12".parse().unwrap()));
    }
}

#[tokio::test]
async fn a_price_with_binary_noise_is_used_only_where_nothing_better_is_there() {
    let order = order(|body| {
        body["line_items"][0] = serde_json::from_str(
            r#"{"id": 1, "name": "&nbsp;", "sku": 4711, "quantity": 1.2000000000000002, "price": 2.9899999999999998}"#,
        )
        .unwrap();
    })
    .await;
    let item = &order.items[0];
    assert_eq!(item.unit_price, Some("2.99".parse().unwrap()));
    assert_eq!(
        (item.name.as_str(), item.sku.as_deref(), item.quantity.0.to_string()),
        ("4711", Some("4711"), "1.2".into())
    );
}

#[tokio::test]
async fn the_state_of_an_order_is_told_in_our_words_and_in_its_own() {
    for (state, paid, refunds, status, payment) in [
        ("pending", false, json!([]), "placed", "unpaid"),
        ("on-hold", false, json!([]), "placed", "unpaid"),
        ("failed", false, json!([]), "placed", "failed"),
        ("processing", true, json!([]), "paid", "paid"),
        ("wc-processing", false, json!([]), "paid", "paid"),
        ("completed", true, json!([]), "fulfilled", "paid"),
        ("completed", true, json!([{"total": "-5.00"}]), "partially_refunded", "partially_refunded"),
        ("completed", true, json!([{"total": "-5.00"}, {"total": "-40.02"}]), "refunded", "refunded"),
        ("refunded", true, json!([{"total": "-45.02"}]), "refunded", "refunded"),
        ("refunded", true, json!([]), "refunded", "refunded"),
        ("cancelled", false, json!([]), "cancelled", "unpaid"),
        ("cancelled", true, json!([{"total": "-45.02"}]), "cancelled", "refunded"),
        ("ready-to-ship", true, json!([]), "paid", "paid"),
        ("awaiting-quote", false, json!([]), "placed", "unpaid"),
    ] {
        let order = order(|body| {
            body["status"] = json!(state);
            body["refunds"] = refunds.clone();
            if !paid {
                body["date_paid"] = Value::Null;
                body["date_paid_gmt"] = Value::Null;
            }
        })
        .await;
        let told = (order.status.name(), order.payment.as_deref(), order.fulfilment.as_deref());
        assert_eq!(told, (status, Some(payment), Some(state.trim_start_matches("wc-"))), "{state} {refunds}");
        let refunded: rust_decimal::Decimal = refunds.as_array().unwrap().iter().map(refund).sum();
        let told = order.total.refunded.map(|money| money.0);
        assert_eq!(told, (state != "refunded" || !refunded.is_zero()).then_some(refunded), "{state}");
    }
}

fn refund(refund: &Value) -> rust_decimal::Decimal {
    -refund["total"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap()
}

#[tokio::test]
async fn times_are_utc_and_local_ones_are_used_only_where_there_is_no_other() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(order(|_| {}).await.placed_at, at("2026-11-21T10:14:58Z"));
    let local = |body: &mut Value| body["date_created_gmt"] = Value::Null;
    assert_eq!(order(local).await.placed_at, at("2026-11-21T11:14:58Z"), "nothing says where the shop is");
    let mut secret = platforms::source(Platform::Woocommerce);
    secret["time_zone"] = json!("Europe/Berlin");
    let world = World::with(secret);
    let body = changed("order-created", local);
    world.receive(request(ORDERS, "order.created", body)).await.assert(202, "queued", None);
    let Payload::Event(Event::OrderPlaced(order)) = world.sent().remove(0).payload else { panic!("an order") };
    assert_eq!(order.placed_at, at("2026-11-21T10:14:58Z"));
    // A customer who was never changed has only been created, and nothing is newer than its receipt.
    for (modified, created, revision) in [
        (json!("2026-11-21T10:00:01"), json!("2026-11-21T09:00:00"), "2026-11-21T10:00:01Z"),
        (Value::Null, json!("2026-11-21T09:00:00"), "2026-11-21T09:00:00Z"),
        (Value::Null, json!("not yet"), "2026-11-21T10:15:00Z"),
        (json!("2099-01-01T00:00:00"), Value::Null, "2026-11-21T10:15:00Z"),
    ] {
        let customer = customer(|body| {
            body["date_modified_gmt"] = modified;
            body["date_modified"] = Value::Null;
            body["date_created"] = Value::Null;
            body["date_created_gmt"] = created;
        });
        assert_eq!(customer.await.updated_at, Some(at(revision)));
    }
}

#[tokio::test]
async fn a_customer_is_who_they_say_and_lives_where_the_bill_goes() {
    let known = customer(|body| body["first_name"] = json!("")).await;
    assert_eq!((known.id.as_deref(), known.first_name.as_deref()), (Some("2077"), Some("Bob")));
    assert_eq!((known.postcode.as_deref(), known.country.as_deref()), (Some("90762"), Some("DE")));
    assert_eq!(known.marketing_consent, None);
    let custom = json!({"is_paying_customer": true, "role": "customer", "favourite_roast": "dark"});
    assert_eq!(json!(known.custom), custom);
    let moved = customer(|body| {
        body["billing"] = json!({"email": "bob@example.com", "country": "XXL"});
        body["shipping"]["city"] = json!("Erlangen");
    });
    assert_eq!(moved.await.city.as_deref(), Some("Erlangen"));
    let guest = order(|body| body["customer_id"] = json!(0)).await;
    assert_eq!((guest.customer.id, guest.customer.marketing_consent), (None, None));
}
