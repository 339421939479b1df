//! What is known after a run: who was at work at each kill, what the sandbox received, what the ledger says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use relay::{
    ledger::{Row, State},
    message::Message,
    shop::Destination,
};
use relay_tests::{host::Host, sandbox::Sandbox};
use serde_json::Value;

/// A kill, and the rows that were being worked on.
pub(crate) struct Kill {
    pub(crate) at: Timestamp,
    pub(crate) in_hand: BTreeMap<String, State>,
}

/// A request that the sandbox received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Timestamp,
    pub(crate) name: String,
    /// None: the connection ended without an answer, by a fault or because the caller was gone.
    pub(crate) status: Option<u16>,
    pub(crate) processed: bool,
    /// Null if the fault came before it was read.
    pub(crate) body: Value,
    pub(crate) subject: Value,
}

/// Everything that a run left behind.
pub(crate) struct Evidence {
    pub(crate) kills: Vec<Kill>,
    pub(crate) calls: Vec<Call>,
    /// How often each transaction and subscriber was posted, entries and dispatches.
    pub(crate) state: Value,
    pub(crate) rows: BTreeMap<String, Row>,
    pub(crate) letters: Vec<Message>,
    /// Messages that still wait.
    pub(crate) waiting: u64,
}

impl Kill {
    /// What a host that was just killed had in hand.
    pub(crate) async fn of(host: &Host, at: Timestamp) -> Self {
        let leased = host.rows().await.into_iter().filter(|row| row.lease.is_some());
        Self { at, in_hand: leased.map(|row| (row.key.to_string(), row.state)).collect() }
    }
}

impl Call {
    fn read(request: &Value) -> Self {
        Self {
            at: request["at"].as_str().unwrap().parse().unwrap(),
            name: request["call"].as_str().unwrap_or_default().to_owned(),
            status: request["status"].as_u64().and_then(|status| status.try_into().ok()),
            processed: request["processed"] == true,
            body: request["body"].clone(),
            subject: request["subject"].clone(),
        }
    }
}

impl Evidence {
    pub(crate) async fn gather(host: &Host, sandbox: &Sandbox, kills: Vec<Kill>) -> Self {
        let mut letters = Vec::new();
        let mut waiting = 0;
        for destination in Destination::ALL {
            waiting += host.queued(destination).await.0;
            let dead = host.dead_letters(destination).await;
            letters.extend(dead.iter().map(|letter| Message::from_json(letter["body"].as_str().unwrap()).unwrap()));
        }
        Self {
            kills,
            calls: sandbox.received().await.iter().map(Call::read).collect(),
            state: sandbox.state().await,
            rows: host.rows().await.into_iter().map(|row| (row.key.to_string(), row)).collect(),
            letters,
            waiting,
        }
    }

    /// The calls of this name, in order.
    pub(crate) fn calls<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Call> {
        self.calls.iter().filter(move |call| call.name == name)
    }

    /// Whether a kill between these two instants found somebody at work on the row.
    pub(crate) fn was_killed(&self, row: &str, from: Timestamp, to: Timestamp) -> bool {
        self.kills.iter().any(|kill| (from..=to).contains(&kill.at) && kill.in_hand.contains_key(row))
    }
}
