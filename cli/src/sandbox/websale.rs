//! WEBSALE's App API, strict about every rule of its documentation.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Settings, answer::Answer, call::Call, fields::json_body, route::Target};

mod audience;
mod dispatch;
mod entry;
mod login;
mod personalised;

pub(crate) use dispatch::Progress;
pub(crate) use login::Account;

use dispatch::Dispatch;
use entry::Entry;
use login::LogIns;

/// How many entries and dispatches are remembered, each; the oldest are forgotten.
const REMEMBERED: usize = 100_000;

/// What the WEBSALE side knows.
pub(super) struct Websale {
    log_ins: LogIns,
    entries: BTreeMap<u64, Entry>,
    dispatches: BTreeMap<u64, Dispatch>,
    /// Entries and dispatches share one sequence of ids, as in the documentation's examples.
    next_id: u64,
    progress: Progress,
}

/// What a call is given.
pub(super) struct Request<'a> {
    pub(super) target: &'a Target,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a Bytes,
    pub(super) now: Timestamp,
}

impl Websale {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            log_ins: LogIns::new(settings),
            entries: BTreeMap::new(),
            dispatches: BTreeMap::new(),
            next_id: 64,
            progress: settings.progress,
        }
    }

    /// Answers one call; the second value names what it was about.
    pub(super) fn call(&mut self, request: &Request<'_>) -> Result<(Answer, Value), Answer> {
        let target = request.target;
        if target.call == Call::Login {
            let body = json_body(request.headers, request.body)?;
            return self.log_ins.log_in(&target.owner, &body, request.now);
        }
        self.log_ins.authorise(request.headers, request.now)?;
        match target.call {
            Call::Create => self.create(request),
            Call::Edit => self.edit(request),
            Call::Send => self.send(target),
            Call::Personalised => self.personalised(request),
            _ => self.status(target, request.now),
        }
    }

    /// All entries and dispatches.
    pub(super) fn state(&self) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(|(id, entry)| entry.json(*id)).collect();
        let dispatches: Vec<Value> = self.dispatches.iter().map(|(id, dispatch)| dispatch.json(*id)).collect();
        json!({ "entries": entries, "dispatches": dispatches })
    }

    fn create(&mut self, request: &Request<'_>) -> Result<(Answer, Value), Answer> {
        let body = json_body(request.headers, request.body)?;
        let entry = Entry::create(&request.target.owner, &body, request.now)?;
        let id = self.take_id();
        let answer = Answer::json(200, &entry.json(id));
        remember(&mut self.entries, id, entry);
        Ok((answer, json!({ "subshop": request.target.owner, "id": id })))
    }

    fn edit(&mut self, request: &Request<'_>) -> Result<(Answer, Value), Answer> {
        let body = json_body(request.headers, request.body)?;
        let (id, entry) = self.entry(request.target)?;
        entry.edit(&body, request.now)?;
        Ok((Answer::json(200, &entry.json(id)), json!({ "subshop": request.target.owner, "id": id })))
    }

    /// What a successful send returns is not documented: nothing.
    fn send(&mut self, target: &Target) -> Result<(Answer, Value), Answer> {
        let (id, entry) = self.entry(target)?;
        entry.send()?;
        Ok((Answer::raw(200, ""), json!({ "subshop": target.owner, "id": id })))
    }

    fn personalised(&mut self, request: &Request<'_>) -> Result<(Answer, Value), Answer> {
        let body = json_body(request.headers, request.body)?;
        let push = personalised::read(&body)?;
        let subject = json!({ "subshop": request.target.owner, "name": push.name });
        let dispatch = Dispatch::new(&request.target.owner, push, request.now);
        let id = self.take_id();
        remember(&mut self.dispatches, id, dispatch);
        Ok((Answer::json(200, &json!({ "id": id })), with_id(subject, id)))
    }

    fn status(&mut self, target: &Target, now: Timestamp) -> Result<(Answer, Value), Answer> {
        let id = target.id.unwrap_or_default();
        let missing = || Answer::refused(404, "no entry found with the specified ID");
        let dispatch = self.dispatches.get_mut(&id).ok_or_else(missing)?;
        dispatch.advance(self.progress, now);
        Ok((Answer::json(200, &dispatch.json(id)), json!({ "id": id })))
    }

    /// An entry is found under its own subshop only.
    fn entry(&mut self, target: &Target) -> Result<(u64, &mut Entry), Answer> {
        let id = target.id.unwrap_or_default();
        let entry = self.entries.get_mut(&id).filter(|entry| entry.subshop() == target.owner);
        entry.map(|entry| (id, entry)).ok_or_else(|| Answer::refused(404, "the entry with the given ID does not exist"))
    }

    const fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

fn remember<T>(map: &mut BTreeMap<u64, T>, id: u64, value: T) {
    if map.len() == REMEMBERED {
        map.pop_first();
    }
    map.insert(id, value);
}

fn with_id(mut subject: Value, id: u64) -> Value {
    subject["id"] = id.into();
    subject
}
