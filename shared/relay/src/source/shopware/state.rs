//! Where an order stands: three state machines (order, payment, delivery) and the event that tells of one of them.
//!
//! The states are those of Shopware's own installation
//! (<https://developer.shopware.com/docs/resources/references/core-reference/commerce/checkout-concept/orders.html>).

use super::topic::entered;
use crate::{
    event::OrderStatus,
    source::{
        Json,
        payload::{list, text, time},
    },
};

/// The states of an order. What the event says comes first: the object may have been read before the transition.
pub(super) struct States {
    order: Option<String>,
    /// That of the newest payment.
    pub(super) payment: Option<String>,
    /// That of the newest delivery.
    pub(super) fulfilment: Option<String>,
    is_sent: bool,
}

impl States {
    pub(super) fn of(order: &Json<'_>, event: Option<&str>) -> Self {
        let told = event.and_then(entered);
        let told = |machine: &str| told.filter(|(of, _)| *of == machine).map(|(_, state)| state.to_owned());
        let payments: Vec<&Json<'_>> = list(order, &["transactions"]).iter().collect();
        let deliveries: Vec<&Json<'_>> = list(order, &["deliveries"]).iter().filter(|one| is_delivery(one)).collect();
        // A payment that came to nothing does not speak for the order: another may have taken its place.
        let payment = told("order_transaction").filter(|state| !matches!(state.as_str(), "cancelled" | "failed"));
        let all_sent =
            !deliveries.is_empty() && deliveries.iter().all(|one| state(one).as_deref().is_some_and(is_sent));
        let told_delivery = told("order_delivery");
        let only_one_sent = deliveries.len() <= 1 && told_delivery.as_deref().is_some_and(is_sent);
        Self {
            order: told("order").or_else(|| state(order)),
            payment: payment.or_else(|| newest(&payments)).or_else(|| told("order_transaction")),
            is_sent: all_sent || only_one_sent,
            fulfilment: told_delivery.or_else(|| newest(&deliveries)),
        }
    }

    /// The furthest the order has come.
    pub(super) fn status(&self) -> OrderStatus {
        match (self.order.as_deref(), self.payment.as_deref()) {
            (Some("cancelled"), _) => OrderStatus::Cancelled,
            (_, Some("refunded")) => OrderStatus::Refunded,
            (_, Some("refunded_partially")) => OrderStatus::PartiallyRefunded,
            (Some("completed"), _) => OrderStatus::Fulfilled,
            _ if self.is_sent => OrderStatus::Fulfilled,
            (_, Some("paid")) => OrderStatus::Paid,
            _ => OrderStatus::Placed,
        }
    }
}

fn state(of: &Json<'_>) -> Option<String> {
    text(of, &["stateMachineState", "technicalName"])
}

/// What came back had been sent.
fn is_sent(state: &str) -> bool {
    matches!(state, "shipped" | "returned" | "returned_partially")
}

/// A discount on shipping is a delivery too, one with negative costs that nobody ever sends.
fn is_delivery(delivery: &Json<'_>) -> bool {
    !super::amount::decimal(delivery, &["shippingCosts", "totalPrice"]).is_some_and(|costs| costs.is_sign_negative())
}

/// The state of the one that was made last.
fn newest(all: &[&Json<'_>]) -> Option<String> {
    all.iter().max_by_key(|one| time(one, &["createdAt"])).and_then(|one| state(one))
}
