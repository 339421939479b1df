//! What has to be found at the sandbox.

use std::fmt;

use relay::{event::Channel, shop::Platform};
use serde_json::Value;

use super::{
    script::plain,
    shops::{Shop, WITHDRAWN},
};
use crate::webhook::Topic;

/// What has to be found at the sandbox.
pub(super) enum Arrival {
    /// A transaction with this `_id`, posted once.
    Transaction(String),
    /// A transaction with this `_id` that says nothing of consent any more.
    WithoutConsent(String),
    /// A subscriber with this address.
    Subscriber(String),
    /// A subscriber with this address, who withdrew.
    Withdrawal(String),
    /// A general push, active and sent.
    Push,
    /// An active entry of this type (1 news, 2 teaser).
    Entry(u64),
    /// A dispatch that a status request has seen finished, and of which the shop was told so: its name and its id.
    Dispatch(String, String),
}

impl Arrival {
    /// What a webhook leads to.
    pub(super) fn of(shop: Shop, topic: &Topic, channel: Channel, body: &Value) -> Self {
        let (data, id) = match topic.platform() {
            Platform::Canonical | Platform::Bigcommerce => (&body["data"], &body["data"]["id"]),
            Platform::Shopware => (&body["data"], &body["data"]["payload"]["order"]["id"]),
            Platform::Shopify | Platform::Woocommerce => (body, &body["id"]),
        };
        match topic.endpoint() {
            "promotion-scheduled" => match channel {
                Channel::Push => Self::Push,
                Channel::News => Self::Entry(1),
                Channel::Teaser => Self::Entry(2),
                Channel::PersonalisedPush => Self::Dispatch(plain(&data["name"]), plain(&data["id"])),
            },
            "customer-updated" => Self::Subscriber(plain(&data["email"])),
            _ => Self::Transaction(format!("{shop}-{}", plain(id))),
        }
    }

    /// Whether it is there, by the sandbox's state.
    pub(super) fn is_met(&self, state: &Value) -> bool {
        let any =
            |list: &Value, wanted: &dyn Fn(&Value) -> bool| list.as_array().is_some_and(|all| all.iter().any(wanted));
        let (websand, websale) = (&state["websand"], &state["websale"]);
        match self {
            Self::Transaction(id) => any(&websand["transactions"], &|each| each["_id"] == id.as_str()),
            Self::WithoutConsent(id) => any(&websand["transactions"], &|each| {
                each["_id"] == id.as_str() && each["posts"] == 2 && each["marketing_consent"].is_null()
            }),
            Self::Subscriber(email) => any(&websand["subscribers"], &|each| each["email"] == email.as_str()),
            Self::Withdrawal(email) => any(&websand["subscribers"], &|each| {
                each["email"] == email.as_str() && each["marketing_consent"] == WITHDRAWN
            }),
            Self::Push => any(&websale["entries"], &|entry| {
                entry["newsType"] == 0 && entry["active"] == true && entry["sentStatus"] == 1
            }),
            Self::Entry(kind) => {
                any(&websale["entries"], &|entry| entry["newsType"] == *kind && entry["active"] == true)
            }
            Self::Dispatch(name, id) => {
                let is_finished = |each: &Value| each["name"] == name.as_str() && each["status"] == "finished";
                let is_told = |each: &Value| each["data"]["id"] == id.as_str() && each["data"]["status"] == "finished";
                any(&websale["dispatches"], &is_finished) && any(&state["shops"]["callbacks"], &is_told)
            }
        }
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(id) => write!(f, "no transaction {id} at Websand"),
            Self::WithoutConsent(id) => write!(f, "no second transaction {id} without consent at Websand"),
            Self::Subscriber(email) => write!(f, "no subscriber {email} at Websand"),
            Self::Withdrawal(email) => write!(f, "no withdrawal of {email} at Websand"),
            Self::Push => f.write_str("no push that is active and sent at WEBSALE"),
            Self::Entry(1) => f.write_str("no active news at WEBSALE"),
            Self::Entry(_) => f.write_str("no active teaser at WEBSALE"),
            Self::Dispatch(name, _) => {
                write!(f, "no finished dispatch {name:?} seen by a status request at WEBSALE, and told to the shop")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_arrival_is_met_by_the_state_it_describes_only() {
        let transactions = |each: Value| json!({ "websand": { "transactions": [each] } });
        let subscribers = |each: Value| json!({ "websand": { "subscribers": [each] } });
        let entries = |all: Value| json!({ "websale": { "entries": all } });
        let dispatches = |each: Value, told: Value| json!({ "websale": { "dispatches": [each] }, "shops": { "callbacks": [{ "data": told }] } });
        let finished = || json!({ "name": "Hello", "status": "finished" });
        let told = |status: &str| json!({ "id": "p-1", "status": status });
        for (arrival, met, unmet) in [
            (
                Arrival::Transaction("s-1".into()),
                transactions(json!({ "_id": "s-1" })),
                transactions(json!({ "_id": "s-2" })),
            ),
            (
                Arrival::WithoutConsent("s-1".into()),
                transactions(json!({ "_id": "s-1", "posts": 2, "marketing_consent": null })),
                transactions(json!({ "_id": "s-1", "posts": 2, "marketing_consent": "marketing_consent_true" })),
            ),
            (
                Arrival::Withdrawal("a@example.org".into()),
                subscribers(json!({ "email": "a@example.org", "marketing_consent": WITHDRAWN })),
                subscribers(json!({ "email": "a@example.org", "marketing_consent": "marketing_consent_true" })),
            ),
            (
                Arrival::Push,
                entries(json!([{ "newsType": 0, "active": true, "sentStatus": 1 }])),
                entries(json!([{ "newsType": 0, "active": true, "sentStatus": 0 }])),
            ),
            (
                Arrival::Entry(2),
                entries(json!([{ "newsType": 2, "active": true }])),
                entries(json!([{ "newsType": 1, "active": true }, { "newsType": 2, "active": false }])),
            ),
            (
                Arrival::Dispatch("Hello".into(), "p-1".into()),
                dispatches(finished(), told("finished")),
                dispatches(json!({ "name": "Hello", "status": "running" }), told("finished")),
            ),
            (
                Arrival::Dispatch("Hello".into(), "p-1".into()),
                dispatches(finished(), told("finished")),
                dispatches(finished(), told("sent")),
            ),
        ] {
            assert!(arrival.is_met(&met), "{arrival}");
            assert!(!arrival.is_met(&unmet), "{arrival}");
        }
    }
}
