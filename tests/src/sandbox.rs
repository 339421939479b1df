//! `shoprelay sandbox` as a process: both destinations.

use serde_json::Value;

use crate::{
    aws::http_client,
    binaries,
    leash::{Leash, logged},
};

/// A running sandbox. It ends when it is dropped, or with the test process.
#[derive(Debug)]
pub struct Sandbox {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    _leash: Leash,
}

impl Sandbox {
    /// Starts one with these further arguments.
    pub async fn start(arguments: &[&str]) -> Self {
        let program = binaries::path("shoprelay");
        let folder = tempfile::Builder::new().prefix("shoprelay-sandbox-").tempdir().expect("a folder").keep();
        let log = folder.join("log");
        let mut command = vec![program.to_str().expect("a UTF-8 path"), "sandbox", "--listen", "127.0.0.1:0"];
        command.extend(arguments);
        let leash = Leash::start(&command, &[], &folder, &log);
        Self { url: logged(&log, "listening on ").await, _leash: leash }
    }

    /// Its port.
    pub fn port(&self) -> &str {
        self.url.rsplit(':').next().expect("an address ends in a port")
    }

    /// All requests it received, in order.
    pub async fn received(&self) -> Vec<Value> {
        let Value::Array(list) = self.get("received").await else { panic!("the sandbox gives a list") };
        list
    }

    /// How many requests it received since this many, in all.
    pub async fn received_since(&self, known: u64) -> u64 {
        let Value::Array(list) = self.get(&format!("received?after={known}")).await else { panic!("a list") };
        list.last().and_then(|request| request["number"].as_u64()).unwrap_or(known)
    }

    /// Orders a fault, as `POST /_sandbox/faults` takes it.
    pub async fn order(&self, fault: &Value) {
        let url = format!("{}/_sandbox/faults", self.url);
        let body = Value::from(vec![fault.clone()]).to_string();
        let answer = http_client().post(url).body(body).send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{fault}: {}", answer.status());
    }

    /// Ends all faults.
    pub async fn calm(&self) {
        let url = format!("{}/_sandbox/faults", self.url);
        http_client().delete(url).send().await.expect("the sandbox answers");
    }

    /// The requests of this call (`websand.transaction` …) that took effect.
    pub async fn processed(&self, call: &str) -> Vec<Value> {
        let mut list = self.received().await;
        list.retain(|request| request["call"] == call && request["processed"] == true);
        list
    }

    /// What the requests left behind.
    pub async fn state(&self) -> Value {
        self.get("state").await
    }

    async fn get(&self, what: &str) -> Value {
        let answer =
            http_client().get(format!("{}/_sandbox/{what}", self.url)).send().await.expect("the sandbox answers");
        serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("the sandbox speaks JSON")
    }
}
