//! Rounded parts that add up to the rounded whole, by largest remainders.

use rust_decimal::Decimal;

use super::{Rate, line_total};
use crate::event::{Item, Money, Order, Total};

/// One part of an order: what it is after conversion, and how far rounding took it from what it should be.
struct Part {
    place: Place,
    /// How much of the exact amount rounding took away, as it counts in the sum: at most half a unit either way.
    lost: Decimal,
    /// Whether it counts against the sum.
    is_taken_off: bool,
}

/// Where a part stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Line(usize),
    Shipping,
    Discount,
    Tax,
}

/// Which parts besides the lines make up the total. Shops differ in whether a line is before or after discounts.
#[derive(Clone, Copy)]
struct Sum {
    shipping: bool,
    discount: bool,
    tax: bool,
}

/// Mends the rounded amounts of an order whose exact ones add up, so that they add up as well.
///
/// The total stays as it is rounded. The difference is made good by one unit each, first on the lines that rounding
/// changed most in that direction, then, if there are too few of them, on shipping, discount and tax. So no amount is as
/// much as a unit away from what it exactly is, and what was zero stays zero. An order that does not add up by itself is
/// left alone.
pub(super) fn balance(order: &Order, lines: &mut [Item], total: &mut Total, rate: Rate) {
    let Some(sum) = how_it_adds_up(order) else { return };
    let mut parts = Vec::with_capacity(lines.len() + 3);
    let mut missing = total.amount.0;
    let mut add = |place, original: Decimal, converted: Option<Money>, is_taken_off: bool| {
        let Some(Money(rounded)) = converted else { return };
        let sign = if is_taken_off { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
        missing -= rounded * sign;
        parts.push(Part { place, lost: (rate.exact(original) - rounded) * sign, is_taken_off });
    };
    for (number, (line, original)) in lines.iter().zip(&order.items).enumerate() {
        add(Place::Line(number), line_total(original).unwrap_or_default(), line.total, false);
    }
    let of = |money: Option<Money>| money.map_or(Decimal::ZERO, |money| money.0);
    if sum.shipping {
        add(Place::Shipping, of(order.total.shipping), total.shipping, false);
    }
    if sum.discount {
        add(Place::Discount, of(order.total.discount), total.discount, true);
    }
    if sum.tax {
        add(Place::Tax, of(order.total.tax), total.tax, false);
    }
    let is_up = missing.is_sign_positive();
    parts.retain(|part| !part.lost.is_zero() && part.lost.is_sign_positive() == is_up);
    parts.sort_by_key(|part| (!matches!(part.place, Place::Line(_)), std::cmp::Reverse(part.lost.abs()), part.place));
    for part in parts {
        if missing.is_zero() {
            break;
        }
        let unit = if is_up { rate.unit() } else { -rate.unit() };
        let amount = match part.place {
            Place::Line(number) => lines.get_mut(number).and_then(|line| line.total.as_mut()),
            Place::Shipping => total.shipping.as_mut(),
            Place::Discount => total.discount.as_mut(),
            Place::Tax => total.tax.as_mut(),
        };
        if let Some(Money(amount)) = amount {
            *amount += if part.is_taken_off { -unit } else { unit };
            missing -= unit;
        }
    }
}

/// Which parts make up the order's total, if any do. Where several would, those an order is expected to have.
fn how_it_adds_up(order: &Order) -> Option<Sum> {
    let mut lines = Decimal::ZERO;
    for item in &order.items {
        lines = lines.checked_add(line_total(item)?)?;
    }
    let Total { amount, tax, tax_included, shipping, discount, .. } = &order.total;
    let of = |part: &Option<Money>, counts: bool| part.filter(|_| counts).map_or(Decimal::ZERO, |money| money.0);
    let with_tax_first = if *tax_included == Some(false) { [true, false] } else { [false, true] };
    for shipping_counts in [true, false] {
        for tax_counts in with_tax_first {
            for discount_counts in [false, true] {
                let extra = of(shipping, shipping_counts) + of(tax, tax_counts) - of(discount, discount_counts);
                if lines.checked_add(extra)? == amount.0 {
                    return Some(Sum { shipping: shipping_counts, discount: discount_counts, tax: tax_counts });
                }
            }
        }
    }
    None
}
