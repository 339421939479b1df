//! A proxy between the functions and the emulator, which remembers who called what. The emulator itself keeps no record
//! of calls that it refuses.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::aws::http_client;

/// The most that a message and its envelope may take.
const MOST: usize = 4 * 1024 * 1024;

/// One call, once however often it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The caller's access key.
    pub key: String,
    /// As `X-Amz-Target` names it: `AmazonSQS.SendMessage`.
    pub target: String,
    /// What it is about: the queue's URL, the table, the table and its index with a slash between, or the secret's name.
    pub resource: String,
}

/// A message that a function has hidden.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// Its queue's name.
    pub queue: String,
    /// The handle by which it was received.
    pub receipt: String,
    /// For how many seconds.
    pub seconds: u64,
}

/// The proxy. It ends with the process.
#[derive(Debug)]
pub struct Recorder {
    /// Its address.
    pub endpoint: String,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    calls: BTreeSet<Call>,
    hidden: Vec<Hidden>,
}

#[derive(Clone)]
struct Relay {
    emulator: String,
    http: reqwest::Client,
    heard: Arc<Mutex<Heard>>,
}

impl Recorder {
    /// Starts it before this emulator, on a thread of its own: tests come and go with their runtimes.
    pub fn start(emulator: &str) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        listener.set_nonblocking(true).expect("a socket can be told so");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let (emulator, shared) = (emulator.to_owned(), Arc::clone(&heard));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let relay = Relay { emulator, http: http_client(), heard: shared };
                let listener = tokio::net::TcpListener::from_std(listener).expect("a bound socket");
                let routes = Router::new().fallback(forward).with_state(relay);
                axum::serve(listener, routes).await.expect("it serves until the process ends");
            });
        });
        Self { endpoint, heard }
    }

    /// All calls so far.
    pub fn calls(&self) -> BTreeSet<Call> {
        self.heard.lock().expect("nobody panics meanwhile").calls.clone()
    }

    /// The messages of a queue that functions have hidden for at least so long; each is given once.
    pub fn hidden(&self, queue: &str, seconds: u64) -> Vec<Hidden> {
        let hidden = &mut self.heard.lock().expect("nobody panics meanwhile").hidden;
        hidden.extract_if(.., |hidden| hidden.queue == queue && hidden.seconds >= seconds).collect()
    }
}

/// Hands the request on as it is, `Host` included: it is signed.
async fn forward(State(relay): State<Relay>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else { return status(StatusCode::PAYLOAD_TOO_LARGE) };
    if let Some(call) = call(&head.headers, &body) {
        relay.heard.lock().expect("nobody panics meanwhile").calls.insert(call);
    }
    let hidden = hidden(&head.headers, &body);
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = relay.http.request(head.method, format!("{}{path}", relay.emulator)).headers(head.headers).body(body);
    let Ok(answer) = request.send().await else { return status(StatusCode::BAD_GATEWAY) };
    relay.heard.lock().expect("nobody panics meanwhile").hidden.extend(hidden);
    let (code, mut headers) = (answer.status(), answer.headers().clone());
    let Ok(body) = answer.bytes().await else { return status(StatusCode::BAD_GATEWAY) };
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = code;
    *response.headers_mut() = headers;
    response
}

fn status(code: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

/// The message that this request hides.
fn hidden(headers: &HeaderMap, body: &[u8]) -> Option<Hidden> {
    headers.get("x-amz-target").filter(|target| *target == "AmazonSQS.ChangeMessageVisibility")?;
    let input: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| input[name].as_str().map(str::to_owned);
    let queue = text("QueueUrl")?.rsplit('/').next()?.to_owned();
    Some(Hidden { queue, receipt: text("ReceiptHandle")?, seconds: input["VisibilityTimeout"].as_u64()? })
}

/// The call of a JSON protocol in this request.
fn call(headers: &HeaderMap, body: &[u8]) -> Option<Call> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (_, credential) = text(header::AUTHORIZATION.as_str())?.split_once("Credential=")?;
    let input: Value = serde_json::from_slice(body).ok()?;
    let of = |name: &str| input[name].as_str();
    let resource = match (of("QueueUrl").or(of("SecretId")), of("TableName"), of("IndexName")) {
        (Some(name), ..) | (None, Some(name), None) => name.to_owned(),
        (None, Some(table), Some(index)) => format!("{table}/{index}"),
        (None, None, _) => return None,
    };
    let key = credential.split('/').next()?.to_owned();
    Some(Call { key, target: text("x-amz-target")?.to_owned(), resource })
}
