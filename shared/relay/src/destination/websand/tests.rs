use proptest::prelude::*;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::{content_hash, subscriber, subscriber_request, transaction_request};
use crate::{
    config::{Destinations, Variables},
    event::{Customer, EventType, Item, Money, Order, Quantity, read},
    ledger::Consent,
    secret::{WebsandSecret, parse},
    shop::ShopName,
};

fn shop() -> ShopName {
    "acme".parse().unwrap()
}

fn secret(settings: &Value) -> WebsandSecret {
    let mut document = json!({"account": "acme", "api_key": "k3y"});
    document.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    parse(&document).unwrap()
}

fn order(data: &Value) -> Order {
    read(data, |place| Order::read(place, EventType::OrderPlaced, "2026-12-01T00:00:00Z".parse().unwrap())).unwrap()
}

fn customer(data: &Value) -> Customer {
    read(data, |place| Customer::read(place, "2026-12-01T00:00:00Z".parse().unwrap())).unwrap()
}

/// The transaction of an order whose currency the shop converts, or that needs no conversion.
fn transaction(order: &Order, shop: &ShopName, secret: &WebsandSecret, consented: bool) -> Value {
    super::transaction(order, shop, secret, consented).unwrap()
}

fn smallest_order() -> Order {
    order(&json!({
        "id": "12345", "placed_at": "2026-11-21T10:14:58+01:00", "customer": {"email": "Bob@Example.com"},
        "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.90"},
    }))
}

fn full_customer() -> Value {
    json!({
        "id": "c7", "email": "bob@example.com", "first_name": "Bob", "last_name": "Miller", "company": "Miller Ltd",
        "vat_id": "DE123", "phone": "+49 911 0", "postcode": "90402", "city": "Nürnberg", "country": "DE",
        "language": "de", "tags": ["vip"], "birthday": "1990-02-03", "marketing_consent": true, "double_opt_in": true,
        "consent_at": "2026-01-02T03:04:05Z", "source": "checkout",
        "custom": {"shoe_size": 44, "phone": "taken", "marketing_consent": "marketing_consent_true", "nothing": null},
    })
}

fn full_order() -> Order {
    order(&json!({
        "id": "12345", "number": "1001", "placed_at": "2026-11-21T10:14:58+01:00",
        "updated_at": "2026-11-21T10:15:00+01:00", "status": "paid", "payment": "paid", "fulfilment": "none",
        "language": "de-DE", "sales_channel": "web", "customer": full_customer(),
        "items": [
            {"id": "1", "name": "Cloth", "sku": "C-1", "quantity": 2.5, "unit_price": "4.00", "total": "10.00",
             "category": "fabric", "url": "https://shop.example.com/c",
             "image_url": "https://shop.example.com/c.png", "custom": {"colour": "red", "price": "taken"}},
            {"name": "Mug", "quantity": 1, "unit_price": 9.99},
        ],
        "total": {"amount": "23.990", "currency": "EUR", "tax": "3.83", "tax_included": true, "shipping": "4.00",
                  "discount": "0.00", "refunded": "0.00"},
        "coupons": ["SUMMER"], "tags": ["web"], "custom": {"gift": true, "shop": "taken", "deep": {"a": null}},
    }))
}

fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap()
}

#[test]
fn the_smallest_order_has_the_documented_fields_and_what_is_known() {
    insta::assert_snapshot!(pretty(&transaction(&smallest_order(), &shop(), &secret(&json!({})), true)));
}

#[test]
fn a_full_order_of_a_buyer_who_consented() {
    insta::assert_snapshot!(pretty(&transaction(&full_order(), &shop(), &secret(&json!({})), true)));
}

#[test]
fn a_shop_has_its_own_names_prefix_and_consent_field() {
    let settings = json!({
        "id_prefix": "DE-", "field_names": {"first": "firstname", "price": "unit_price", "status": "state"},
        "consent": {"granted": {"field": "optin", "value": true}},
    });
    insta::assert_snapshot!(pretty(&transaction(&full_order(), &shop(), &secret(&settings), true)));
}

#[test]
fn a_customer_is_a_subscriber() {
    let customer = customer(&full_customer());
    insta::assert_snapshot!(pretty(&subscriber(&customer, &shop(), &secret(&json!({})), Some(Consent::Granted))));
}

/// Everything that signs a person up, or off.
fn consent_fields(body: &Value, container: &str) -> Map<String, Value> {
    let fields = body.pointer(container).unwrap().as_object().unwrap();
    let about = |name: &str| ["marketing_consent", "subscribed_at", "confirmed", "optin"].contains(&name);
    fields.iter().filter(|(name, _)| about(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[test]
fn nothing_is_said_about_consent_unless_event_and_ledger_agree() {
    let both =
        json!({"consent": {"granted": {"field": "optin", "value": 1}, "withdrawn": {"field": "optin", "value": 0}}});
    let default = json!({});
    let said = |settings: &Value, given: Value, said| {
        let mut data = full_customer();
        data["marketing_consent"] = given;
        consent_fields(&subscriber(&customer(&data), &shop(), &secret(settings), said), "/subscriber")
    };
    for given in [json!(true), json!(false), json!(null)] {
        assert!(said(&both, given, None).is_empty());
    }
    for given in [json!(false), json!(null)] {
        assert!(said(&both, given, Some(Consent::Granted)).is_empty());
    }
    for given in [json!(true), json!(null)] {
        assert!(said(&both, given, Some(Consent::Withdrawn)).is_empty());
    }
    assert!(said(&default, json!(false), Some(Consent::Withdrawn)).is_empty(), "it cannot be expressed");
    assert_eq!(Value::Object(said(&both, json!(false), Some(Consent::Withdrawn))), json!({"optin": 0}));
    let granted = json!({"optin": 1, "subscribed_at": "2026-01-02T03:04:05Z", "confirmed": "true"});
    assert_eq!(Value::Object(said(&both, json!(true), Some(Consent::Granted))), granted);

    let body = transaction(&full_order(), &shop(), &secret(&both), false);
    assert!(consent_fields(&body, "/transaction/customer").is_empty(), "{body}");
}

#[test]
fn a_sign_up_without_time_or_confirmation_claims_neither() {
    let customer = customer(&json!({"email": "bob@example.com", "marketing_consent": true}));
    let body = subscriber(&customer, &shop(), &secret(&json!({})), Some(Consent::Granted));
    let expected = json!({"marketing_consent": "marketing_consent_true"});
    assert_eq!(Value::Object(consent_fields(&body, "/subscriber")), expected);
}

#[test]
fn the_hash_depends_on_the_content_only() {
    let body = |order: &Order| transaction(order, &shop(), &secret(&json!({})), false);
    let hash = content_hash(&body(&full_order()));
    assert_eq!(hash, content_hash(&body(&full_order())));
    assert_eq!(hash.len(), 64);
    let numbers = json!({"price": serde_json::from_str::<Value>("19.90").unwrap()});
    assert_eq!(content_hash(&numbers), content_hash(&json!({"price": serde_json::from_str::<Value>("19.9").unwrap()})));
    assert_ne!(content_hash(&json!([[1], 2])), content_hash(&json!([1, [2]])));
    let reordered: Value = serde_json::from_str(r#"{"b": 1, "a": {"d": 1, "c": 2}}"#).unwrap();
    assert_eq!(content_hash(&reordered), content_hash(&json!({"a": {"c": 2, "d": 1}, "b": 1})));
    let mut changed = full_order();
    changed.payment = Some("refunded".into());
    assert_ne!(hash, content_hash(&body(&changed)));
}

/// Ledgers hold hashes that earlier versions made. Where this test has to change, orders under `updates: "all"` are sent
/// once more with their next update: the changelog says so.
#[test]
fn the_hash_of_an_order_is_the_same_in_every_version() {
    let body = transaction(&full_order(), &shop(), &secret(&json!({})), true);
    insta::assert_snapshot!(content_hash(&body), @"697a99b836fd205e1ecaca7f74e68bf87af9f85d365c10843256d484b718c187");
}

#[test]
fn some_fields_are_sent_only_under_a_name_of_the_shops_own() {
    let names = ["vat_id", "customer_id", "item_id"];
    let plain = transaction(&full_order(), &shop(), &secret(&json!({})), true).to_string();
    assert!(names.iter().all(|name| !plain.contains(name)), "{plain}");
    let settings = json!({"field_names": {"vat_id": "vat", "customer_id": "customer_id", "item_id": "line"}});
    let body = transaction(&full_order(), &shop(), &secret(&settings), true);
    let customer = &body["transaction"]["customer"];
    assert_eq!((&customer["vat"], &customer["customer_id"]), (&json!("DE123"), &json!("c7")));
    assert_eq!(body["transaction"]["items"][0]["line"], "1");
}

#[test]
fn a_test_order_says_so_and_a_revision_is_no_content() {
    let mut order = full_order();
    let body = |order: &Order| transaction(order, &shop(), &secret(&json!({})), true);
    let before = body(&order);
    assert!(before["transaction"].get("test").is_none());
    order.updated_at = Some("2026-11-22T00:00:00Z".parse().unwrap());
    assert_eq!(content_hash(&body(&order)), content_hash(&before));
    order.test = true;
    assert_eq!(body(&order)["transaction"]["test"], true);
}

#[test]
fn calls_go_to_the_shops_account_with_its_key() {
    let real = Destinations::from_variables(Variables(&|_| None)).unwrap();
    let body = json!({"a": 1});
    let call = transaction_request(&real, &secret(&json!({})), &body).unwrap();
    assert_eq!(call.url.as_str(), "https://acme.websandhq.com/api/data/transaction");
    let (name, value) = call.credential.as_ref().unwrap();
    assert_eq!((*name, value.expose_secret()), ("authorization", "Token k3y"));
    assert_eq!((call.json.as_deref(), call.timeout), (Some(&b"{\"a\":1}"[..]), real.http_timeout));
    assert!(!call.fresh_connection && !format!("{call:?}").contains("k3y"));

    let sandbox = |name: &str| (name == "SHOPRELAY_WEBSAND_URL").then(|| "http://127.0.0.1:1/{account}/".to_owned());
    let sandbox = Destinations::from_variables(Variables(&sandbox)).unwrap();
    let call = subscriber_request(&sandbox, &secret(&json!({})), &body).unwrap();
    assert_eq!(call.url.as_str(), "http://127.0.0.1:1/acme/api/data/subscriber");
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// Names that are likely to collide: ours, the shop's, and those already evaded.
fn name() -> impl Strategy<Value = String> {
    let ours =
        ["email", "first", "firstname", "name", "price", "shop", "customer", "total", "optin", "subscribed_at", "x"];
    let prefix = proptest::sample::select(vec!["", "custom_", "custom_custom_"]);
    (prefix, proptest::sample::select(ours.to_vec())).prop_map(|(prefix, name)| format!("{prefix}{name}"))
}

fn custom() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![3 => any::<i32>().prop_map(Value::from), 1 => Just(Value::Null), 1 => Just(json!([null]))];
    proptest::collection::btree_map(name(), value, 0..8).prop_map(|fields| fields.into_iter().collect())
}

fn cents() -> impl Strategy<Value = Decimal> {
    (0i64..100_000_000).prop_map(|cents| Decimal::new(cents, 2))
}

proptest! {
    #[test]
    fn further_fields_displace_nothing_and_are_all_there(of_order in custom(), of_customer in custom(), of_item in custom()) {
        let settings = json!({"field_names": {"first": "firstname"}, "consent": {"granted": {"field": "optin", "value": true}}});
        let secret = secret(&settings);
        let mut order = full_order();
        order.custom.clear();
        order.customer.custom.clear();
        order.items[0].custom.clear();
        let plain = transaction(&order, &shop(), &secret, true);
        order.custom = of_order.clone();
        order.customer.custom = of_customer.clone();
        order.items[0].custom = of_item.clone();
        let body = transaction(&order, &shop(), &secret, true);
        prop_assert!(!has_null(&body));
        let of = |pointer: &str| (plain.pointer(pointer).unwrap().as_object().unwrap(), body.pointer(pointer).unwrap());
        for (pointer, custom) in
            [("/transaction", of_order), ("/transaction/customer", of_customer), ("/transaction/items/0", of_item)]
        {
            let (before, after) = of(pointer);
            let substantial = custom.values().filter(|value| value.is_number()).count();
            prop_assert_eq!(after.as_object().unwrap().len(), before.len() + substantial);
            for (field, value) in before.iter().filter(|(_, value)| !value.is_object() && !value.is_array()) {
                prop_assert_eq!(&after[field], value);
            }
        }
    }

    #[test]
    fn sums_are_exact(prices in proptest::collection::vec((cents(), 1i64..1000), 1..20)) {
        let mut order = smallest_order();
        order.items = prices.iter().map(|(price, quantity)| Item {
            unit_price: Some(Money(*price)),
            quantity: Quantity(Decimal::from(*quantity)),
            ..order.items[0].clone()
        }).collect();
        order.total.amount = Money(prices.iter().map(|(price, quantity)| price * Decimal::from(*quantity)).sum());
        let text = transaction(&order, &shop(), &secret(&json!({})), false).to_string();
        let body: Value = serde_json::from_str(&text).unwrap();
        let decimal = |value: &Value| value.as_number().unwrap().to_string().parse::<Decimal>().unwrap();
        let items = body["transaction"]["items"].as_array().unwrap();
        let sum: Decimal = items.iter().map(|item| decimal(&item["price"]) * decimal(&item["quantity"])).sum();
        prop_assert_eq!(sum, decimal(&body["transaction"]["total"]["total"]));
    }
}
