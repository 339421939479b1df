use proptest::{option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::{
    destination::websand::transaction,
    event::{EventType, Quantity, read},
    secret::{WebsandSecret, parse},
};

fn secret(currencies: &Value) -> WebsandSecret {
    parse(&json!({"account": "acme", "api_key": "k", "currencies": currencies})).unwrap()
}

fn order(total: &Value, items: &Value) -> Order {
    let data = json!({
        "id": "1", "placed_at": "2026-11-21T10:14:58Z", "customer": {"email": "bob@example.com"},
        "items": items, "total": total,
    });
    read(&data, |place| Order::read(place, EventType::OrderPlaced, "2026-12-01T00:00:00Z".parse().unwrap())).unwrap()
}

fn sent(order: &Order, currencies: &Value) -> Value {
    transaction(order, &"acme".parse().unwrap(), &secret(currencies), false).unwrap()["transaction"].take()
}

fn decimal(value: &Value) -> Decimal {
    value.as_number().unwrap().to_string().parse().unwrap()
}

#[test]
fn an_order_in_another_currency_is_converted_and_keeps_what_it_was() {
    let total = json!({"amount": "33.00", "currency": "USD", "tax": "5.27", "tax_included": true, "shipping": "3.00",
                       "discount": "0.00", "refunded": "33.00"});
    let items = json!([{"name": "Cup", "quantity": 3, "unit_price": "3.3333", "total": "10.00"},
                       {"name": "Pot", "unit_price": "10.00"}, {"name": "Tin", "unit_price": "10.00", "total": "10.00"}]);
    let body = sent(&order(&total, &items), &json!({"EUR": 1, "USD": "0.8777"}));
    insta::assert_snapshot!(body["items"][0], @r#"{"line_total":8.77,"name":"Cup","original_line_total":10.00,"original_price":3.3333,"price":2.93,"quantity":3}"#);
    insta::assert_snapshot!(body["items"][1], @r#"{"line_total":8.78,"name":"Pot","original_price":10.00,"price":8.78,"quantity":1}"#);
    insta::assert_snapshot!(body["items"][2], @r#"{"line_total":8.78,"name":"Tin","original_line_total":10.00,"original_price":10.00,"price":8.78,"quantity":1}"#);
    insta::assert_snapshot!(body["total"], @r#"{"currency":"EUR","discount":0.00,"original_currency":"USD","original_discount":0.00,"original_refunded":33.00,"original_shipping":3.00,"original_tax":5.27,"original_total":33.00,"refunded":28.96,"shipping":2.63,"tax":4.63,"tax_included":true,"total":28.96}"#);
}

#[test]
fn an_order_in_the_accounts_currency_and_one_of_a_shop_without_factors_stay_as_they_are() {
    let same =
        order(&json!({"amount": "19.9900", "currency": "EUR"}), &json!([{"name": "Cup", "unit_price": "19.9900"}]));
    for currencies in [json!({"EUR": 1, "USD": 2}), json!(null)] {
        let body = sent(&same, &currencies);
        assert_eq!(body["total"].to_string(), r#"{"currency":"EUR","total":19.9900}"#);
        assert_eq!(body["items"][0]["price"].to_string(), "19.9900");
    }
}

#[test]
fn an_order_whose_currency_is_not_listed_is_refused_with_the_settings_name() {
    let items = json!([{"name": "Cup"}]);
    for (total, expected) in [
        (json!({"amount": 1, "currency": "GBP"}), NoFactor::Unlisted("GBP".parse().unwrap())),
        (json!({"amount": 1}), NoFactor::Unnamed),
    ] {
        let secret = secret(&json!({"EUR": 1, "USD": "0.9"}));
        let error = transaction(&order(&total, &items), &"acme".parse().unwrap(), &secret, false).unwrap_err();
        assert_eq!(error, expected);
        assert!(error.to_string().contains("`currencies`"), "{error}");
    }
}

#[test]
fn amounts_have_the_decimals_of_the_accounts_currency() {
    for (currencies, expected) in [
        (json!({"JPY": 1, "USD": "149.567"}), "1494"),
        (json!({"KWD": 1, "USD": "0.3071"}), "3.068"),
        (json!({"EUR": 1, "USD": "0.05"}), "0.50"),
    ] {
        let body = sent(&order(&json!({"amount": "9.99", "currency": "USD"}), &json!([{"name": "Cup"}])), &currencies);
        assert_eq!(body["total"]["total"].to_string(), expected, "{currencies}");
    }
}

#[test]
fn amounts_at_the_limits_of_what_an_event_may_say_are_converted_without_harm() {
    let most = "999999999999.999999";
    let items = json!([{"name": "Cup", "unit_price": most, "quantity": most}, {"name": "Pot", "unit_price": "-1"}]);
    let total = json!({"amount": most, "currency": "USD", "tax": most, "shipping": most, "discount": most});
    let body = sent(&order(&total, &items), &json!({"EUR": 1, "USD": "9999999999"}));
    assert_eq!(body["total"]["total"].to_string(), "9999999998999999990000.00");
    assert_eq!(body["items"][1]["price"].to_string(), "-9999999999.00");
}

/// An order in its own currency, with or without parts, that adds up.
#[derive(Debug)]
struct Made {
    order: Order,
    tax_counts: bool,
    discount_counts: bool,
}

fn amount(from: i64, to: i64) -> impl Strategy<Value = Decimal> {
    (from..to, select(vec![0u32, 2, 2, 3, 4])).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

prop_compose! {
    fn made(most_lines: usize)(
        lines in prop::collection::vec((amount(-20_000, 9_000_000), amount(1, 50_000), 0..3u8), 1..most_lines),
        shipping in option::of(amount(0, 100_000)),
        discount in option::of(amount(0, 100_000)),
        tax in option::of(amount(0, 1_000_000)),
        refunded in option::of(amount(0, 1_000_000)),
        tax_included in option::of(any::<bool>()),
        discount_counts: bool,
    ) -> Made {
        let mut order = order(&json!({"amount": 0, "currency": "USD"}), &json!([{"name": "Cup"}]));
        let template = order.items[0].clone();
        order.items = lines.into_iter().map(|(price, quantity, kind)| Item {
            unit_price: Some(Money(price)).filter(|_| kind != 1),
            quantity: if kind == 2 { Quantity(quantity) } else { Quantity::ONE },
            total: Some(Money(price)).filter(|_| kind == 1),
            ..template.clone()
        }).collect();
        let tax_counts = tax_included == Some(false);
        let of = |amount: Option<Decimal>, counts: bool| amount.filter(|_| counts).unwrap_or_default();
        let lines: Decimal = order.items.iter().map(|item| line_total(item).unwrap()).sum();
        let amount = lines + of(shipping, true) + of(tax, tax_counts) - of(discount, discount_counts);
        let money = |amount: Option<Decimal>| amount.map(Money);
        order.total = Total {
            amount: Money(amount), currency: order.total.currency, tax: money(tax), tax_included,
            shipping: money(shipping), discount: money(discount), refunded: money(refunded),
        };
        Made { order, tax_counts, discount_counts }
    }
}

fn rates() -> impl Strategy<Value = (&'static str, Decimal)> {
    let factor = (1i64..9_999_999_999, 0u32..12).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    (select(vec!["EUR", "JPY", "KWD"]), factor)
        .prop_filter("one names the account", |(_, factor)| *factor != Decimal::ONE)
}

/// What was exact stays exact: converted parts make up the converted total, and none is a whole unit off.
fn check(made: &Made, account: &str, factor: Decimal) -> Result<(), TestCaseError> {
    let Made { order, tax_counts, discount_counts } = made;
    let currencies = json!({account: 1, "USD": factor.to_string()});
    let body = sent(order, &currencies);
    let unit = Decimal::new(1, account.parse::<Currency>().unwrap().decimals());
    let total = &body["total"];
    let near = |sent: Decimal, exact: Decimal| (sent - exact * factor).abs() < unit && (sent % unit).is_zero();
    let items = body["items"].as_array().unwrap();
    let mut sum = Decimal::ZERO;
    for (item, original) in items.iter().zip(&order.items) {
        let line = decimal(&item["line_total"]);
        prop_assert!(near(line, line_total(original).unwrap()), "{item}");
        if let Some(price) = original.unit_price {
            prop_assert_eq!(decimal(&item["original_price"]), price.0);
            prop_assert!(near(decimal(&item["price"]), price.0), "{}", item);
            prop_assert!(original.quantity != Quantity::ONE || item["price"] == item["line_total"], "{}", item);
        }
        sum += line;
    }
    let parts = [
        ("shipping", order.total.shipping, Decimal::ONE),
        ("tax", order.total.tax, if *tax_counts { Decimal::ONE } else { Decimal::ZERO }),
        ("discount", order.total.discount, if *discount_counts { Decimal::NEGATIVE_ONE } else { Decimal::ZERO }),
        ("refunded", order.total.refunded, Decimal::ZERO),
    ];
    for (name, original, sign) in parts {
        if let Some(Money(original)) = original {
            prop_assert!(near(decimal(&total[name]), original), "{name}: {total}");
            prop_assert_eq!(decimal(&total[&format!("original_{name}")]), original);
            sum += decimal(&total[name]) * sign;
        }
    }
    prop_assert_eq!(sum, decimal(&total["total"]));
    prop_assert_eq!(decimal(&total["original_total"]), order.total.amount.0);
    let exact = order.total.amount.0 * factor;
    prop_assert!((decimal(&total["total"]) - exact).abs() <= unit / Decimal::TWO, "the total is rounded, no more");
    Ok(())
}

proptest! {
    #[test]
    fn converted_orders_add_up_as_they_did(made in made(12), (account, factor) in rates()) {
        check(&made, account, factor)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn orders_of_thousands_of_lines_add_up_too(made in made(4000), (account, factor) in rates()) {
        check(&made, account, factor)?;
    }
}
