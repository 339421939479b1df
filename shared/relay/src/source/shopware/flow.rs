//! The Flow Builder's app actions: no event and no payload, only the parameters that the app's manifest names, all texts,
//! at the top of the body (<https://developer.shopware.com/docs/guides/plugins/apps/flow-builder/add-custom-flow-actions-from-app.html>).
//!
//! A shop's manifest has to give an id for us to know what it is about, so what is fetched is as good as a webhook.

use super::{is_id, reference};
use crate::{
    event::EventType,
    message::ReferenceKind,
    source::{
        Context, Family, Json, Outcome,
        payload::{first, text},
    },
};

/// What an order's shown number is marked with where an id is expected.
pub(crate) const NUMBER: &str = "number:";

/// The longest number that is looked up.
const MAX_NUMBER: usize = 100;

/// A reference to what the action's parameters name; which of them counts depends on the endpoint.
pub(super) fn read(body: &Json<'_>, context: &Context<'_>) -> Outcome {
    let id = |names: [&str; 2]| names.into_iter().find_map(|name| text(body, &[name])).filter(|id| is_id(id));
    let number = || {
        let number = first(body, &[&["orderNumber"], &["order_number"]])?;
        (number.len() <= MAX_NUMBER).then(|| format!("{NUMBER}{number}"))
    };
    let named = match context.family {
        Family::Order => id(["orderId", "order_id"])
            .or_else(number)
            .map(|id| (ReferenceKind::Order, id, EventType::OrderUpdated))
            .ok_or("no_order_id_in_flow_action"),
        Family::Customer => {
            let recipient = || {
                let id = id(["newsletterRecipientId", "newsletter_recipient_id"])?;
                Some((ReferenceKind::Consent, id, EventType::CustomerUpdated))
            };
            id(["customerId", "customer_id"])
                .map(|id| (ReferenceKind::Customer, id, EventType::CustomerUpdated))
                .or_else(recipient)
                .ok_or("no_customer_id_in_flow_action")
        }
        Family::Promotion => Err("wrong_endpoint"),
    };
    match named {
        Ok((_, _, event)) if context.unwanted(event).is_some() => {
            Outcome::Ignored(context.unwanted(event).unwrap_or_default())
        }
        Ok((kind, id, event)) => Outcome::References(vec![reference(kind, id, event)]),
        Err(reason) => Outcome::Ignored(reason),
    }
}
