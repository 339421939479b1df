//! Which webhooks the demo sends, and what each must lead to.

use std::fmt;

use jiff::Timestamp;
use relay::{
    event::{Channel, EventType},
    random::Random,
    shop::{Platform, ShopName},
};
use serde_json::Value;

use super::shops::{CANONICAL, SHOPIFY, SHOPIFY_DOMAIN};
use crate::webhook::{
    Answer, Topic,
    sample::{self, Wish},
};

/// One webhook.
pub(super) struct Step {
    pub(super) shop: ShopName,
    pub(super) topic: Topic,
    /// Proved by a secret header instead of a signature.
    pub(super) by_header: bool,
    pub(super) body: Value,
    pub(super) arrival: Arrival,
}

/// What has to be found at the sandbox.
pub(super) enum Arrival {
    /// A transaction with this `_id`.
    Transaction(String),
    /// A subscriber with this address.
    Subscriber(String),
    /// A general push, active and sent.
    Push,
    /// An active entry of this type (1 news, 2 teaser).
    Entry(u64),
    /// A dispatch of this name that a status request has seen finished.
    Dispatch(String),
}

/// The script. Ids and times are those of this run.
pub(super) fn steps(now: Timestamp, random: &dyn Random) -> Result<Vec<Step>, String> {
    let shopify = |topic: &str| (SHOPIFY, Topic::Of(Platform::Shopify, topic.to_owned()), Channel::Push, false);
    let canonical = |kind, by_header| (CANONICAL, Topic::Canonical(kind), Channel::Push, by_header);
    let promotion = |channel| (CANONICAL, Topic::Canonical(EventType::PromotionScheduled), channel, false);
    let webhooks = [
        shopify("orders/create"),
        shopify("customers/create"),
        canonical(EventType::OrderPlaced, false),
        canonical(EventType::CustomerUpdated, true),
    ];
    let steps = webhooks.into_iter().chain(Channel::ALL.map(promotion)).map(|(shop, topic, channel, by_header)| {
        let body = sample::body(&topic, &Wish { channel, id: None, origin: SHOPIFY_DOMAIN }, now, random)?;
        let arrival = arrival(shop, &topic, channel, &body);
        Ok(Step { shop: shop.parse().map_err(|error| format!("{error}"))?, topic, by_header, body, arrival })
    });
    steps.collect()
}

fn arrival(shop: &str, topic: &Topic, channel: Channel, body: &Value) -> Arrival {
    let subject = if matches!(topic, Topic::Of(..)) { body } else { &body["data"] };
    match topic.endpoint() {
        "promotion-scheduled" => match channel {
            Channel::Push => Arrival::Push,
            Channel::News => Arrival::Entry(1),
            Channel::Teaser => Arrival::Entry(2),
            Channel::PersonalisedPush => Arrival::Dispatch(plain(&subject["name"])),
        },
        "customer-updated" => Arrival::Subscriber(plain(&subject["email"])),
        _ => Arrival::Transaction(format!("{shop}-{}", plain(&subject["id"]))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Step {
    /// What is sent, in a few words.
    pub(super) fn title(&self) -> String {
        match (&self.topic, self.body["data"]["channel"].as_str()) {
            (Topic::Of(_, topic), _) => topic.clone(),
            (_, Some(channel)) => format!("promotion: {channel}"),
            (topic, None) => topic.to_string(),
        }
    }

    /// What the host said, in a few words.
    pub(super) fn outcome(&self, answer: &Answer) -> String {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let words = [&body["status"], &body["reason"], &body["plan"]["send_at_shop"]];
        let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
        let proof = match self.topic {
            Topic::Of(..) => "signed by Shopify's scheme",
            Topic::Canonical(_) if self.by_header => "by secret header",
            Topic::Canonical(_) => "signed as Standard Webhooks",
        };
        format!("{} {} ({proof})", answer.status, words.join(", "))
    }
}

impl Arrival {
    /// Whether it is there, by the sandbox's state.
    pub(super) fn is_met(&self, state: &Value) -> bool {
        let any =
            |list: &Value, wanted: &dyn Fn(&Value) -> bool| list.as_array().is_some_and(|all| all.iter().any(wanted));
        let (websand, websale) = (&state["websand"], &state["websale"]);
        match self {
            Self::Transaction(id) => any(&websand["transactions"], &|each| each["_id"] == id.as_str()),
            Self::Subscriber(email) => any(&websand["subscribers"], &|each| each["email"] == email.as_str()),
            Self::Push => any(&websale["entries"], &|entry| {
                entry["newsType"] == 0 && entry["active"] == true && entry["sentStatus"] == 1
            }),
            Self::Entry(kind) => {
                any(&websale["entries"], &|entry| entry["newsType"] == *kind && entry["active"] == true)
            }
            Self::Dispatch(name) => {
                any(&websale["dispatches"], &|each| each["name"] == name.as_str() && each["status"] == "finished")
            }
        }
    }
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(id) => write!(f, "no transaction {id} at Websand"),
            Self::Subscriber(email) => write!(f, "no subscriber {email} at Websand"),
            Self::Push => f.write_str("no push that is active and sent at WEBSALE"),
            Self::Entry(1) => f.write_str("no active news at WEBSALE"),
            Self::Entry(_) => f.write_str("no active teaser at WEBSALE"),
            Self::Dispatch(name) => write!(f, "no finished dispatch {name:?} seen by a status request at WEBSALE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use relay::random::SystemRandom;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_script_covers_both_shops_both_proofs_and_all_channels() {
        let steps = steps(Timestamp::from_second(1_800_000_000).unwrap(), &SystemRandom).unwrap();
        let titles: Vec<String> = steps.iter().map(Step::title).collect();
        assert_eq!(
            titles,
            [
                "orders/create",
                "customers/create",
                "order.placed",
                "customer.updated",
                "promotion: push",
                "promotion: news",
                "promotion: teaser",
                "promotion: personalised_push",
            ]
        );
        assert_eq!(steps.iter().filter(|step| step.by_header).count(), 1);
        let nothing = json!({});
        assert!(steps.iter().all(|step| !step.arrival.is_met(&nothing)));
    }

    #[test]
    fn each_arrival_is_met_by_the_state_it_describes_only() {
        for (arrival, met, unmet) in [
            (
                Arrival::Transaction("s-1".into()),
                json!({ "websand": { "transactions": [{ "_id": "s-1" }] } }),
                json!({ "websand": { "transactions": [{ "_id": "s-2" }] } }),
            ),
            (
                Arrival::Push,
                json!({ "websale": { "entries": [{ "newsType": 0, "active": true, "sentStatus": 1 }] } }),
                json!({ "websale": { "entries": [{ "newsType": 0, "active": true, "sentStatus": 0 }] } }),
            ),
            (
                Arrival::Entry(2),
                json!({ "websale": { "entries": [{ "newsType": 2, "active": true }] } }),
                json!({ "websale": { "entries": [{ "newsType": 1, "active": true }, { "newsType": 2, "active": false }] } }),
            ),
            (
                Arrival::Dispatch("Hello".into()),
                json!({ "websale": { "dispatches": [{ "name": "Hello", "status": "finished" }] } }),
                json!({ "websale": { "dispatches": [{ "name": "Hello", "status": "running" }] } }),
            ),
        ] {
            assert!(arrival.is_met(&met), "{arrival}");
            assert!(!arrival.is_met(&unmet), "{arrival}");
        }
    }
}
