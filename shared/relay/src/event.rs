//! Canonical events: what happened in a shop, in our own words, valid by construction.

mod customer;
mod fault;
mod order;
mod promotion;
mod read;
pub mod schema;
mod value;

pub use customer::Customer;
pub use fault::{Fault, FaultCode, Faults};
pub use order::{Item, Order, OrderStatus, Total};
pub use promotion::{Audience, AudienceFilter, Cancellation, Channel, Link, LinkOpen, OsType, Promotion, ZipArea};
pub use read::{Reader, read};
pub use value::{Currency, Email, Money, Quantity};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What kind of event it is; the name is the canonical `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum EventType {
    #[serde(rename = "order.placed")]
    OrderPlaced,
    #[serde(rename = "order.updated")]
    OrderUpdated,
    #[serde(rename = "customer.updated")]
    CustomerUpdated,
    #[serde(rename = "promotion.scheduled")]
    PromotionScheduled,
    #[serde(rename = "promotion.cancelled")]
    PromotionCancelled,
}

impl EventType {
    /// All types, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::OrderPlaced,
        Self::OrderUpdated,
        Self::CustomerUpdated,
        Self::PromotionScheduled,
        Self::PromotionCancelled,
    ];

    /// The canonical name, such as `order.placed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderPlaced => "order.placed",
            Self::OrderUpdated => "order.updated",
            Self::CustomerUpdated => "customer.updated",
            Self::PromotionScheduled => "promotion.scheduled",
            Self::PromotionCancelled => "promotion.cancelled",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A canonical event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// A new order.
    OrderPlaced(Box<Order>),
    /// A change of an order: paid, fulfilled, cancelled, refunded …
    OrderUpdated(Box<Order>),
    /// A customer's data or consent.
    CustomerUpdated(Box<Customer>),
    /// A new or changed promotion.
    PromotionScheduled(Box<Promotion>),
    /// A promotion called off.
    PromotionCancelled(Cancellation),
}

impl Event {
    /// Reads an event's data; `now` is when the event was received.
    pub fn read(place: &Reader<'_>, kind: EventType, now: Timestamp) -> Option<Self> {
        Some(match kind {
            EventType::OrderPlaced => Self::OrderPlaced(Box::new(Order::read(place, kind, now)?)),
            EventType::OrderUpdated => Self::OrderUpdated(Box::new(Order::read(place, kind, now)?)),
            EventType::CustomerUpdated => Self::CustomerUpdated(Box::new(Customer::read(place, now)?)),
            EventType::PromotionScheduled => Self::PromotionScheduled(Box::new(Promotion::read(place, now)?)),
            EventType::PromotionCancelled => Self::PromotionCancelled(Cancellation::read(place, now)?),
        })
    }

    /// The source's revision of the event's subject, if it has one.
    pub fn revision_time(&self) -> Option<Timestamp> {
        match self {
            Self::OrderPlaced(order) | Self::OrderUpdated(order) => order.updated_at,
            Self::CustomerUpdated(customer) => customer.updated_at,
            Self::PromotionScheduled(promotion) => Some(promotion.updated_at),
            Self::PromotionCancelled(cancellation) => Some(cancellation.updated_at),
        }
    }

    /// The same with nothing said about consent.
    #[must_use]
    pub fn without_consent(self) -> Self {
        let silent = |order: Order| Box::new(Order { customer: order.customer.without_consent(), ..order });
        match self {
            Self::OrderPlaced(order) => Self::OrderPlaced(silent(*order)),
            Self::OrderUpdated(order) => Self::OrderUpdated(silent(*order)),
            Self::CustomerUpdated(customer) => Self::CustomerUpdated(Box::new(customer.without_consent())),
            other => other,
        }
    }

    /// A placed order as the change of one that is known already, where it has a revision of its own: it says nothing
    /// about consent any more. Anything else stays as it is.
    #[must_use]
    pub fn into_update(self) -> Self {
        match self.without_consent() {
            Self::OrderPlaced(order) if order.updated_at.is_some() => Self::OrderUpdated(order),
            other => other,
        }
    }

    /// Whether it is a test order.
    pub fn is_test(&self) -> bool {
        matches!(self, Self::OrderPlaced(order) | Self::OrderUpdated(order) if order.test)
    }

    /// The event's type.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::OrderPlaced(_) => EventType::OrderPlaced,
            Self::OrderUpdated(_) => EventType::OrderUpdated,
            Self::CustomerUpdated(_) => EventType::CustomerUpdated,
            Self::PromotionScheduled(_) => EventType::PromotionScheduled,
            Self::PromotionCancelled(_) => EventType::PromotionCancelled,
        }
    }
}
