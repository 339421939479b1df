//! Amounts in the account's currency: Websand adds up what it gets, whatever currency it was in.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    event::{Currency, Item, Money, Order, Total},
    secret::Currencies,
};

mod balance;
#[cfg(test)]
mod tests;

/// An order whose amounts cannot be converted. It would be summed wrongly, so it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFactor {
    /// Its currency is not listed.
    #[error("the order is in {0}: give it a factor in `currencies` of the shop's websand secret")]
    Unlisted(Currency),
    /// It names none.
    #[error("the order names no currency: `currencies` of the shop's websand secret cannot be applied")]
    Unnamed,
}

/// Lines and total of the order in the account's currency; nothing if they are in it already, or if the shop has no
/// `currencies`.
///
/// Every amount is rounded to the smallest unit of the account's currency. Where the parts of the order add up to its
/// total they do so afterwards: see [`balance`]. A converted line always has its `total`, because a converted price
/// times a quantity is not exact to the unit.
pub(super) fn converted(
    order: &Order,
    currencies: Option<&Currencies>,
) -> Result<Option<(Vec<Item>, Total)>, NoFactor> {
    let Some(currencies) = currencies else { return Ok(None) };
    let own = order.total.currency.ok_or(NoFactor::Unnamed)?;
    if own == currencies.account {
        return Ok(None);
    }
    let factor = *currencies.factors.get(&own).ok_or(NoFactor::Unlisted(own))?;
    let rate = Rate { factor, decimals: currencies.account.decimals() };
    let mut total = Total {
        amount: rate.money(order.total.amount),
        currency: Some(currencies.account),
        tax: order.total.tax.map(|tax| rate.money(tax)),
        shipping: order.total.shipping.map(|shipping| rate.money(shipping)),
        discount: order.total.discount.map(|discount| rate.money(discount)),
        refunded: order.total.refunded.map(|refunded| rate.money(refunded)),
        tax_included: order.total.tax_included,
    };
    let line = |item: &Item| Item {
        unit_price: item.unit_price.map(|price| rate.money(price)),
        total: line_total(item).map(|total| rate.money(Money(total))),
        ..item.clone()
    };
    let mut lines: Vec<Item> = order.items.iter().map(line).collect();
    balance::balance(order, &mut lines, &mut total, rate);
    for (line, original) in lines.iter_mut().zip(&order.items) {
        // The price of a single piece is what the line costs.
        if original.unit_price.is_some_and(|price| line_total(original) == Some(price.0)) {
            line.unit_price = line.total;
        }
    }
    Ok(Some((lines, total)))
}

/// What one line costs: as the order says, else price times quantity; unknown if it says neither.
fn line_total(item: &Item) -> Option<Decimal> {
    item.total.map(|total| total.0).or_else(|| item.unit_price?.0.checked_mul(item.quantity.0))
}

/// How amounts are converted.
#[derive(Clone, Copy)]
struct Rate {
    factor: Decimal,
    decimals: u32,
}

impl Rate {
    /// The amount, not rounded. An amount has at most 18 digits and a factor at most 10, so this is exact; a line's
    /// price times its quantity may have more and is then as exact as a decimal can be.
    fn exact(self, amount: Decimal) -> Decimal {
        amount.checked_mul(self.factor).unwrap_or_default()
    }

    /// Rounded as cash registers do: half a unit is a whole one.
    fn rounded(self, exact: Decimal) -> Decimal {
        let mut rounded = exact.round_dp_with_strategy(self.decimals, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(self.decimals);
        rounded
    }

    fn money(self, amount: Money) -> Money {
        Money(self.rounded(self.exact(amount.0)))
    }

    /// The smallest unit of the account's currency.
    fn unit(self) -> Decimal {
        Decimal::new(1, self.decimals)
    }
}
