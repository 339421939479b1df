//! An order: placed and updated are one subject.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    customer::Customer,
    value::{Currency, Money, Quantity},
};
use crate::text::holds_address;

mod read;

/// An order.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Order {
    /// The shop's id of the order: the subject.
    #[schemars(length(min = 1, max = 200), regex(pattern = "^[^@]*$"))]
    pub id: String,
    /// The number shown to the buyer.
    pub number: Option<String>,
    /// When it was placed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub placed_at: Timestamp,
    /// The source's revision. Required in `order.updated`.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated_at: Option<Timestamp>,
    /// Where the order stands as a whole.
    #[serde(default)]
    pub status: OrderStatus,
    /// The state of payment, in the source's words (`unpaid`, `paid` …).
    pub payment: Option<String>,
    /// The state of fulfilment, in the source's words (`none`, `shipped` …).
    pub fulfilment: Option<String>,
    /// A test order: not forwarded unless the shop says so.
    #[serde(default)]
    pub test: bool,
    /// Language of the order, as a BCP 47 tag.
    pub language: Option<String>,
    /// Which sales channel it came through.
    pub sales_channel: Option<String>,
    /// The buyer.
    pub customer: Customer,
    /// What was bought; at least one.
    #[schemars(length(min = 1))]
    pub items: Vec<Item>,
    /// What it costs.
    pub total: Total,
    /// Coupon codes used.
    #[serde(default)]
    pub coupons: Vec<String>,
    /// Tags of the order.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Further fields, passed on as they are.
    #[serde(default)]
    pub custom: serde_json::Map<String, serde_json::Value>,
}

impl Order {
    /// The number by which people look the order up, unless it may be an address: those are kept nowhere.
    pub(crate) fn shown_number(&self) -> Option<String> {
        self.number.clone().filter(|number| !holds_address(number))
    }
}

impl fmt::Debug for Order {
    /// Shows no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("updated_at", &self.updated_at)
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Item {
    /// Shows nothing of what was bought.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").finish_non_exhaustive()
    }
}

/// Where an order stands as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OrderStatus {
    #[default]
    Placed,
    Paid,
    Fulfilled,
    PartiallyRefunded,
    Refunded,
    Cancelled,
}

impl OrderStatus {
    /// All of them, in ascending order of rank.
    pub const ALL: [Self; 6] =
        [Self::Placed, Self::Paid, Self::Fulfilled, Self::PartiallyRefunded, Self::Refunded, Self::Cancelled];

    /// The canonical name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Fulfilled => "fulfilled",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }

    /// At the same revision, a lower rank never replaces a higher one. Refunded and cancelled are both ends.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Placed => 0,
            Self::Paid => 1,
            Self::Fulfilled => 2,
            Self::PartiallyRefunded => 3,
            Self::Refunded | Self::Cancelled => 4,
        }
    }
}

/// One line of an order.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Item {
    /// The shop's id of the line or product.
    pub id: Option<String>,
    /// The product's name.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// How many.
    #[serde(default)]
    pub quantity: Quantity,
    /// Price of one.
    pub unit_price: Option<Money>,
    /// Price of the line.
    pub total: Option<Money>,
    /// The product's category.
    pub category: Option<String>,
    /// The product's page.
    pub url: Option<String>,
    /// The product's picture.
    pub image_url: Option<String>,
    /// Further fields, passed on as they are.
    #[serde(default)]
    pub custom: serde_json::Map<String, serde_json::Value>,
}

/// What an order costs, in the shop's accounting currency where the source has it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Total {
    /// What the buyer owes: with tax and shipping, after discounts, before refunds.
    pub amount: Money,
    /// The currency of all amounts of the order.
    pub currency: Option<Currency>,
    /// Tax.
    pub tax: Option<Money>,
    /// Whether `unit_price` and `total` of the items include tax.
    pub tax_included: Option<bool>,
    /// Shipping.
    pub shipping: Option<Money>,
    /// Discount.
    pub discount: Option<Money>,
    /// Paid back so far.
    pub refunded: Option<Money>,
}
