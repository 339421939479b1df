//! What an object of a platform is, and how the platform's webhook would have brought it: then one mapping does for both.

use ::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    event::{EventType, Fault, FaultCode, Faults},
    message::{Reference, ReferenceKind},
    shop::Platform,
    source::{
        Authentic, Context, Family, Outcome, Unusable, Webhook,
        bigcommerce::{self, NoEvent},
        of,
    },
};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A webhook's body, which says itself what it is.
    Body,
    Order,
    Customer,
    /// A newsletter's subscriber.
    Subscriber,
}

impl Shape {
    fn of(platform: Platform, object: &Value) -> Option<Self> {
        let has = |pointer: &str| object.pointer(pointer).is_some_and(|value| !value.is_null());
        let shapes: &[(Self, &[&str])] = match platform {
            Platform::Canonical => return Some(Self::Body),
            Platform::Shopify => &[
                (Self::Order, &["/line_items"]),
                (Self::Customer, &["/orders_count", "/email_marketing_consent", "/default_address", "/addresses"]),
            ],
            Platform::Woocommerce => &[
                (Self::Order, &["/line_items"]),
                (Self::Customer, &["/is_paying_customer", "/username", "/avatar_url"]),
            ],
            Platform::Shopware => &[
                (Self::Body, &["/data/event"]),
                (Self::Order, &["/orderNumber", "/orderCustomer", "/orderDateTime"]),
                (Self::Customer, &["/customerNumber"]),
            ],
            Platform::Bigcommerce => &[
                (Self::Body, &["/scope"]),
                (Self::Order, &["/status_id", "/billing_address"]),
                (Self::Subscriber, &["/consents"]),
                (Self::Customer, &["/email"]),
            ],
        };
        shapes.iter().find(|(_, marks)| marks.iter().any(|mark| has(mark))).map(|(shape, _)| *shape)
    }

    const fn event(self) -> EventType {
        match self {
            Self::Order | Self::Body => EventType::OrderPlaced,
            Self::Customer | Self::Subscriber => EventType::CustomerUpdated,
        }
    }
}

/// What an object of this platform means to us, as if its webhook had brought it now.
pub(super) fn outcome(object: &Value, authentic: &Authentic, now: Timestamp) -> Outcome {
    let platform = authentic.secret().platform;
    let Some(shape) = Shape::of(platform, object) else {
        return unusable(format!("is neither an order nor a customer as {platform} writes them"));
    };
    let context = |family| Context { authentic, family, received_at: now };
    let read = |family, header: Option<(&'static str, &'static str)>, body: &Value| {
        let headers: HeaderMap = header
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .into_iter()
            .collect();
        let body = body.to_string();
        of(platform).read(&Webhook { headers: &headers, body: body.as_bytes() }, &context(family)).outcome
    };
    let family = Family::of(shape.event());
    match (platform, shape) {
        (Platform::Canonical, _) => {
            let kind = object.get("type").and_then(Value::as_str).and_then(EventType::from_name);
            read(kind.map_or(family, Family::of), Some(("content-type", "application/json")), object)
        }
        (Platform::Shopify, Shape::Order) => read(family, Some(("x-shopify-topic", "orders/create")), object),
        (Platform::Shopify, _) => read(family, Some(("x-shopify-topic", "customers/update")), object),
        (Platform::Woocommerce, Shape::Order) => read(family, Some(("x-wc-webhook-topic", "order.created")), object),
        (Platform::Woocommerce, _) => read(family, Some(("x-wc-webhook-topic", "customer.updated")), object),
        (Platform::Shopware | Platform::Bigcommerce, Shape::Body) => {
            // What a body is about only it says: whichever family takes it is the right one.
            match read(Family::Order, None, object) {
                Outcome::Ignored("wrong_endpoint") => read(Family::Customer, None, object),
                outcome => outcome,
            }
        }
        (Platform::Shopware, Shape::Order) => {
            let payload = json!({"order": object});
            read(family, None, &json!({"data": {"event": "checkout.order.placed", "payload": payload}}))
        }
        (Platform::Shopware, _) => {
            let payload = json!({"customer": object});
            read(family, None, &json!({"data": {"event": "checkout.customer.register", "payload": payload}}))
        }
        (Platform::Bigcommerce, shape) => match context(family).unwanted(shape.event()) {
            Some(reason) => Outcome::Ignored(reason),
            None => of_bigcommerce(object, shape, now),
        },
    }
}

/// BigCommerce's webhooks bring no objects, so these are as its API answers them. An order's products are a call of
/// their own: where they do not stand in the order, the worker reads it.
fn of_bigcommerce(object: &Value, shape: Shape, now: Timestamp) -> Outcome {
    let mapped = match shape {
        Shape::Customer => bigcommerce::map_customer(object, now),
        Shape::Subscriber => bigcommerce::map_subscriber(object, now),
        Shape::Order | Shape::Body => {
            if let Some(reason) = bigcommerce::reason_to_skip(object) {
                return Outcome::Ignored(reason);
            }
            let list = |name: &str| object.get(name).and_then(Value::as_array);
            let Some(products) = list("products") else { return reference(object) };
            let coupons = list("coupons").map_or(&[][..], Vec::as_slice);
            bigcommerce::map_order(object, products, coupons, EventType::OrderPlaced, now).map_err(NoEvent::Unusable)
        }
    };
    match mapped {
        Ok(event) => Outcome::Event(event),
        Err(NoEvent::Skipped(reason)) => Outcome::Ignored(reason),
        Err(NoEvent::Unusable(unusable)) => Outcome::Unusable(unusable),
    }
}

fn reference(order: &Value) -> Outcome {
    match order.get("id").and_then(Value::as_u64).filter(|id| *id > 0) {
        Some(id) => Outcome::References(vec![Reference {
            platform: Platform::Bigcommerce,
            kind: ReferenceKind::Order,
            id: id.to_string(),
            event: EventType::OrderPlaced,
        }]),
        None => unusable("has no products and no id to read them by".to_owned()),
    }
}

/// When an object says that it became as it is, where its event has to be read first to know.
pub(super) fn dated(platform: Platform, object: &Value) -> Option<Timestamp> {
    match platform {
        Platform::Bigcommerce => bigcommerce::modified_at(object),
        Platform::Shopware => object.get("updatedAt").and_then(Value::as_str).and_then(|time| time.parse().ok()),
        _ => None,
    }
}

fn unusable(detail: String) -> Outcome {
    let fault = Fault { pointer: String::new(), code: FaultCode::WrongType, detail };
    Outcome::Unusable(Unusable::Faults(Faults(vec![fault])))
}
