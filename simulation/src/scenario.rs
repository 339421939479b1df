//! What shops do in a simulation, and what they may expect of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::shop::Destination;
use serde_json::{Value, json};

use crate::{
    chance::Chance,
    http::POISON,
    operator::Script,
    people::{Erasure, Person},
    world::start,
};

/// The header by which the simulated shops prove themselves.
pub(crate) const KEY: (&str, &str) = ("x-shop-key", "simulated");

/// A webhook a shop sends.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) at: Timestamp,
    pub(crate) shop: String,
    pub(crate) endpoint: &'static str,
    pub(crate) body: Value,
}

/// Everything shops do, and what they mean by it.
#[derive(Default)]
pub struct Scenario {
    pub(crate) secrets: BTreeMap<String, Value>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) orders: Vec<Order>,
    pub(crate) people: Vec<Person>,
    pub(crate) erasures: Vec<Erasure>,
    pub(crate) promotions: Vec<Promotion>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) operators: Vec<Script>,
}

/// A secret that is not there for a while: somebody replaces it, and not at once.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) secret: String,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// An order and its states, the newest last.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) shop: String,
    pub(crate) id: String,
    pub(crate) statuses: Vec<&'static str>,
}

/// A promotion.
#[derive(Debug)]
pub(crate) struct Promotion {
    pub(crate) shop: String,
    pub(crate) id: String,
    pub(crate) channel: &'static str,
    pub(crate) is_cancelled: bool,
    /// Whether it was called off long before it could go out.
    pub(crate) stays_off: bool,
}

/// The simulated shops: one for each policy on later versions of an order, by which they are called, and one whose
/// settings have no words for a withdrawal.
pub(crate) const SHOPS: [&str; 4] = ["none", "status", "all", WORDLESS];
/// The shop that cannot say that somebody withdrew.
pub(crate) const WORDLESS: &str = "wordless";

const STATUSES: [&str; 4] = ["placed", "paid", "fulfilled", "cancelled"];
const CHANNELS: [&str; 4] = ["push", "news", "teaser", "personalised_push"];

pub(crate) fn minutes(count: u64) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(count).unwrap_or_default())
}

pub(crate) fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

impl Scenario {
    /// Shops with their secrets, and nothing happens yet.
    pub(crate) fn quiet() -> Self {
        let mut scenario = Self::default();
        let mut secret = |name: String, value: Value| scenario.secrets.insert(format!("shoprelay/{name}"), value);
        secret("_installation".into(), json!({"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}));
        for shop in SHOPS {
            let header = json!({"name": KEY.0, "values": [KEY.1]});
            secret(format!("{shop}/webhook"), json!({"platform": "canonical", "header": header}));
            let (updates, withdrawn) = match shop {
                WORDLESS => ("all", json!(null)),
                policy => (policy, json!({"field": "optin", "value": "no"})),
            };
            let consent = json!({"granted": {"field": "optin", "value": "yes"}, "withdrawn": withdrawn});
            let orders = json!({"updates": updates});
            let websand = json!({"account": shop, "api_key": "key", "orders": orders, "consent": consent});
            secret(format!("{shop}/websand"), websand);
            let websale = json!({
                "shop_id": shop, "subshop": shop, "username": "api", "password": "pw", "final_statuses": ["finished"],
            });
            secret(format!("{shop}/websale"), websale);
        }
        scenario
    }

    /// An ordinary, busy, disorderly day.
    pub(crate) fn drawn(chance: &mut Chance) -> Self {
        let mut scenario = Self::quiet();
        for shop in SHOPS {
            for number in 0..chance.between(1, 3) {
                scenario.draw_order(chance, shop, number);
            }
            for number in 0..chance.between(1, 2) {
                scenario.draw_person(chance, shop, number);
            }
            for number in 0..chance.between(1, 3) {
                let channel = chance.pick(&CHANNELS);
                scenario.draw_promotion(chance, shop, number, channel);
            }
        }
        while chance.one_in(3) {
            let (shop, destination) = (chance.pick(&SHOPS), chance.pick(&["websand", "websale"]));
            let from = after(start(), minutes(chance.below(120)));
            let until = after(from, minutes(chance.between(1, 90)));
            scenario.gaps.push(Gap { secret: format!("shoprelay/{shop}/{destination}"), from, until });
        }
        scenario.draw_pauses(chance);
        scenario.draw_redrives(chance);
        scenario
    }

    /// Many promotions of one channel, and nothing else.
    pub fn promotions(chance: &mut Chance, channel: &'static str) -> Self {
        let mut scenario = Self::quiet();
        for shop in SHOPS {
            for number in 0..4 {
                scenario.draw_promotion(chance, shop, number, channel);
            }
        }
        scenario
    }

    /// One of everything, in an orderly way: small enough to let a process die at each of its steps. An order and its
    /// update, somebody who signs up with an order and leaves again, a promotion that changes and one that is called off.
    pub fn fixed(channel: &'static str) -> Self {
        let mut scenario = Self::quiet();
        scenario.order("all", "o1", &STATUSES[..2], |number| minutes(5 * number));
        scenario.leaver("all");
        scenario.promotion("all", "p1", channel, &[minutes(9), minutes(6)], None);
        scenario.promotion("all", "p2", channel, &[minutes(8)], Some(minutes(3)));
        scenario
    }

    /// The same while an operator has paused both connections: everything happens meanwhile, and what is called off
    /// would have been due before they are resumed.
    pub fn paused(channel: &'static str) -> Self {
        let mut scenario = Self::fixed(channel);
        for destination in Destination::ALL {
            scenario.pause("all", destination, SignedDuration::from_secs(150), minutes(12));
        }
        scenario.promotions.iter_mut().for_each(|promotion| promotion.stays_off = promotion.is_cancelled);
        scenario
    }

    /// The same beside orders that come all at once, one of which brings down whoever tells of it: nobody expects that
    /// anything becomes of that one.
    pub fn poisoned(channel: &'static str) -> Self {
        let mut scenario = Self::fixed(channel);
        for id in ["a", "b", "c", POISON] {
            scenario.order("all", id, &STATUSES[..1], |_| SignedDuration::ZERO);
        }
        scenario.orders.pop();
        scenario
    }

    pub(crate) fn hook(&mut self, at: Timestamp, shop: &str, endpoint: &'static str, kind: &str, data: &Value) {
        let body = json!({"type": kind, "data": data});
        self.hooks.push(Hook { at, shop: shop.to_owned(), endpoint, body });
    }

    /// Sends each webhook once or more often, some of them late.
    pub(crate) fn repeat(&mut self, chance: &mut Chance, from: usize) {
        for index in from..self.hooks.len() {
            if chance.one_in(3) {
                let late = minutes(chance.below(90));
                self.hooks[index].at = after(self.hooks[index].at, late);
            }
            while chance.one_in(4) {
                let mut again = self.hooks[index].clone();
                again.at = after(again.at, minutes(chance.below(120)));
                self.hooks.push(again);
            }
        }
    }

    fn draw_order(&mut self, chance: &mut Chance, shop: &str, number: u64) {
        let from = self.hooks.len();
        let count = usize::try_from(chance.between(1, 4)).unwrap_or(1);
        let begin = chance.below(60);
        let step = chance.between(1, 30);
        self.order(shop, &format!("o{number}"), &STATUSES[..count], |number| minutes(begin + number * step));
        self.repeat(chance, from);
    }

    fn order(&mut self, shop: &str, id: &str, statuses: &[&'static str], when: impl Fn(u64) -> SignedDuration) {
        let placed_at = after(start(), when(0));
        for (number, status) in statuses.iter().enumerate() {
            let updated_at = after(start(), when(number as u64));
            let data = json!({
                "id": id, "placed_at": placed_at.to_string(), "updated_at": updated_at.to_string(), "status": status,
                "customer": {"email": format!("{id}@{shop}.example")},
                "items": [{"name": "Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
            });
            let (endpoint, kind) =
                if number == 0 { ("order-placed", "order.placed") } else { ("order-updated", "order.updated") };
            self.hook(updated_at, shop, endpoint, kind, &data);
        }
        self.orders.push(Order { shop: shop.into(), id: id.into(), statuses: statuses.to_vec() });
    }

    fn draw_promotion(&mut self, chance: &mut Chance, shop: &str, number: u64, channel: &'static str) {
        let from = self.hooks.len();
        let id = format!("p{number}");
        let sends: Vec<SignedDuration> = (0..chance.between(1, 3)).map(|_| minutes(chance.between(20, 240))).collect();
        let cancelled = chance.one_in(3).then(|| minutes(chance.below(300)));
        self.promotion(shop, &id, channel, &sends, cancelled);
        self.repeat(chance, from);
    }

    /// A promotion scheduled for these times one after the other, and cancelled then.
    fn promotion(
        &mut self,
        shop: &str,
        id: &str,
        channel: &'static str,
        sends: &[SignedDuration],
        cancelled: Option<SignedDuration>,
    ) {
        for (number, send) in sends.iter().enumerate() {
            let at = after(start(), minutes(2 * number as u64));
            let send_at = after(start(), *send);
            let mut data = json!({
                "id": id, "updated_at": at.to_string(), "channel": channel, "title": format!("{id} r{number}"),
                "text": "Sale",
            });
            let until = after(send_at, SignedDuration::from_hours(24 * 7));
            match channel {
                "push" => {
                    data["send_at"] = json!(send_at.to_string());
                    data["visible_until"] = json!(until.to_string());
                }
                "personalised_push" => {
                    data["send_at"] = json!(send_at.to_string());
                    data["name"] = json!(id);
                    data["audience"] = json!({"connected": true});
                }
                _ => {
                    data["visible_from"] = json!(send_at.to_string());
                    data["visible_until"] = json!(until.to_string());
                }
            }
            if channel == "teaser" {
                data["image_path"] = json!("teaser/sale.png");
            }
            self.hook(at, shop, "promotion-scheduled", "promotion.scheduled", &data);
        }
        if let Some(cancelled) = cancelled {
            let at = after(start(), cancelled.max(minutes(2 * sends.len() as u64)));
            let data = json!({"id": id, "updated_at": at.to_string()});
            self.hook(at, shop, "promotion-cancelled", "promotion.cancelled", &data);
        }
        self.promotions.push(Promotion {
            shop: shop.into(),
            id: id.into(),
            channel,
            is_cancelled: cancelled.is_some(),
            stays_off: false,
        });
    }
}
