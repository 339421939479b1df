//! As much of Websand and WEBSALE as the forwarders use.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::server::{Answer, Service, at_once, json};

/// Both destinations; each has a server of its own.
#[derive(Default)]
pub(crate) struct Destinations {
    calls: Mutex<BTreeMap<&'static str, u64>>,
}

impl Destinations {
    /// How often each call was made.
    pub(crate) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Service for Destinations {
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>> {
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let segments: Vec<_> = request.uri().path().trim_matches('/').split('/').collect();
        let (call, answer) = match segments.as_slice() {
            ["api", "data", "transaction", ..] => ("transaction", json!({"status": "accepted"})),
            ["api", "data", "subscriber", ..] => ("subscriber", json!({"status": "accepted"})),
            ["api", "authent", "login", _] => ("login", json!({"token": "a-token"})),
            ["api", "websaleapp2", "news", ..] => {
                body["id"] = 64.into();
                ("news", body)
            }
            _ => return at_once(json(404, "{}")),
        };
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default() += 1;
        at_once(json(200, answer.to_string()))
    }
}
