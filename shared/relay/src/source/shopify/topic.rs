//! What each of Shopify's topics is to us. Names as in <https://shopify.dev/docs/api/webhooks>.

use crate::event::EventType;

/// What a topic is to us.
pub(super) enum Topic {
    /// An order or a customer.
    Event(EventType),
    /// A decision about marketing mail, without the customer's data.
    Consent,
    /// A privacy request; apps must take all three
    /// (<https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>).
    Privacy(Request),
    /// Nothing, for this reason.
    Ignored(&'static str),
}

/// What a privacy request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// What is held about a person.
    Data,
    /// Forget a person.
    Forget,
    /// Forget everybody: the shop has left.
    ForgetShop,
}

impl Topic {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "orders/create" => Self::Event(EventType::OrderPlaced),
            "orders/updated"
            | "orders/paid"
            | "orders/cancelled"
            | "orders/fulfilled"
            | "orders/partially_fulfilled" => Self::Event(EventType::OrderUpdated),
            "customers/create" | "customers/update" => Self::Event(EventType::CustomerUpdated),
            "customers_email_marketing_consent/update" => Self::Consent,
            "customers/data_request" => Self::Privacy(Request::Data),
            "customers/redact" => Self::Privacy(Request::Forget),
            "shop/redact" => Self::Privacy(Request::ForgetShop),
            _ => Self::Ignored(ignored(name)),
        }
    }
}

fn ignored(name: &str) -> &'static str {
    match name {
        // They say when Shopify finds a text message allowed, not a mail.
        "customers_marketing_consent/update" => "sms_consent",
        // Their bodies have no buyer or are no orders; `orders/updated` comes beside them and carries the change.
        "refunds/create" | "orders/edited" | "order_transactions/create" => "told_by_orders_updated",
        // Two ids; the customer that is left comes with `customers/update`.
        "customers/merge" => "told_by_customers_update",
        // Bodies of an id alone. Deleting data from a shop asks nobody else to: that is what the privacy topics are for.
        "customers/delete" => "customer_deleted",
        "orders/delete" => "order_deleted",
        "customers/enable" | "customers/disable" => "account_state",
        "customer.tags_added" | "customer.tags_removed" => "customer_tags",
        "app/uninstalled" => UNINSTALLED,
        _ => match name.split_once('/').map_or(name, |(family, _)| family) {
            // Neither dates nor texts: no promotion can be made of it.
            "discounts" | "price_rules" => "no_promotion",
            // `orders/create` comes when they are completed.
            "draft_orders" | "carts" | "checkouts" => "no_order_yet",
            "fulfillments" | "fulfillment_events" | "fulfillment_orders" => "told_by_orders_updated",
            _ => "unknown_topic",
        },
    }
}

/// The app was removed from the shop: nothing comes any more, and nobody might notice.
pub(super) const UNINSTALLED: &str = "app_uninstalled";
