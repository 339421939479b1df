//! Shopware's Admin API: a token for an integration's keys, then searches
//! (<https://developer.shopware.com/docs/guides/integrations-api/>).

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Keys, exists, header, object};
use crate::sandbox::{
    answer::Answer,
    call::Call,
    fields::{Fields, json_body},
    route::Target,
};

/// How long a token is good, as Shopware has it by default.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How many tokens are remembered; the oldest end.
const REMEMBERED: usize = 1_000;

/// What an order or a customer has only if it is asked for by name (`associations`).
const ASSOCIATIONS: [&str; 12] = [
    "addresses",
    "billingAddress",
    "currency",
    "defaultBillingAddress",
    "defaultShippingAddress",
    "deliveries",
    "language",
    "lineItems",
    "salesChannel",
    "tags",
    "transactions",
    "customer",
];

/// What can be searched for.
const ENTITIES: [&str; 3] = ["order", "customer", "newsletter-recipient"];
/// The one id that a search for ids finds.
const LISTED: &str = "018f2c5b7a6d7c1e9a4b3c2d1e0f9a8b";

fn no_such_entity() -> Answer {
    Answer::refused(404, "there are order, customer and newsletter-recipient")
}

/// The tokens given out.
#[derive(Default)]
pub(super) struct Tokens {
    live: Vec<(String, Timestamp)>,
    given: u64,
}

impl Tokens {
    pub(super) fn call(
        &mut self,
        keys: &Keys,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        if target.call == Call::ShopwareToken {
            self.grant(keys, headers, body, now)
        } else {
            self.search(target, headers, body, now)
        }
    }

    fn grant(
        &mut self,
        keys: &Keys,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        let body = json_body(headers, body)?;
        let body = Fields::of_body(&body)?;
        if body.required_text("grant_type")? != "client_credentials" {
            return Err(body.refuse("grant_type", "must be client_credentials"));
        }
        let (id, secret) = (body.required_text("client_id")?, body.required_text("client_secret")?);
        if !keys.accept(&format!("{id}:{secret}")) {
            return Err(Answer::refused(401, "no integration has these keys"));
        }
        self.given += 1;
        let token = format!("sandbox-{}-{:x}", self.given, now.as_nanosecond());
        self.live.retain(|(_, until)| *until > now);
        if self.live.len() == REMEMBERED {
            self.live.remove(0);
        }
        self.live.push((token.clone(), now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX)));
        let answer = json!({ "token_type": "Bearer", "expires_in": LIFETIME.as_secs(), "access_token": token });
        Ok((Answer::json(200, &answer), json!({ "id": id })))
    }

    fn search(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        let token = header(headers, "authorization").strip_prefix("Bearer ").unwrap_or_default();
        if !self.live.iter().any(|(live, until)| live == token && *until > now) {
            return Err(Answer::refused(401, "the header must be: Authorization: Bearer TOKEN, the token not expired"));
        }
        if !header(headers, "accept").contains("application/json") {
            // Shopware would answer in JSON:API's form, which nobody who forgets the header expects.
            return Err(Answer::refused(406, "Accept must be application/json"));
        }
        let body = json_body(headers, body)?;
        if target.call == Call::ShopwareSearchIds {
            if !ENTITIES.contains(&target.owner.as_str()) {
                return Err(no_such_entity());
            }
            let answer = json!({ "total": 1, "data": [LISTED] });
            return Ok((Answer::json(200, &answer), json!({ "entity": target.owner })));
        }
        let id = wanted(&body).ok_or_else(|| Answer::refused(400, "say which by ids, or by an equals filter on id"))?;
        let text = match target.owner.as_str() {
            "order" => include_str!("objects/shopware/order.json"),
            "customer" => include_str!("objects/shopware/customer.json"),
            "newsletter-recipient" => include_str!("objects/shopware/newsletter-recipient.json"),
            _ => return Err(no_such_entity()),
        };
        let mut found = object(text)?;
        found["id"] = id.into();
        for name in ASSOCIATIONS.iter().filter(|name| body["associations"][**name].is_null()) {
            if let Some(association) = found.get_mut(*name) {
                *association = Value::Null;
            }
        }
        let list = if exists(id) { vec![found] } else { vec![] };
        let answer = json!({ "total": list.len(), "data": list, "aggregations": [] });
        Ok((Answer::json(200, &answer), json!({ "entity": target.owner, "id": id })))
    }
}

/// The one id that is asked for.
fn wanted(body: &Value) -> Option<&str> {
    let by_id = |filter: &&Value| filter["type"] == "equals" && filter["field"] == "id";
    let filter = || body["filter"].as_array()?.iter().find(by_id)?["value"].as_str();
    body["ids"][0].as_str().or_else(filter)
}
