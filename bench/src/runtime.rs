//! The Lambda Runtime API for one process.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request};
use tokio::sync::{mpsc, oneshot};

use crate::server::{Answer, Service, at_once, json};

/// How long an invocation may take, as the function is told. Under callgrind everything takes fifty times as long.
const TIME: Duration = Duration::from_mins(10);

/// What the function does at its Runtime API.
pub(crate) enum Move {
    /// It asks for work; what is sent back is its event.
    Next(oneshot::Sender<Bytes>),
    /// It answers.
    Answer(Bytes),
    /// It says that something failed.
    Failed(Bytes),
}

/// Hands each move on, in order.
pub(crate) struct Runtime {
    moves: mpsc::UnboundedSender<Move>,
}

impl Runtime {
    pub(crate) fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Move>) {
        let (moves, received) = mpsc::unbounded_channel();
        (Arc::new(Self { moves }), received)
    }
}

impl Service for Runtime {
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let path = request.uri().path();
        // Nobody listens any more when the round is over.
        if request.method() == Method::GET && path.ends_with("/invocation/next") {
            let (event, received) = oneshot::channel();
            let _ = self.moves.send(Move::Next(event));
            return Box::pin(async move {
                match received.await {
                    Ok(event) => invocation(event),
                    Err(_) => json(500, "{}"),
                }
            });
        }
        let is_answer = path.ends_with("/response");
        let body = request.into_body();
        let _ = self.moves.send(if is_answer { Move::Answer(body) } else { Move::Failed(body) });
        at_once(json(202, r#"{"status":"OK"}"#))
    }
}

fn invocation(event: Bytes) -> Answer {
    let mut answer = json(200, event);
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIME;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:bench".to_owned()),
        ("lambda-runtime-trace-id", "Root=1-695b9229-5b21a2c14de3b2b0447d4f7e;Sampled=0".to_owned()),
    ];
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
