//! Shops: what they send when, and what is the matter with their accounts.

use ::http::Request;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use relay::shop::Destination;
use serde_json::{Value, json};

use super::Trial;
use crate::{chance::Chance, world::start};

/// The header by which the shops prove themselves.
const KEY: (&str, &str) = ("x-shop-key", "simulated");

/// What is the matter with a shop's account at its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Every call hangs until its time-out.
    Hangs,
    /// No connection.
    Refuses,
    /// Every call is answered so.
    Answers {
        /// The status.
        status: u16,
        /// Seconds of a `Retry-After`.
        retry_after: Option<u64>,
    },
}

/// A shop.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name, and that of its accounts.
    pub name: String,
    /// When it sends a webhook, from the beginning.
    pub sends: Vec<SignedDuration>,
    /// What is the matter with its account, from the beginning until then.
    pub trouble: Option<(Trouble, SignedDuration)>,
    /// How many requests a second its account takes, if that is set.
    pub requests_per_second: Option<f64>,
}

/// A webhook.
pub(super) struct Hook {
    pub(super) at: Timestamp,
    shop: String,
    number: usize,
    destination: Destination,
}

/// A shop that sends so many webhooks a minute for a while, by chance.
pub fn steady(name: &str, a_minute: u64, lasts: SignedDuration) -> Shop {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let (mut chance, minutes) = (Chance::new(seed), u64::try_from(lasts.as_mins()).unwrap_or_default());
    let most = u64::try_from(lasts.as_millis()).unwrap_or_default();
    let when = |_| SignedDuration::from_millis(i64::try_from(chance.below(most)).unwrap_or_default());
    let sends = (0..a_minute * minutes).map(when).collect();
    Shop { name: name.to_owned(), sends, trouble: None, requests_per_second: None }
}

/// Nine shops without trouble, and perhaps one more.
pub fn nine_and(one: Option<Shop>, a_minute: u64, lasts: SignedDuration) -> Vec<Shop> {
    (1..=9).map(|number| steady(&format!("well-{number}"), a_minute, lasts)).chain(one).collect()
}

/// All webhooks of a trial.
pub(super) fn hooks(trial: &Trial) -> Vec<Hook> {
    let of_shop = |shop: &Shop| {
        let hook = |(number, after): (usize, &SignedDuration)| Hook {
            at: start().saturating_add(*after).unwrap_or(Timestamp::MAX),
            shop: shop.name.clone(),
            number,
            destination: trial.destination,
        };
        shop.sends.iter().enumerate().map(hook).collect::<Vec<_>>()
    };
    trial.shops.iter().flat_map(of_shop).collect()
}

impl Hook {
    pub(super) fn request(&self) -> Request<Bytes> {
        let Self { at, shop, number, destination } = self;
        let id = format!("{shop}-{number}");
        let (endpoint, kind, data) = match destination {
            Destination::Websand => ("order-placed", "order.placed", order(&id, *at)),
            Destination::Websale => ("promotion-scheduled", "promotion.scheduled", news(&id, *at)),
        };
        let request = Request::post(format!("/webhooks/{shop}/{endpoint}"))
            .header("content-type", "application/json")
            .header(KEY.0, KEY.1)
            .body(Bytes::from(json!({"type": kind, "data": data}).to_string()));
        request.unwrap_or_else(|error| unreachable!("the request is valid: {error}"))
    }
}

fn order(id: &str, at: Timestamp) -> Value {
    json!({
        "id": id, "placed_at": at.to_string(), "updated_at": at.to_string(), "status": "placed",
        "customer": {"email": format!("{id}@shop.example")},
        "items": [{"name": "Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
    })
}

fn news(id: &str, at: Timestamp) -> Value {
    let until = at.saturating_add(SignedDuration::from_hours(24 * 60)).unwrap_or(Timestamp::MAX);
    json!({
        "id": id, "updated_at": at.to_string(), "channel": "news", "title": id, "text": "Sale",
        "visible_from": at.to_string(), "visible_until": until.to_string(),
    })
}

impl Shop {
    /// What the secret store has of it: names and values.
    pub(super) fn secrets(&self) -> [(String, Value); 3] {
        let Self { name, requests_per_second, .. } = self;
        let header = json!({"name": KEY.0, "values": [KEY.1]});
        let websand =
            json!({"account": name, "api_key": "key", "id_prefix": "", "requests_per_second": requests_per_second});
        let websale = json!({
            "shop_id": name, "subshop": name, "username": "api", "password": "pw",
            "requests_per_second": requests_per_second,
        });
        [
            (format!("shoprelay/{name}/webhook"), json!({"platform": "canonical", "header": header})),
            (format!("shoprelay/{name}/websand"), websand),
            (format!("shoprelay/{name}/websale"), websale),
        ]
    }
}
