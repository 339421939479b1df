//! The topics that lead to something: where each is sent to, and what comes of it. What a shop is told to subscribe to,
//! and what test webhooks there are, comes from here.

use relay::{event::EventType, shop::Platform};

/// A topic.
pub(crate) struct Known {
    /// The platform's name of it.
    pub(crate) topic: &'static str,
    /// The last segment of its URL.
    pub(crate) endpoint: &'static str,
    /// What it says.
    pub(crate) meaning: Meaning,
    /// The topic whose sample serves for it, too, because the platform sends the same object.
    pub(crate) like: Option<&'static str>,
}

/// What a topic says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// It becomes this event.
    Event(EventType),
    /// Somebody wants to be forgotten, or to know what is held about them.
    Privacy,
    /// It is said to every receiver by itself; nobody has to subscribe to it.
    Handshake,
    /// It becomes an event that another topic brings, too, or brings better.
    Besides,
    /// It is acknowledged, and nothing is done.
    Ignored,
}

use Meaning::{Besides, Event, Handshake, Ignored, Privacy};

const PLACED: (&str, Meaning) = ("order-placed", Event(EventType::OrderPlaced));
const UPDATED: (&str, Meaning) = ("order-updated", Event(EventType::OrderUpdated));
const CUSTOMER: (&str, Meaning) = ("customer-updated", Event(EventType::CustomerUpdated));
const ORDER_BESIDES: (&str, Meaning) = ("order-updated", Besides);
const PRIVACY: (&str, Meaning) = ("customer-updated", Privacy);

const fn known(topic: &'static str, (endpoint, meaning): (&'static str, Meaning)) -> Known {
    Known { topic, endpoint, meaning, like: None }
}

const fn same(topic: &'static str, of: (&'static str, Meaning), like: &'static str) -> Known {
    Known { like: Some(like), ..known(topic, of) }
}

const CANONICAL: &[Known] = &[
    known("order.placed", PLACED),
    known("order.updated", UPDATED),
    known("customer.updated", CUSTOMER),
    known("promotion.scheduled", ("promotion-scheduled", Event(EventType::PromotionScheduled))),
    known("promotion.cancelled", ("promotion-cancelled", Event(EventType::PromotionCancelled))),
];

/// Topic names as Shopify's webhook reference has them: <https://shopify.dev/docs/api/webhooks>. The last three are
/// mandatory for apps: <https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance>.
const SHOPIFY: &[Known] = &[
    known("orders/create", PLACED),
    same("orders/updated", UPDATED, "orders/create"),
    same("orders/paid", UPDATED, "orders/create"),
    same("orders/fulfilled", UPDATED, "orders/create"),
    same("orders/partially_fulfilled", UPDATED, "orders/create"),
    same("orders/cancelled", UPDATED, "orders/create"),
    known("customers/create", CUSTOMER),
    same("customers/update", CUSTOMER, "customers/create"),
    known("customers_email_marketing_consent/update", CUSTOMER),
    known("customers/data_request", PRIVACY),
    known("customers/redact", PRIVACY),
    known("shop/redact", PRIVACY),
];

/// <https://github.com/woocommerce/woocommerce-rest-api-docs/blob/trunk/source/includes/v3/_webhooks.md>.
const WOOCOMMERCE: &[Known] = &[
    known("order.created", PLACED),
    known("order.updated", UPDATED),
    same("order.restored", UPDATED, "order.updated"),
    known("customer.created", CUSTOMER),
    known("customer.updated", CUSTOMER),
    known("ping", ("order-placed", Handshake)),
];

/// <https://developer.shopware.com/docs/guides/plugins/apps/webhook.html>.
const SHOPWARE: &[Known] = &[
    known("checkout.order.placed", PLACED),
    known(CANCELLED, UPDATED),
    same("state_enter.order.state.completed", UPDATED, CANCELLED),
    same("state_enter.order_transaction.state.paid", UPDATED, CANCELLED),
    same("state_enter.order_transaction.state.refunded", UPDATED, CANCELLED),
    same("state_enter.order_transaction.state.refunded_partially", UPDATED, CANCELLED),
    same("state_enter.order_delivery.state.shipped", UPDATED, CANCELLED),
    known("order.written", ORDER_BESIDES),
    known("flow.action", ORDER_BESIDES),
    known("checkout.customer.register", CUSTOMER),
    same("checkout.customer.guest_register", CUSTOMER, "checkout.customer.register"),
    known("customer.written", CUSTOMER),
    known("newsletter.register", CUSTOMER),
    known("newsletter.confirm", CUSTOMER),
    known("newsletter.unsubscribe", CUSTOMER),
    known("app.deleted", ("customer-updated", Ignored)),
    known("registration", ("shopware", Handshake)),
];
const CANCELLED: &str = "state_enter.order.state.cancelled";

/// <https://developer.bigcommerce.com/docs/integrations/webhooks/events>.
const BIGCOMMERCE: &[Known] = &[
    known("store/order/created", PLACED),
    known("store/order/updated", UPDATED),
    known("store/order/statusUpdated", UPDATED),
    known("store/order/refund/created", UPDATED),
    known("store/order/transaction/created", ORDER_BESIDES),
    same("store/order/transaction/updated", ORDER_BESIDES, "store/order/transaction/created"),
    known("store/customer/created", CUSTOMER),
    known("store/customer/updated", CUSTOMER),
    same("store/customer/address/created", CUSTOMER, ADDRESS),
    known(ADDRESS, CUSTOMER),
    same("store/customer/address/deleted", CUSTOMER, ADDRESS),
    known("store/subscriber/created", CUSTOMER),
    known("store/subscriber/updated", CUSTOMER),
];
const ADDRESS: &str = "store/customer/address/updated";

/// The topics of a platform, in the order of the documentation.
pub(crate) const fn of(platform: Platform) -> &'static [Known] {
    match platform {
        Platform::Canonical => CANONICAL,
        Platform::Shopify => SHOPIFY,
        Platform::Woocommerce => WOOCOMMERCE,
        Platform::Shopware => SHOPWARE,
        Platform::Bigcommerce => BIGCOMMERCE,
    }
}

/// Every topic as `send` takes it, a line each.
pub(crate) fn overview() -> String {
    Platform::ALL.map(overview_of).concat()
}

/// The same of one platform.
pub(crate) fn overview_of(platform: Platform) -> String {
    let line = |known: &Known| match platform {
        Platform::Canonical => format!("  {}\n", known.topic),
        _ => format!("  {platform}:{}\n", known.topic),
    };
    of(platform).iter().map(line).collect()
}
