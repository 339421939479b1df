//! A WEBSALE for tests that keeps the documented rules, and a fuse that ends a worker after any call to a port.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    Async,
    forward::testing::{World, answer},
    http::{CallError, Http, Request},
    ports::Ports,
    retry::Outcome,
};

mod fused;
pub(crate) use fused::{Crash, Fuse};

/// What one call comes to, instead of what the rules say.
#[derive(Clone)]
pub(crate) enum Script {
    /// This answer; nothing is done.
    Answer(u16, Value),
    /// It is done, and no answer arrives.
    Lost,
    /// It does not arrive.
    NotSent,
}

/// An entry as WEBSALE has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) active: bool,
    pub(crate) sends: u32,
    pub(crate) fields: BTreeMap<String, Value>,
}

#[derive(Default)]
struct State {
    log: Vec<String>,
    entries: BTreeMap<u64, Kept>,
    dispatches: Vec<Value>,
    log_ins: u64,
    oldest_token: u64,
    scripts: HashMap<&'static str, VecDeque<Script>>,
}

/// WEBSALE as far as the forwarder, the poller and the log-in can see it.
#[derive(Default)]
pub(crate) struct FakeWebsale {
    state: Mutex<State>,
    fuse: Arc<Fuse>,
}

impl FakeWebsale {
    /// The next such call (`login`, `create`, `edit`, `send`, `personalised`, `status`) comes to this.
    pub(crate) fn will(&self, call: &'static str, script: Script) {
        self.state.lock().unwrap().scripts.entry(call).or_default().push_back(script);
    }

    /// What such calls were told to come to, and have not yet, is forgotten.
    pub(crate) fn forgets(&self, call: &'static str) {
        self.state.lock().unwrap().scripts.remove(call);
    }

    /// All tokens given so far are refused from now on.
    pub(crate) fn expire_tokens(&self) {
        let mut state = self.state.lock().unwrap();
        state.oldest_token = state.log_ins + 1;
    }

    /// The calls so far, log-ins included.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// The calls since the last time this was asked, without log-ins.
    pub(crate) fn calls(&self) -> Vec<String> {
        let log = std::mem::take(&mut self.state.lock().unwrap().log);
        log.into_iter().filter(|line| line != "login").collect()
    }

    /// How many log-ins there were.
    pub(crate) fn log_ins(&self) -> u64 {
        self.state.lock().unwrap().log_ins
    }

    pub(crate) fn entries(&self) -> BTreeMap<u64, Kept> {
        self.state.lock().unwrap().entries.clone()
    }

    /// The bodies of all personalised pushes that went out.
    pub(crate) fn dispatches(&self) -> Vec<Value> {
        self.state.lock().unwrap().dispatches.clone()
    }

    fn settle(&self, request: &Request) -> Outcome {
        let mut state = self.state.lock().unwrap();
        let path = request.url.path().to_owned();
        let last = path.rsplit('/').find_map(|part| part.parse::<u64>().ok()).unwrap_or_default();
        let call = match path.split('/').collect::<Vec<_>>().as_slice() {
            [.., "login", _] => "login",
            [.., "send"] => "send",
            [.., "push", "Deutsch"] => "personalised",
            [.., "push", _] => "status",
            [.., "news", "Deutsch"] => "create",
            _ => "edit",
        };
        let body: Value = request.json.as_deref().map_or(Value::Null, |json| serde_json::from_slice(json).unwrap());
        let told = if call == "edit" { format!("edit {last} {body}") } else { call.to_owned() };
        state.log.push(told);
        let script = state.scripts.get_mut(call).and_then(VecDeque::pop_front);
        match script {
            Some(Script::NotSent) => return Err(CallError::NotSent("refused".into())),
            Some(Script::Answer(status, body)) => return Ok(answer(status, &body)),
            Some(Script::Lost) | None => {}
        }
        let done = state.apply(call, last, &body, request);
        if script.is_some() { Err(CallError::NoAnswer("reset".into())) } else { Ok(done) }
    }
}

impl State {
    fn apply(&mut self, call: &str, id: u64, body: &Value, request: &Request) -> crate::http::Response {
        if call == "login" {
            self.log_ins += 1;
            return answer(200, &json!({"token": self.log_ins.to_string()}));
        }
        let token = request.credential.as_ref().map(|(_, value)| value.expose_secret().replace("Bearer ", ""));
        if token.and_then(|token| token.parse::<u64>().ok()).is_none_or(|token| token < self.oldest_token) {
            return answer(401, &json!({}));
        }
        match call {
            "create" => {
                let id = 64 + self.entries.len() as u64;
                self.entries.insert(id, Kept::default());
                self.overwrite(id, body)
            }
            "edit" => self.overwrite(id, body),
            "send" => self.send(id),
            "personalised" => {
                assert!(request.fresh_connection, "sent on a used connection");
                self.dispatches.push(body.clone());
                answer(200, &json!({"id": 100 + self.dispatches.len()}))
            }
            _ => answer(200, &json!({"id": id, "status": "running", "countReceiver": 2, "countSent": 1})),
        }
    }

    fn overwrite(&mut self, id: u64, body: &Value) -> crate::http::Response {
        let Some(entry) = self.entries.get_mut(&id) else { return answer(404, &json!({})) };
        for (name, value) in body.as_object().unwrap() {
            if name == "active" {
                entry.active = value == &json!(true);
            } else {
                entry.fields.insert(name.clone(), value.clone());
            }
        }
        answer(200, &json!({"id": id, "active": entry.active, "sentStatus": entry.sends}))
    }

    fn send(&mut self, id: u64) -> crate::http::Response {
        match self.entries.get_mut(&id) {
            None => answer(404, &json!({})),
            Some(entry) if !entry.active || entry.sends > 0 => answer(406, &json!({})),
            Some(entry) => {
                entry.sends += 1;
                answer(200, &serde_json::Value::Null)
            }
        }
    }
}

impl Http for FakeWebsale {
    fn call(&self, request: Request) -> Async<'_, Outcome> {
        Box::pin(async move {
            // Others get their turn meanwhile, as on a real network.
            tokio::task::yield_now().await;
            self.fuse.guard(async { self.settle(&request) }).await
        })
    }
}

/// A world with a shop `acme` at WEBSALE.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) websale: Arc<FakeWebsale>,
    pub(crate) fuse: Arc<Fuse>,
    pub(crate) ports: Ports,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let fuse = Arc::new(Fuse::default());
        let websale = Arc::new(FakeWebsale { fuse: Arc::clone(&fuse), ..FakeWebsale::default() });
        let secret =
            json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "ann@example.org", "password": "old"});
        world.secret("acme/websale", secret);
        let ports = Ports {
            http: websale.clone(),
            ledger: Arc::new(fused::Ledger { fuse: Arc::clone(&fuse), ledger: world.ledger.clone() }),
            queue: Arc::new(fused::Queue { fuse: Arc::clone(&fuse), queue: world.queue.clone() }),
            ..world.ports.clone()
        };
        Self { world, websale, fuse, ports }
    }
}
