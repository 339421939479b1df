//! `/_sandbox/…`: what was received, what state it left, which faults are ordered.

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use super::{Inner, answer::Answer, fault::Fault};

/// Where these paths begin.
pub(super) const PREFIX: &str = "/_sandbox/";

/// Answers one of them.
pub(super) fn answer(inner: &mut Inner, method: &Method, path: &str, query: &str, body: &Bytes) -> Answer {
    match (method, path.strip_prefix(PREFIX).unwrap_or_default()) {
        (&Method::GET, "received") => received(inner, query),
        (&Method::DELETE, "received") => {
            inner.log.clear();
            Answer::raw(204, "")
        }
        (&Method::GET, "state") => Answer::json(200, &state(inner)),
        (&Method::GET, "faults") => Answer::json(200, &inner.faults.state()),
        (&Method::POST, "faults") => order(inner, body),
        (&Method::DELETE, "faults") => {
            inner.faults.clear();
            Answer::raw(204, "")
        }
        _ => Answer::refused(404, "there are GET and DELETE received, GET state, GET, POST and DELETE faults"),
    }
}

fn received(inner: &Inner, query: &str) -> Answer {
    let after = query.split('&').find_map(|part| part.strip_prefix("after="));
    match after.map_or(Ok(0), str::parse) {
        Ok(after) => Answer::json(200, &json!(inner.log.after(after))),
        Err(_) => Answer::refused(400, "after must be a number"),
    }
}

fn order(inner: &mut Inner, body: &Bytes) -> Answer {
    match serde_json::from_slice::<Vec<Fault>>(body) {
        Ok(faults) => {
            inner.faults.add(faults);
            Answer::json(200, &inner.faults.state())
        }
        Err(error) => Answer::refused(400, &error.to_string()),
    }
}

/// Transactions, subscribers, entries, dispatches, and what shops were told.
pub(super) fn state(inner: &Inner) -> Value {
    let shops = json!({ "callbacks": inner.callbacks.state() });
    json!({ "websand": inner.websand.state(), "websale": inner.websale.state(), "shops": shops })
}
