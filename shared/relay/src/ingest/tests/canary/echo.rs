//! Destinations that repeat what they are sent, and shops' APIs that answer with what is to be fetched.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::is_song;
use crate::{
    Async,
    forward::testing::answer,
    http::{Http, Request},
    retry::Outcome,
};

/// Answers every call with its own request.
pub(super) struct Echo {
    status: AtomicU16,
    sang: AtomicBool,
    /// What the shop's API answers, call by call.
    objects: Mutex<VecDeque<Value>>,
}

impl Echo {
    pub(super) fn new(objects: &[Value]) -> Self {
        Self {
            status: AtomicU16::new(200),
            sang: AtomicBool::new(false),
            objects: Mutex::new(objects.iter().cloned().collect()),
        }
    }

    /// Whether a destination was sent a canary.
    pub(super) fn sang(&self) -> bool {
        self.sang.load(Ordering::SeqCst)
    }

    pub(super) fn answers_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

impl Http for Echo {
    fn call(&self, request: Request) -> Async<'_, Outcome> {
        let body: Value =
            request.json.as_deref().and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
        let is_destination =
            request.url.host_str().is_some_and(|host| host.contains("websand") || host.contains("websale"));
        self.sang.fetch_or(is_song(&body.to_string()), Ordering::SeqCst);
        let object = if is_destination { None } else { self.objects.lock().unwrap().pop_front() };
        let outcome = match object {
            Some(object) => answer(200, &object),
            None if request.url.path().contains("authent/login") => answer(200, &json!({"token": "a.token.invented"})),
            None => {
                let credential = request.credential.as_ref().map(|(_, value)| value.expose_secret().to_owned());
                let said = format!("{:?} with {credential:?}: {body}", request.method);
                answer(self.status.load(Ordering::SeqCst), &json!({"id": 64, "error": said, "request": body}))
            }
        };
        Box::pin(async move { Ok(outcome) })
    }
}
