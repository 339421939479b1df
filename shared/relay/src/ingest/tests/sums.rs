//! Sums to the cent: orders as each platform writes them, with any amounts that add up there, add up at Websand too, in
//! their own currency and in another.

use proptest::{prelude::*, test_runner::TestCaseError};
use rust_decimal::Decimal;

use super::{fixtures, platforms, *};
use crate::{
    destination::websand,
    event::{Event, EventType, Order},
    message::Payload,
    secret::{WebsandSecret, parse},
    shop::Platform,
    source::bigcommerce,
};

/// One line: what one piece costs, how many, what discounts took off the line, and the tax on what is left.
#[derive(Clone, Copy, Debug)]
struct Line {
    price: Decimal,
    quantity: Decimal,
    discount: Decimal,
    tax: Decimal,
}

impl Line {
    fn whole(&self) -> Decimal {
        self.price * self.quantity
    }
}

/// What an order costs, without tax; it adds up.
#[derive(Clone, Debug)]
struct Costs {
    lines: Vec<Line>,
    shipping: Decimal,
    shipping_tax: Decimal,
    refunded: Decimal,
    is_gross: bool,
}

impl Costs {
    fn sum(&self, of: impl Fn(&Line) -> Decimal) -> Decimal {
        self.lines.iter().map(of).sum()
    }

    fn tax(&self) -> Decimal {
        self.sum(|line| line.tax) + self.shipping_tax
    }

    /// What the buyer owes, where taxes come on top of everything.
    fn owed(&self) -> Decimal {
        self.sum(|line| line.whole() - line.discount) + self.shipping + self.tax()
    }

    /// The same where prices are told with tax and nothing comes on top of them.
    fn owed_as_told(&self) -> Decimal {
        self.owed() - if self.is_gross { self.tax() } else { Decimal::ZERO }
    }
}

fn cents(from: i64, to: i64) -> impl Strategy<Value = Decimal> {
    (from..to).prop_map(|cents| Decimal::new(cents, 2))
}

fn line(can_be_fraction: bool) -> impl Strategy<Value = Line> {
    // The price of metres and kilograms has few decimals, so that price times quantity is what the shop says it is.
    let whole = (1i64..40).prop_map(|pieces| Decimal::new(pieces, 0)).boxed();
    let part = (1i64..400).prop_map(|tenths| Decimal::new(tenths, 1)).boxed();
    let quantity = if can_be_fraction { prop_oneof![3 => whole, 1 => part].boxed() } else { whole };
    let price = prop_oneof![8 => cents(0, 30_000), 1 => Just(Decimal::ZERO), 1 => cents(-3_000, 0)];
    (price, quantity, cents(0, 500), cents(0, 900)).prop_map(|(price, quantity, discount, tax)| Line {
        price: if quantity.fract().is_zero() { price } else { price.trunc() },
        quantity,
        discount,
        tax,
    })
}

prop_compose! {
    fn costs(most: usize, can_be_fraction: bool)(
        lines in prop::collection::vec(line(can_be_fraction), 1..most),
        shipping in cents(0, 2_000),
        shipping_tax in cents(0, 400),
        refunded in cents(0, 5_000),
        is_gross: bool,
    ) -> Costs {
        Costs { lines, shipping, shipping_tax, refunded, is_gross }
    }
}

/// A JSON number with these digits.
fn number(amount: Decimal) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap()
}

/// The order that a webhook of a platform brings.
fn received(platform: Platform, headers: &Value, body: &Value) -> Order {
    let entry = json!({"endpoint": "order-placed", "headers": headers});
    let request = fixtures::request(platform, &entry, body.to_string().into());
    let world = World::with(platforms::everything());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(world.receive(request));
    let Some(Payload::Event(Event::OrderPlaced(order))) = world.sent().pop().map(|message| message.payload) else {
        panic!("{} {:?}", answer.json, world.parked())
    };
    *order
}

fn shopify_order(costs: &Costs) -> Order {
    let mut body = sample("sources/shopify/orders-create");
    let template = body["line_items"][0].clone();
    let line = |line: &Line| {
        let mut item = template.clone();
        item["price"] = json!(line.price.to_string());
        item["quantity"] = number(line.quantity);
        item["discount_allocations"] = json!([{"amount": line.discount.to_string()}]);
        item
    };
    body["line_items"] = costs.lines.iter().map(line).collect();
    body["total_shipping_price_set"] = json!({"shop_money": {"amount": costs.shipping.to_string()}});
    body["total_discounts"] = json!(costs.sum(|line| line.discount).to_string());
    body["total_tax"] = json!(costs.tax().to_string());
    body["taxes_included"] = json!(costs.is_gross);
    body["total_price"] = json!(costs.owed_as_told().to_string());
    body["refunds"] = json!([{"transactions": [{"kind": "refund", "amount": costs.refunded.to_string()}]}]);
    received(Platform::Shopify, &json!({"x-shopify-topic": "orders/create"}), &body)
}

/// Its amounts are without tax in the payload, whatever the shop's prices are.
fn woocommerce_order(costs: &Costs) -> Order {
    let mut body = sample("sources/woocommerce/order-created");
    let template = body["line_items"][0].clone();
    let line = |line: &Line| {
        let mut item = template.clone();
        item["quantity"] = number(line.quantity);
        item["subtotal"] = json!(line.whole().to_string());
        item["subtotal_tax"] = json!(line.tax.to_string());
        item["total"] = json!((line.whole() - line.discount).to_string());
        item["total_tax"] = json!(line.tax.to_string());
        item
    };
    body["line_items"] = costs.lines.iter().map(line).collect();
    body["fee_lines"] = json!([]);
    body["shipping_total"] = json!(costs.shipping.to_string());
    body["shipping_tax"] = json!(costs.shipping_tax.to_string());
    body["discount_total"] = json!(costs.sum(|line| line.discount).to_string());
    body["discount_tax"] = json!("0.00");
    body["total_tax"] = json!(costs.tax().to_string());
    body["total"] = json!(costs.owed().to_string());
    body["prices_include_tax"] = json!(costs.is_gross);
    body["refunds"] = json!([{"id": 1, "total": (-costs.refunded).to_string()}]);
    let headers = json!({"x-wc-webhook-topic": "order.created", "x-wc-webhook-source": "https://shop.example.com/"});
    received(Platform::Woocommerce, &headers, &body)
}

/// Discounts are a line of their own.
fn shopware_order(costs: &Costs) -> Order {
    let mut body = sample("sources/shopware/checkout-order-placed");
    let order = &mut body["data"]["payload"]["order"];
    let template = order["lineItems"][0].clone();
    let line = |(place, line): (usize, &Line)| {
        let mut item = template.clone();
        (item["id"], item["parentId"], item["type"]) = (json!(format!("{place:032x}")), Value::Null, json!("product"));
        (item["quantity"], item["unitPrice"]) = (number(line.quantity), number(line.price));
        item["totalPrice"] = number(line.whole());
        item
    };
    let mut lines: Vec<Value> = costs.lines.iter().enumerate().map(line).collect();
    let discount = -costs.sum(|line| line.discount);
    let mut promotion = template.clone();
    (promotion["id"], promotion["parentId"], promotion["type"]) =
        (json!("f".repeat(32)), Value::Null, json!("promotion"));
    (promotion["quantity"], promotion["unitPrice"], promotion["totalPrice"]) =
        (json!(1), number(discount), number(discount));
    lines.push(promotion);
    order["lineItems"] = lines.into();
    order["shippingTotal"] = number(costs.shipping);
    order["taxStatus"] = json!(if costs.is_gross { "gross" } else { "net" });
    order["price"]["taxStatus"] = order["taxStatus"].clone();
    order["price"]["calculatedTaxes"] = json!([{"tax": number(costs.tax())}]);
    order["amountTotal"] = number(costs.owed_as_told());
    order["price"]["totalPrice"] = order["amountTotal"].clone();
    received(Platform::Shopware, &json!({}), &body)
}

/// As its API answers: four decimals, and every amount with and without tax.
fn bigcommerce_order(costs: &Costs) -> Order {
    let mut order: Value =
        serde_json::from_slice(&fixtures::body(Platform::Bigcommerce, &json!({"file": BIGCOMMERCE_ORDER}))).unwrap();
    let written = |amount: Decimal| json!(format!("{amount:.4}"));
    let product = |line: &Line| {
        let with_tax = line.whole() + if costs.is_gross { Decimal::ZERO } else { line.tax };
        json!({
            "id": 1, "name": "Cup", "quantity": number(line.quantity), "price_ex_tax": written(line.price),
            "price_inc_tax": written(line.price), "total_ex_tax": written(line.whole()), "total_inc_tax": written(with_tax),
        })
    };
    let products: Vec<Value> = costs.lines.iter().map(product).collect();
    order["is_tax_inclusive_pricing"] = json!(costs.is_gross);
    order["total_inc_tax"] = written(costs.owed_as_told());
    order["total_tax"] = written(costs.tax());
    order["shipping_cost_ex_tax"] = written(costs.shipping);
    order["shipping_cost_inc_tax"] =
        written(costs.shipping + if costs.is_gross { Decimal::ZERO } else { costs.shipping_tax });
    order["discount_amount"] = written(costs.sum(|line| line.discount));
    order["coupon_discount"] = written(Decimal::ZERO);
    order["refunded_amount"] = written(costs.refunded);
    order["status_id"] = json!(11);
    let now = Timestamp::from_second(NOW).unwrap();
    let event = bigcommerce::map_order(&order, &products, &[], EventType::OrderPlaced, now).unwrap();
    let Event::OrderPlaced(order) = event else { panic!("no order") };
    *order
}

const BIGCOMMERCE_ORDER: &str = "order_paid_with_coupon.json";

/// What Websand gets adds up, before and after conversion.
fn check(
    order: &Order,
    owed: Decimal,
    refunded: Option<Decimal>,
    is_discount_apart: bool,
) -> Result<(), TestCaseError> {
    let shop = "acme".parse().unwrap();
    let currency = order.total.currency.unwrap();
    for currencies in [Value::Null, json!({"XTS": 1, currency.as_str(): "1.0837"})] {
        let secret: WebsandSecret =
            parse(&json!({"account": "acme", "api_key": "k", "currencies": currencies})).unwrap();
        let body = websand::transaction(order, &shop, &secret, false).unwrap();
        let (items, total) = (&body["transaction"]["items"], &body["transaction"]["total"]);
        let amount =
            |value: &Value| value.as_number().map_or(Decimal::ZERO, |number| number.to_string().parse().unwrap());
        let before = |name: &str| {
            if currencies.is_null() { amount(&total[name]) } else { amount(&total[&format!("original_{name}")]) }
        };
        prop_assert_eq!(before("total"), owed);
        if let Some(refunded) = refunded {
            prop_assert_eq!(before("refunded"), refunded);
        }
        let mut sum: Decimal = items.as_array().unwrap().iter().map(|item| amount(&item["line_total"])).sum();
        sum += amount(&total["shipping"]);
        if is_discount_apart {
            sum -= amount(&total["discount"]);
        }
        if total["tax_included"] == false {
            sum += amount(&total["tax"]);
        }
        prop_assert_eq!(sum, amount(&total["total"]), "{}", body);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shopifys_orders_add_up(costs in costs(8, false)) {
        check(&shopify_order(&costs), costs.owed_as_told(), Some(costs.refunded), false)?;
    }

    #[test]
    fn woocommerces_orders_add_up(costs in costs(8, true)) {
        check(&woocommerce_order(&costs), costs.owed(), Some(costs.refunded), false)?;
    }

    #[test]
    fn shopwares_orders_add_up(costs in costs(8, false)) {
        check(&shopware_order(&costs), costs.owed_as_told(), None, true)?;
    }

    #[test]
    fn bigcommerces_orders_add_up(costs in costs(8, false)) {
        check(&bigcommerce_order(&costs), costs.owed_as_told(), Some(costs.refunded), true)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]

    #[test]
    fn an_order_of_thousands_of_lines_adds_up(costs in costs(3000, false)) {
        check(&shopware_order(&costs), costs.owed_as_told(), None, true)?;
    }
}
