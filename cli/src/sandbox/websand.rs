//! Websand's data API, strict about its documented minimal request.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use hyper::{HeaderMap, header::AUTHORIZATION};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    answer::Answer,
    call::Call,
    fields::{Fields, is_address, json_body},
    route::Target,
};

/// How many transactions and subscribers are remembered, each; the oldest are forgotten.
const REMEMBERED: usize = 100_000;

/// What the Websand side knows.
pub(super) struct Websand {
    /// Accepted API keys; none: any.
    keys: Vec<String>,
    transactions: Records,
    subscribers: Records,
}

/// How often each key was posted.
#[derive(Default)]
struct Records {
    posts: HashMap<(String, String), Posts>,
    order: VecDeque<(String, String)>,
}

struct Posts {
    count: u64,
    /// What the last one says of the person's consent, if anything.
    consent: Value,
    first: Timestamp,
    last: Timestamp,
}

impl Websand {
    pub(super) fn new(keys: Vec<String>) -> Self {
        Self { keys, transactions: Records::default(), subscribers: Records::default() }
    }

    /// Answers one call; the second value names the record.
    pub(super) fn call(
        &mut self,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        self.authorise(headers)?;
        let body = json_body(headers, body)?;
        let accepted = Answer::json(200, &json!({ "status": "accepted" }));
        if target.call == Call::Transaction {
            let id = transaction(&body)?;
            self.transactions.count(&target.owner, id, &body["transaction"]["customer"], now);
            Ok((accepted, json!({ "account": target.owner, "_id": id })))
        } else {
            let email = subscriber(&body)?;
            self.subscribers.count(&target.owner, email, &body["subscriber"], now);
            Ok((accepted, json!({ "account": target.owner, "email": email })))
        }
    }

    /// Everything posted, with counts.
    pub(super) fn state(&self) -> Value {
        json!({ "transactions": self.transactions.state("_id"), "subscribers": self.subscribers.state("email") })
    }

    fn authorise(&self, headers: &HeaderMap) -> Result<(), Answer> {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(key) = value.strip_prefix("Token ").map(str::trim).filter(|key| !key.is_empty()) else {
            return Err(Answer::refused(401, "the header must be: Authorization: Token YOUR-API-KEY"));
        };
        if self.keys.is_empty() || self.keys.iter().any(|known| known == key) {
            Ok(())
        } else {
            Err(Answer::refused(401, "unknown API key"))
        }
    }
}

/// The documented minimal transaction; returns its `_id`. Further fields are custom and may be anything.
fn transaction(body: &Value) -> Result<&str, Answer> {
    let body = Fields::of_body(body)?;
    body.only(&["transaction"])?;
    let transaction = body.object("transaction")?;
    let id = transaction.required_text("_id")?;
    transaction.required("submit_datetime")?;
    instant(&transaction, "submit_datetime")?;
    customer(&transaction.object("customer")?)?;
    transaction.required("items")?;
    for (index, item) in transaction.list("items")?.unwrap_or_default().iter().enumerate() {
        Fields::new(transaction.path(&format!("items[{index}]")), item)?.required_text("name")?;
    }
    let total = transaction.object("total")?;
    if !total.required("total")?.is_number() {
        return Err(total.refuse("total", "must be a JSON number"));
    }
    Ok(id)
}

/// A subscriber; returns the address, the only field known to be needed.
fn subscriber(body: &Value) -> Result<&str, Answer> {
    let body = Fields::of_body(body)?;
    body.only(&["subscriber"])?;
    customer(&body.object("subscriber")?)
}

/// The fields customers and subscribers share, with the types public callers send.
fn customer<'a>(fields: &Fields<'a>) -> Result<&'a str, Answer> {
    let email = fields.required_text("email")?;
    if !is_address(email) {
        return Err(fields.refuse("email", "must be an e-mail address"));
    }
    for name in ["first", "source", "confirmed", "marketing_consent"] {
        fields.text(name)?;
    }
    instant(fields, "subscribed_at")?;
    Ok(email)
}

/// An ISO 8601 time with an offset, if present.
fn instant(fields: &Fields<'_>, name: &str) -> Result<(), Answer> {
    match fields.text(name)?.map(str::parse::<Timestamp>) {
        Some(Err(_)) => Err(fields.refuse(name, "must be an ISO 8601 time with an offset")),
        _ => Ok(()),
    }
}

impl Records {
    fn count(&mut self, account: &str, key: &str, person: &Value, now: Timestamp) {
        let key = (account.to_owned(), key.to_owned());
        let consent = person["marketing_consent"].clone();
        if let Some(posts) = self.posts.get_mut(&key) {
            posts.count += 1;
            posts.consent = consent;
            posts.last = now;
            return;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.posts.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.posts.insert(key, Posts { count: 1, consent, first: now, last: now });
    }

    fn state(&self, name: &str) -> Vec<Value> {
        let known = self.order.iter().filter_map(|key| Some((key, self.posts.get(key)?)));
        known
            .map(|((account, key), posts)| {
                json!({
                    "account": account,
                    name: key,
                    "posts": posts.count,
                    "marketing_consent": posts.consent,
                    "first": posts.first,
                    "last": posts.last,
                })
            })
            .collect()
    }
}
