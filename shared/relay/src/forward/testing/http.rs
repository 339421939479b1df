//! A destination that answers as told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::TestClock;
use crate::{
    Async,
    http::{Http, Request, Response},
    retry::Outcome,
};

/// One call as the destination saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) url: String,
    pub(crate) body: Value,
    /// The credential header, name and value.
    pub(crate) credential: Option<String>,
}

/// Answers in the order told; 200 with an empty object when nothing is told.
#[derive(Default)]
pub(crate) struct TestHttp {
    pub(crate) seen: Mutex<Vec<Seen>>,
    answers: Mutex<VecDeque<Outcome>>,
}

impl TestHttp {
    /// The next answer not yet told about.
    pub(crate) fn will(&self, outcome: Outcome) {
        self.answers.lock().unwrap().push_back(outcome);
    }

    /// The same, as status and JSON.
    pub(crate) fn will_answer(&self, status: u16, body: &Value) {
        self.will(Ok(answer(status, body)));
    }

    /// What was told and not asked for does not count any more.
    pub(crate) fn forget_answers(&self) {
        self.answers.lock().unwrap().clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn answer(status: u16, body: &Value) -> Response {
    Response { status, headers: http::HeaderMap::new(), body: body.to_string().into() }
}

impl Http for TestHttp {
    fn call(&self, request: Request) -> Async<'_, Outcome> {
        let body = request.json.as_deref().map_or(Value::Null, |json| serde_json::from_slice(json).unwrap());
        let credential = request.credential.map(|(name, value)| format!("{name}: {}", value.expose_secret()));
        let seen = Seen { url: request.url.to_string(), body, credential };
        self.seen.lock().unwrap().push(seen);
        let next = self.answers.lock().unwrap().pop_front();
        Box::pin(async move { next.unwrap_or_else(|| Ok(answer(200, &json!({})))) })
    }
}

/// Takes six seconds to refuse the credentials.
pub(crate) struct SlowRefusal(pub(crate) Arc<TestClock>, pub(crate) Arc<TestHttp>);

impl Http for SlowRefusal {
    fn call(&self, request: Request) -> Async<'_, Outcome> {
        self.0.advance(6);
        self.1.will_answer(401, &json!({}));
        self.1.call(request)
    }
}
