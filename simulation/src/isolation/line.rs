//! Calls to destinations, which take their time, and hang, fail or are refused where a shop's account is in trouble.

use ::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use bytes::Bytes;
use relay::{
    Async,
    http::{CallError, Http, Request, Response},
};
use serde_json::{Value, json};

use super::{Trouble, mail::Room};
use crate::{http::Call, world::Process};

/// How long a call takes to the destination, and how long its answer takes back, in milliseconds.
const ONE_WAY: (u64, u64) = (15, 75);

/// A process's hand on the network.
pub(super) struct Line {
    pub(super) process: Process,
    pub(super) room: Room,
}

impl Http for Line {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        Box::pin(async move {
            let timeout = u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX);
            let call = Call::of(&request);
            let shop = shop(&call).to_owned();
            match self.room.called(&shop) {
                None => {
                    self.process.pause(ONE_WAY.0, ONE_WAY.1).await;
                    let body = self.serve(&shop, &call);
                    self.process.pause(ONE_WAY.0, ONE_WAY.1).await;
                    Ok(response(200, &body, None))
                }
                Some(Trouble::Hangs) => {
                    self.process.pause(timeout, timeout).await;
                    Err(CallError::NoAnswer("simulated: no answer in time".into()))
                }
                Some(Trouble::Refuses) => {
                    self.process.pause(1, 5).await;
                    Err(CallError::NotSent("simulated: connection refused".into()))
                }
                Some(Trouble::Answers { status, retry_after }) => {
                    self.process.pause(2 * ONE_WAY.0, 2 * ONE_WAY.1).await;
                    Ok(response(status, &json!({"error": "simulated"}), retry_after))
                }
            }
        })
    }
}

impl Line {
    fn serve(&self, shop: &str, call: &Call) -> Value {
        if call.host.ends_with(".websandhq.com") {
            self.room.reached(shop, call.body["transaction"]["_id"].as_str().unwrap_or_default());
            return json!({});
        }
        let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        match path[..] {
            ["api", "authent", "login", _] => json!({"token": format!("token-of-{shop}")}),
            // An entry is there once it is active; its title serves for an id.
            ["api", "websaleapp2", "news", _, id] => {
                self.room.reached(shop, id);
                json!({"id": id, "active": true, "sentStatus": 0})
            }
            _ => json!({"id": call.body["title"], "active": false, "sentStatus": 0}),
        }
    }
}

/// Whose account is called: at Websand the host says it, at WEBSALE the path.
fn shop(call: &Call) -> &str {
    match call.host.strip_suffix(".websandhq.com") {
        Some(account) => account,
        None => call.path.split('/').nth(4).unwrap_or_default(),
    }
}

fn response(status: u16, body: &Value, retry_after: Option<u64>) -> Response {
    let headers = retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
    Response { status, headers: HeaderMap::from_iter(headers), body: Bytes::from(body.to_string()) }
}
