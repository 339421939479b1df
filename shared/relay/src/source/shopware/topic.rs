//! What each of Shopware's events is to us.

use super::Subject;
use crate::{event::EventType, message::ReferenceKind};

/// What an event is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// It brings what it is about.
    Event(EventType, Subject),
    /// It names rows of a table that were written.
    Written(ReferenceKind),
    /// Nothing to do, for this reason.
    Ignored(&'static str),
}

/// The state machines whose states make up an order's.
const MACHINES: [&str; 3] = ["order", "order_transaction", "order_delivery"];

impl Topic {
    /// The meaning of the event of this name.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "checkout.order.placed" => Self::Event(EventType::OrderPlaced, Subject::Order),
            "checkout.customer.register" | "checkout.customer.guest_register" => {
                Self::Event(EventType::CustomerUpdated, Subject::Customer)
            }
            "newsletter.register" | "newsletter.confirm" | "newsletter.unsubscribe" => {
                Self::Event(EventType::CustomerUpdated, Subject::Newsletter)
            }
            "order.written" => Self::Written(ReferenceKind::Order),
            "customer.written" => Self::Written(ReferenceKind::Customer),
            "checkout.customer.login" => Self::Ignored("login"),
            // Deleting an account is no wish to be forgotten, and the orders stay.
            "checkout.customer.deleted" => Self::Ignored("customer_deleted"),
            "app.system_heartbeat" => Self::Ignored("heartbeat"),
            _ if name.starts_with("app.") => Self::Ignored("lifecycle"),
            _ => match entered(name) {
                Some((machine, _)) if MACHINES.contains(&machine) => {
                    Self::Event(EventType::OrderUpdated, Subject::Order)
                }
                // Every transition has two events; the one about the new state is enough.
                None if name.starts_with("state_leave.order") => Self::Ignored("told_by_state_enter"),
                _ => Self::Ignored("unknown_topic"),
            },
        }
    }
}

/// The state machine and the state that it entered.
pub(super) fn entered(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("state_enter.")?.split_once(".state.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_known_by_its_whole_name() {
        for name in [
            "state_enter.order.state.cancelled",
            "state_enter.order_transaction.state.refunded_partially",
            "state_enter.order_delivery.state.shipped",
        ] {
            assert_eq!(Topic::of(name), Topic::Event(EventType::OrderUpdated, Subject::Order), "{name}");
        }
        for (name, reason) in [
            ("app.deleted", "lifecycle"),
            ("app.system_heartbeat", "heartbeat"),
            ("checkout.customer.login", "login"),
            ("checkout.customer.deleted", "customer_deleted"),
            ("state_leave.order.state.open", "told_by_state_enter"),
            ("state_enter.order_transaction_capture_refund.state.completed", "unknown_topic"),
            ("product.written", "unknown_topic"),
            ("checkout.order.placed.criteria", "unknown_topic"),
        ] {
            assert_eq!(Topic::of(name), Topic::Ignored(reason), "{name}");
        }
    }
}
