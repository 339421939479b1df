//! Calls to destinations, and every way they can go wrong.

use ::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use relay::{
    Async,
    http::{CallError, Http, Method, Request, Response},
};
use serde_json::{Value, json};

use crate::{
    trouble::Matter,
    world::{Process, State},
};

/// A call that speaks of this brings down the process that makes it.
pub(crate) const POISON: &str = "poison";

/// A call as a destination sees it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) credential: String,
    pub(crate) body: Value,
}

/// What a destination did: whether it counts, and what it answers.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The note of what was done, to be marked when the caller has heard of it.
    pub(crate) done: Option<Done>,
}

/// Where a destination noted what it did.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Done {
    Transaction(usize),
    Subscriber(usize),
    Dispatch(usize),
    Status { index: usize, is_over: bool },
}

impl Answered {
    pub(crate) fn of(status: u16, body: Value) -> Self {
        Self { status, body, done: None }
    }
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// No byte gets through.
    NotSent,
    /// Answered by somebody in front of the destination; nothing is done.
    Refused(u16),
    /// Done or not, and no answer.
    Lost {
        done: bool,
    },
    /// Done or not, and a failure for an answer.
    Failed {
        status: u16,
        done: bool,
    },
}

impl State {
    fn fault(&mut self) -> Fault {
        if self.suffers(Matter::Unreachable) {
            let failed = Fault::Failed { status: 503, done: false };
            return if self.chance.one_in(3) { failed } else { Fault::NotSent };
        }
        if !self.fails() {
            return Fault::None;
        }
        if self.suffers(Matter::Flaky) {
            return self.passing_fault();
        }
        match self.chance.below(12) {
            0 => Fault::NotSent,
            1 => Fault::Refused(401),
            2 => Fault::Refused(403),
            3 => Fault::Refused(*self.chance.pick(&[301, 404, 405])),
            4 | 5 => Fault::Refused(*self.chance.pick(&[425, 429])),
            6 => Fault::Refused(*self.chance.pick(&[400, 409, 422])),
            7 | 8 => Fault::Lost { done: true },
            9 => Fault::Lost { done: false },
            _ => Fault::Failed { status: *self.chance.pick(&[408, 500, 502, 503]), done: self.chance.one_in(2) },
        }
    }

    /// A fault that goes by, and leaves nothing to a person that one look does not settle.
    fn passing_fault(&mut self) -> Fault {
        match self.chance.below(6) {
            0 => Fault::NotSent,
            1 => Fault::Refused(*self.chance.pick(&[425, 429])),
            2 => Fault::Lost { done: true },
            3 => Fault::Lost { done: false },
            _ => Fault::Failed { status: *self.chance.pick(&[408, 500, 502, 503]), done: self.chance.one_in(2) },
        }
    }

    fn serve(&mut self, call: &Call) -> Answered {
        if call.is_to_websand() { self.websand(call) } else { self.websale(call) }
    }

    /// The caller has heard that it was done.
    fn heard(&mut self, done: Done) {
        match done {
            Done::Transaction(index) => self.websand.transactions[index].heard = true,
            Done::Subscriber(index) => self.websand.subscribers[index].heard = true,
            Done::Dispatch(index) => self.websale.dispatches[index].heard = true,
            Done::Status { index, is_over } => {
                let (running, ended) = &mut self.websale.dispatches[index].told;
                *(if is_over { ended } else { running }) += 1;
            }
        }
    }
}

/// A process's hand on the network.
pub(crate) struct SimHttp(pub Process);

impl Http for SimHttp {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        Box::pin(async move {
            let timeout = u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX);
            let call = Call::of(&request);
            self.0.with(|state| state.is_not_paused(&call));
            self.0.pause(1, 50).await;
            if call.body.to_string().contains(POISON) {
                self.0.with(|state| state.kill(self.0.id));
                return std::future::pending().await;
            }
            let fault = self.0.with(State::fault);
            self.0.with(|state| {
                let process = self.0.id;
                state.note(|| format!("process {process} calls {}{} {}: {fault:?}", call.host, call.path, call.body));
            });
            let done = match fault {
                Fault::NotSent => return Err(CallError::NotSent("simulated".into())),
                Fault::Refused(_) => None,
                Fault::Lost { done } | Fault::Failed { done, .. } => {
                    if done {
                        self.0.with(|state| state.serve(&call));
                    }
                    None
                }
                Fault::None => Some(self.0.with(|state| state.serve(&call))),
            };
            let (shortest, longest) = match fault {
                Fault::Lost { .. } if self.0.with(|state| state.chance.one_in(2)) => (timeout, timeout),
                _ => (5, 400),
            };
            self.0.pause(shortest, longest).await;
            match (fault, done) {
                (Fault::Refused(status) | Fault::Failed { status, .. }, _) => Ok(response(
                    status,
                    &json!({"error": "simulated"}),
                    self.0.with(|state| retry_after(state, status)),
                )),
                (_, Some(answered)) => {
                    if let Some(done) = answered.done {
                        self.0.with(|state| state.heard(done));
                    }
                    Ok(response(answered.status, &answered.body, None))
                }
                _ => Err(CallError::NoAnswer("simulated".into())),
            }
        })
    }
}

impl Call {
    pub(crate) fn is_to_websand(&self) -> bool {
        self.host.ends_with(".websandhq.com")
    }

    pub(crate) fn of(request: &Request) -> Self {
        let credential = request.credential.as_ref().map(|(_, value)| secrecy::ExposeSecret::expose_secret(value));
        Self {
            method: request.method,
            host: request.url.host_str().unwrap_or_default().to_owned(),
            path: request.url.path().to_owned(),
            credential: credential.unwrap_or_default().to_owned(),
            body: request.json.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default(),
        }
    }
}

fn retry_after(state: &mut State, status: u16) -> Option<u64> {
    (matches!(status, 429 | 503) && state.chance.one_in(2)).then(|| state.chance.between(1, 7200))
}

fn response(status: u16, body: &Value, retry_after: Option<u64>) -> Response {
    let headers = retry_after.map(|seconds| (::http::header::RETRY_AFTER, HeaderValue::from(seconds)));
    Response { status, headers: HeaderMap::from_iter(headers), body: Bytes::from(body.to_string()) }
}
