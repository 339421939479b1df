//! Every documented rule, over real HTTP, each test breaking just that rule.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use relay::clock::Clock;
use serde_json::{Value, json};

use super::{Sandbox, Settings};

mod callbacks;
mod entries;
mod faults;
mod login;
mod personalised;
mod shops;
mod websand;

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    fn forward(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A sandbox with a client.
struct Running {
    sandbox: Sandbox,
    http: reqwest::Client,
    clock: ManualClock,
}

/// An answer: status and JSON (null if it had no body).
type Answered = (u16, Value);

impl Running {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = ManualClock(Arc::new(AtomicI64::new(1_767_225_600)));
        let mut settings = Settings { clock: Arc::new(clock.clone()), ..Settings::default() };
        change(&mut settings);
        let sandbox = Sandbox::start("127.0.0.1:0".parse().unwrap(), settings).await.unwrap();
        let tls = relay::tls::client_config("SHOPRELAY_CA_FILE", None).unwrap();
        let http = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone()).no_proxy().build().unwrap();
        Self { sandbox, http, clock }
    }

    async fn with_faults(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| text.parse().unwrap()).collect();
        Self::with(|settings| settings.faults = faults).await
    }

    fn request(&self, method: &str, path: &str, header: (&str, &str)) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.sandbox.local_addr());
        self.http.request(method.parse().unwrap(), url).header(header.0, header.1)
    }

    async fn call(&self, method: &str, path: &str, header: (&str, &str), body: Option<&Value>) -> Answered {
        answered(with_json(self.request(method, path, header), body)).await.unwrap()
    }

    async fn transaction(&self, body: &Value) -> Answered {
        self.call("POST", "/websand/acme/api/data/transaction", ("authorization", "Token key"), Some(body)).await
    }

    async fn token(&self) -> String {
        let body = json!({ "username": "api", "password": "right" });
        let (status, answer) = self.call("POST", "/api/authent/login/shop", ("accept", "*/*"), Some(&body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// A call of the App API with a fresh token.
    async fn app(&self, method: &str, path: &str, body: Option<&Value>) -> Answered {
        let token = format!("Bearer {}", self.token().await);
        self.call(method, &format!("/api/websaleapp2{path}"), ("x-authorization", &token), body).await
    }
}

fn with_json(request: reqwest::RequestBuilder, body: Option<&Value>) -> reqwest::RequestBuilder {
    match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    }
}

async fn answered(request: reqwest::RequestBuilder) -> reqwest::Result<Answered> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// A body with one field set, or removed by null. The field is a JSON pointer.
fn changed(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
        Value::Object(map) if value.is_null() => drop(map.remove(name)),
        Value::Object(map) => drop(map.insert(name.into(), value)),
        other => panic!("{pointer} is in {other}"),
    }
    body
}

fn refused((status, body): &Answered, expected: u16, reason: &str) {
    let error = body["error"].as_str().unwrap_or_default();
    assert!(*status == expected && error.contains(reason), "{status} {body} instead of {expected} with {reason:?}");
}

#[tokio::test]
async fn state_and_list_show_what_arrived_in_order() {
    let running = Running::new().await;
    let order = websand::transaction();
    running.transaction(&order).await;
    running.transaction(&order).await;
    running.transaction(&changed(&order, "/transaction/total", Value::Null)).await;
    let (status, list) = running.call("GET", "/_sandbox/received", ("accept", "*/*"), None).await;
    assert_eq!(status, 200);
    assert_eq!(list[0]["number"], 1);
    assert_eq!(list[0]["call"], "websand.transaction");
    assert_eq!(list[0]["subject"], json!({ "account": "acme", "_id": "12345" }));
    assert_eq!(list[0]["body"], order);
    let outcomes: Vec<_> = list.as_array().unwrap().iter().map(|each| (&each["status"], &each["processed"])).collect();
    assert_eq!(json!(outcomes), json!([[200, true], [200, true], [400, false]]));
    let (_, state) = running.call("GET", "/_sandbox/state", ("accept", "*/*"), None).await;
    assert_eq!(state["websand"]["transactions"][0]["posts"], 2);
    let (_, newer) = running.call("GET", "/_sandbox/received?after=2", ("accept", "*/*"), None).await;
    assert_eq!(newer.as_array().unwrap().len(), 1);
    let (status, _) = running.call("DELETE", "/_sandbox/received", ("accept", "*/*"), None).await;
    assert_eq!(status, 204);
    assert!(running.sandbox.received(0).is_empty());
}

#[tokio::test]
async fn after_shutdown_nothing_listens() {
    let running = Running::new().await;
    let address = running.sandbox.local_addr();
    running.sandbox.shutdown().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
