//! What the shops send, and what has to become of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, SystemClock};
use relay_simulation::chance::Chance;
use relay_tests::{shop, webhook::Webhook};
use serde_json::{Value, json};

const SHOPS: u64 = 4;

/// One webhook, signed when it is sent.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) shop: String,
    pub(crate) endpoint: &'static str,
    id: String,
    kind: &'static str,
    data: Value,
}

/// Webhooks in the order in which they are sent, and what the shops mean by them.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) webhooks: Vec<Told>,
    /// The newest version of each order, by its `_id`.
    pub(crate) orders: BTreeMap<String, Order>,
    /// The newest decision of each person, by address.
    pub(crate) people: BTreeMap<String, Decision>,
    /// Titles (or names) of promotions with their rows.
    pub(crate) promotions: BTreeMap<String, Promotion>,
}

pub(crate) struct Order {
    pub(crate) row: String,
    pub(crate) newest: u32,
}

pub(crate) struct Decision {
    pub(crate) shop: String,
    pub(crate) version: u32,
    pub(crate) granted: bool,
}

pub(crate) struct Promotion {
    pub(crate) row: String,
    pub(crate) channel: Channel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    News,
    Push,
    Personalised,
}

impl Told {
    /// The webhook as the shop sends it now.
    pub(crate) fn webhook(&self) -> Webhook {
        Webhook::canonical(&self.id, self.kind, &self.data)
    }
}

impl Load {
    /// So many webhooks: orders placed and changed, people who sign up and off, promotions, and what was sent before.
    pub(crate) fn new(chance: &mut Chance, count: usize) -> Self {
        let mut load = Self::default();
        for number in 0..count {
            let shop = format!("shop-{}", chance.below(SHOPS));
            let told = match chance.below(100) {
                60..74 if number > 0 => load.changed_order(chance),
                74..82 if number > 0 => chance.pick(&load.webhooks).clone(),
                82..90 => load.decision(chance, shop, number),
                90..100 => load.promotion(chance, &shop, number),
                _ => load.placed_order(shop, number),
            };
            load.webhooks.push(told);
        }
        chance.shuffle(&mut load.webhooks);
        load
    }

    /// The secrets of the shops.
    pub(crate) fn secrets() -> Vec<(String, Value)> {
        let mut secrets: Vec<_> = (0..SHOPS).flat_map(|number| shop::secrets(&format!("shop-{number}"))).collect();
        for (_, secret) in secrets.iter_mut().filter(|(name, _)| name.ends_with("/websand")) {
            secret["orders"] = json!({"updates": "all"});
            secret["consent"]["withdrawn"] = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
        }
        secrets
    }

    fn placed_order(&mut self, shop: String, number: usize) -> Told {
        let id = format!("order-{number}");
        let row = format!("{shop}#websand#order#{id}");
        let told = order(shop, &id, 0);
        self.orders.insert(format!("{}-{id}", told.shop), Order { row, newest: 0 });
        told
    }

    /// A later version of an order, which may well arrive before an earlier one.
    fn changed_order(&mut self, chance: &mut Chance) -> Told {
        let names: Vec<_> = self.orders.keys().cloned().collect();
        if names.is_empty() {
            return self.placed_order("shop-0".to_owned(), self.webhooks.len());
        }
        let name = chance.pick(&names);
        let order_of = self.orders.get_mut(name).unwrap();
        order_of.newest += 1;
        let (shop, id) = name.split_once("-order-").unwrap();
        order(shop.to_owned(), &format!("order-{id}"), order_of.newest)
    }

    fn decision(&mut self, chance: &mut Chance, shop: String, number: usize) -> Told {
        let known: Vec<_> = self.people.keys().cloned().collect();
        let email = if known.is_empty() || chance.one_in(2) {
            format!("person-{number}@example.org")
        } else {
            chance.pick(&known).clone()
        };
        let granted = !chance.one_in(3);
        let person = self.people.entry(email.clone()).or_insert(Decision { shop, version: 0, granted });
        person.version += 1;
        person.granted = granted;
        let at = at(person.version);
        let mut data = json!({"email": email, "marketing_consent": granted, "consent_at": at, "updated_at": at});
        if chance.one_in(2) {
            data["first_name"] = json!("Ann");
        }
        let shop = person.shop.clone();
        Told { shop, endpoint: "customer-updated", id: format!("decision-{number}"), kind: "customer.updated", data }
    }

    fn promotion(&mut self, chance: &mut Chance, shop: &str, number: usize) -> Told {
        let channel = *chance.pick(&[Channel::News, Channel::Push, Channel::Push, Channel::Personalised]);
        let id = format!("promotion-{number}");
        let mut data = json!({"id": id, "updated_at": at(0), "title": id, "text": "Look"});
        match channel {
            Channel::News => data["channel"] = json!("news"),
            Channel::Push => data["channel"] = json!("push"),
            Channel::Personalised => {
                data["channel"] = json!("personalised_push");
                data["name"] = json!(id);
                data["audience"] = json!("everyone");
            }
        }
        if channel != Channel::Personalised {
            data["visible_until"] = json!("2036-01-01T00:00:00Z");
        }
        if channel != Channel::News && chance.one_in(2) {
            let seconds = SignedDuration::from_secs(i64::try_from(chance.between(1, 20)).unwrap());
            data["send_at"] = json!((SystemClock.now() + seconds).to_string());
        }
        let row = format!("{shop}#websale#promotion#{id}");
        self.promotions.insert(id.clone(), Promotion { row, channel });
        let (shop, kind) = (shop.to_owned(), "promotion.scheduled");
        Told { shop, endpoint: "promotion-scheduled", id, kind, data }
    }
}

/// A version of an order: it is told by its total.
fn order(shop: String, id: &str, version: u32) -> Told {
    let (endpoint, kind, status) = match version {
        0 => ("order-placed", "order.placed", "placed"),
        _ => ("order-updated", "order.updated", "paid"),
    };
    let data = json!({"id": id, "placed_at": at(0), "updated_at": at(version), "status": status,
        "customer": {"email": format!("buyer-of-{id}@example.org")}, "items": [{"name": "Blue mug"}],
        "total": {"amount": (version + 1).to_string(), "currency": "EUR"}});
    Told { shop, endpoint, id: format!("{id}-{version}"), kind, data }
}

/// The version of the order that a transaction tells.
pub(crate) fn version(transaction: &Value) -> Option<u32> {
    let total = transaction["total"]["total"].to_string().parse::<f64>().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    Some(total as u32 - 1)
}

/// When the shop made this version.
pub(crate) fn at(version: u32) -> String {
    let first: Timestamp = "2026-01-05T10:30:00Z".parse().unwrap();
    (first + SignedDuration::from_secs(version.into())).to_string()
}
