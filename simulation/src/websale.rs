//! WEBSALE: tokens, entries, pushes and dispatches, as strict as its documentation.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::{
    http::Method,
    ledger::{Row, State as Standing},
};
use serde_json::{Value, json};

use crate::{
    http::{Answered, Call, Done},
    invariant::Invariant,
    world::State,
};

/// A token's life (documentation of the authentication service).
const TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// How long a simulated dispatch takes.
const DISPATCH_TIME: SignedDuration = SignedDuration::from_mins(3);

/// What WEBSALE knows.
#[derive(Default)]
pub(crate) struct Websale {
    tokens: BTreeMap<String, Timestamp>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) dispatches: Vec<Dispatch>,
}

/// A push, news or teaser.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) subshop: String,
    pub(crate) fields: Value,
    pub(crate) active: bool,
    /// How often it was sent as a push.
    pub(crate) sends: u32,
}

/// A personalised push that went out.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) subshop: String,
    /// What was sent.
    pub(crate) body: Value,
    pub(crate) title: String,
    pub(crate) at: Timestamp,
    /// Whether the caller heard that it went out.
    pub(crate) heard: bool,
    /// How often the caller heard that it was still going out, and that it had ended.
    pub(crate) told: (u32, u32),
}

impl Websale {
    /// Whether a push of this promotion, or of this chunk, went out; the title's first word is the promotion's id.
    pub(crate) fn has_sent(&self, subshop: &str, subject: &str) -> bool {
        let of_entry = |entry: &Entry| entry.title().split(' ').next() == Some(subject);
        self.dispatches.iter().any(|known| known.subshop == subshop && known.subject() == subject)
            || self.entries.iter().any(|entry| entry.sends > 0 && entry.subshop == subshop && of_entry(entry))
    }
}

impl Entry {
    pub(crate) fn title(&self) -> &str {
        self.fields["title"].as_str().unwrap_or_default()
    }
}

impl Dispatch {
    /// The promotion's id, with the number of the chunk if this is one.
    fn subject(&self) -> String {
        subject_of(&self.body)
    }
}

/// What a personalised push is about: by its title, and by the number that a chunk has in its name (`p1 (2/3)`).
fn subject_of(body: &Value) -> String {
    let title = find_title(body);
    let id = title.split(' ').next().unwrap_or_default();
    let name = body["name"].as_str().unwrap_or_default();
    match name.rsplit_once(" (").and_then(|(_, chunk)| chunk.split_once('/')) {
        Some((number, _)) => format!("{id}/{number}"),
        None => id.to_owned(),
    }
}

impl State {
    /// Answers a call to WEBSALE.
    pub(crate) fn websale(&mut self, call: &Call) -> Answered {
        let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        if let ["api", "authent", "login", _] = path[..] {
            let token = format!("t{}", self.websale.tokens.len());
            self.websale.tokens.insert(token.clone(), self.now.saturating_add(TOKEN_LIFE).unwrap_or(Timestamp::MAX));
            return Answered::of(200, json!({"token": token}));
        }
        let token = call.credential.trim_start_matches("Bearer ");
        if self.websale.tokens.get(token).is_none_or(|until| *until <= self.now) {
            return Answered::of(401, json!({}));
        }
        match (call.method, &path[..]) {
            (Method::Post, ["api", "websaleapp2", "news", subshop]) => self.create(subshop, &call.body),
            (Method::Put, ["api", "websaleapp2", "news", _, id]) => self.edit(id, &call.body),
            (Method::Post, ["api", "websaleapp2", "news", _, id, "send"]) => self.send(id),
            (Method::Post, ["api", "websaleapp2", "push", subshop]) => self.personalised(subshop, &call.body),
            (Method::Get, ["api", "websaleapp2", "push", id]) => self.status(id),
            _ => Answered::of(404, json!({})),
        }
    }

    fn create(&mut self, subshop: &str, body: &Value) -> Answered {
        let active = body["active"] == true;
        self.websale.entries.push(Entry { subshop: subshop.to_owned(), fields: body.clone(), active, sends: 0 });
        self.entry(self.websale.entries.len() - 1)
    }

    fn edit(&mut self, id: &str, body: &Value) -> Answered {
        let Some(index) = id.parse::<usize>().ok().filter(|index| *index < self.websale.entries.len()) else {
            return Answered::of(404, json!({}));
        };
        if body["active"] == true {
            self.refuse_cancelled(&self.websale.entries[index].subshop.clone(), index, "activated");
        }
        let entry = &mut self.websale.entries[index];
        if let Some(active) = body["active"].as_bool() {
            entry.active = active;
        }
        if let (Value::Object(fields), Value::Object(changes)) = (&mut entry.fields, body) {
            fields.extend(changes.clone());
        }
        self.entry(index)
    }

    fn entry(&self, index: usize) -> Answered {
        let entry = &self.websale.entries[index];
        Answered::of(200, json!({"id": index, "active": entry.active, "sentStatus": u8::from(entry.sends > 0)}))
    }

    fn send(&mut self, id: &str) -> Answered {
        let Some(index) = id.parse::<usize>().ok().filter(|index| *index < self.websale.entries.len()) else {
            return Answered::of(404, json!({}));
        };
        let entry = &mut self.websale.entries[index];
        if !entry.active || entry.sends > 0 || entry.fields["newsType"] != 0 {
            return Answered::of(406, json!({}));
        }
        entry.sends += 1;
        let subshop = entry.subshop.clone();
        self.refuse_cancelled(&subshop, index, "sent");
        Answered::of(200, json!({}))
    }

    /// Nothing is done for a promotion whose cancellation is in the ledger.
    fn refuse_cancelled(&mut self, subshop: &str, index: usize, what: &str) {
        let title = self.websale.entries[index].title().to_owned();
        let is_cancelled = |row: &Row| {
            let wanted = row.promotion.as_ref().map(|promotion| promotion.revision);
            let cancelled = self.ledger.cancelled.get(&row.key.to_string());
            cancelled.is_some_and(|cancelled| wanted.is_none_or(|wanted| !wanted.is_newer_than(cancelled)))
        };
        if self.row_of(subshop, &title).is_some_and(is_cancelled) {
            self.violated(Invariant::CalledOff, format!("{title:?} of {subshop} was {what} after its cancellation"));
        }
    }

    /// The row of the promotion of this title; the title's first word is the promotion's id.
    fn row_of(&self, subshop: &str, title: &str) -> Option<&Row> {
        let id = title.split(' ').next().unwrap_or_default();
        self.ledger.rows.get(&format!("{subshop}#websale#promotion#{id}"))
    }

    fn personalised(&mut self, subshop: &str, body: &Value) -> Answered {
        let title = find_title(body);
        let subject = subject_of(body);
        let kind = if subject.contains('/') { "chunk" } else { "promotion" };
        match self.ledger.rows.get(&format!("{subshop}#websale#{kind}#{subject}")).map(|row| row.state) {
            Some(Standing::Intended) => {}
            other => {
                let what = format!("{title:?} of {subshop} was sent while its row says {other:?}");
                self.violated(Invariant::PersonalisedAnnounced, what);
            }
        }
        let at = self.now;
        let (subshop, body) = (subshop.to_owned(), body.clone());
        self.websale.dispatches.push(Dispatch { subshop, body, title, at, heard: false, told: (0, 0) });
        let index = self.websale.dispatches.len() - 1;
        Answered { status: 200, body: json!({"id": index}), done: Some(Done::Dispatch(index)) }
    }

    fn status(&self, id: &str) -> Answered {
        let index = id.parse::<usize>().ok().filter(|index| *index < self.websale.dispatches.len());
        let Some((index, dispatch)) = index.map(|index| (index, &self.websale.dispatches[index])) else {
            return Answered::of(404, json!({}));
        };
        let is_over = self.now.duration_since(dispatch.at) >= DISPATCH_TIME;
        let status = if is_over { "finished" } else { "running" };
        let body = json!({"status": status, "countReceiver": 3, "countSent": if is_over { 3 } else { 1 }});
        Answered { status: 200, body, done: Some(Done::Status { index, is_over }) }
    }
}

/// The title, wherever the body has it.
fn find_title(body: &Value) -> String {
    match body {
        Value::Object(fields) => match fields.get("title").and_then(Value::as_str) {
            Some(title) => title.to_owned(),
            None => fields.values().map(find_title).find(|title| !title.is_empty()).unwrap_or_default(),
        },
        Value::Array(list) => list.iter().map(find_title).find(|title| !title.is_empty()).unwrap_or_default(),
        _ => String::new(),
    }
}
