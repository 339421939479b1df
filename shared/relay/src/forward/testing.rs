//! Ports for tests: a clock that stands still, a queue that remembers, a destination that answers as told.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Async,
    clock::Clock,
    config::{Destinations, Variables},
    ledger::MemoryLedger,
    message::{Kind, Message},
    ports::Ports,
    queue::{DeadLetter, Entry, Place, Queue, QueueError, Received, Sweep, SweepEnd, Swept, Verdict},
    random::Random,
    secret::{SecretError, SecretStore, Secrets, SecretsConfig},
};

mod http;

pub(crate) use http::{Seen, SlowRefusal, TestHttp, answer};

/// The instant all test worlds begin at: 2026-06-01T08:00:00Z.
pub(crate) const START: i64 = 1_780_300_800;

/// A clock that moves only when told.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// 1, 2, 3 …
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Random for Counter {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Remembers what was sent and parked.
#[derive(Default)]
pub(crate) struct TestQueue {
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(crate) parked: Mutex<Vec<DeadLetter>>,
    /// While set, nothing is taken.
    pub(crate) down: Mutex<bool>,
}

impl TestQueue {
    fn take<T: Clone>(&self, list: &Mutex<Vec<T>>, item: &T) -> Result<(), QueueError> {
        if *self.down.lock().unwrap() {
            return Err(QueueError::Unavailable("down".into()));
        }
        list.lock().unwrap().push(item.clone());
        Ok(())
    }
}

impl Queue for TestQueue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move { self.take(&self.sent, message) })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move { self.take(&self.parked, letter) })
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(async move {
            if *self.down.lock().unwrap() {
                return Err(QueueError::Unavailable("down".into()));
            }
            Ok(match sweep.place {
                Place::Waiting => {
                    let is_swept = |message: &Message| message.destination() == sweep.destination;
                    let instead = |_: &Message, verdict: &Verdict| match verdict {
                        Verdict::Rewrite(text) => Some(Message::from_json(text).unwrap()),
                        _ => None,
                    };
                    swept(&self.sent, sweep, is_swept, waiting, instead).await
                }
                Place::Dead => {
                    let is_swept = |letter: &DeadLetter| letter.destination == sweep.destination;
                    let instead = |letter: &DeadLetter, verdict: &Verdict| match verdict {
                        Verdict::Rewrite(text) => Some(DeadLetter { body: text.clone(), ..letter.clone() }),
                        Verdict::Replace(other) => Some((**other).clone()),
                        _ => None,
                    };
                    swept(&self.parked, sweep, is_swept, DeadLetter::clone, instead).await
                }
            })
        })
    }
}

/// A waiting message as if it were a letter.
fn waiting(message: &Message) -> DeadLetter {
    DeadLetter {
        shop: None,
        destination: message.destination(),
        body: message.to_json(),
        reason: String::new(),
        status: None,
        detail: None,
    }
}

/// Nothing is locked while the judge thinks. The id is the place in the list; nobody knows since when it is there.
async fn swept<T: Clone + PartialEq + Send>(
    list: &Mutex<Vec<T>>,
    sweep: Sweep<'_>,
    is_swept: impl Fn(&T) -> bool + Send,
    letter: impl Fn(&T) -> DeadLetter + Send,
    instead: impl Fn(&T, &Verdict) -> Option<T> + Send,
) -> Swept {
    let items: Vec<T> = list.lock().unwrap().clone();
    let mut examined = 0;
    for (number, item) in items.iter().enumerate().filter(|(_, item)| is_swept(item)) {
        examined += 1;
        let (id, seen) = (number.to_string(), letter(item));
        let verdict = sweep.judge.judge(entry(&id, Timestamp::UNIX_EPOCH, &seen)).await;
        if verdict != Verdict::Keep {
            replace(&mut list.lock().unwrap(), item, instead(item, &verdict));
        }
        if verdict == Verdict::Delete {
            sweep.judge.deleted(&id).await;
        }
    }
    Swept { examined, end: SweepEnd::Complete }
}

fn replace<T: PartialEq>(list: &mut Vec<T>, item: &T, instead: Option<T>) {
    if let Some(place) = list.iter().position(|other| other == item) {
        list.splice(place..=place, instead);
    }
}

/// A letter as a sweep shows it.
pub(crate) fn entry<'a>(id: &'a str, since: Timestamp, letter: &'a DeadLetter) -> Entry<'a> {
    Entry {
        id,
        body: &letter.body,
        since,
        shop: letter.shop.as_ref().map(crate::shop::ShopName::as_str),
        reason: Some(&letter.reason),
        status: letter.status,
        detail: letter.detail.as_deref(),
    }
}

/// Secrets in a map.
#[derive(Default)]
pub(crate) struct TestSecrets(pub(crate) Mutex<HashMap<String, Value>>);

impl SecretStore for TestSecrets {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<secrecy::SecretString, SecretError>> {
        let value = self.0.lock().unwrap().get(name).map(Value::to_string);
        Box::pin(async move { value.map(Into::into).ok_or_else(|| SecretError::NotFound { name: name.into() }) })
    }
}

/// All ports of a worker, and the hands on them.
pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) queue: Arc<TestQueue>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) http: Arc<TestHttp>,
    pub(crate) secrets: Arc<TestSecrets>,
    pub(crate) ports: Ports,
    pub(crate) config: Destinations,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let (queue, ledger) = (Arc::new(TestQueue::default()), Arc::new(MemoryLedger::default()));
        let (http, secrets) = (Arc::new(TestHttp::default()), Arc::new(TestSecrets::default()));
        let config = SecretsConfig { prefix: "shoprelay/".into(), ttl: Duration::from_mins(5) };
        let ports = Ports {
            queue: queue.clone(),
            ledger: ledger.clone(),
            secrets: Arc::new(Secrets::new(secrets.clone(), clock.clone(), config)),
            http: http.clone(),
            clock: clock.clone(),
            random: Arc::new(Counter::default()),
        };
        let world = Self {
            clock,
            queue,
            ledger,
            http,
            secrets,
            ports,
            config: Destinations::from_variables(Variables(&|_| None)).unwrap(),
        };
        world.secret("_installation", json!({"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}));
        world
    }

    /// Sets a secret, such as `acme/websand`.
    pub(crate) fn secret(&self, name: &str, value: Value) {
        self.secrets.0.lock().unwrap().insert(format!("shoprelay/{name}"), value);
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// A message as a host hands it over, queued a moment ago, with two minutes to work.
    pub(crate) fn received(&self, message: &Message) -> Received {
        self.received_text(message.to_json())
    }

    /// The same, of any text.
    pub(crate) fn received_text(&self, body: String) -> Received {
        let now = self.clock.now();
        // Its own moment, since the clock stands still: what was read for others is not read for it.
        let taken_at = now + Duration::from_nanos(1);
        Received { body, sent_at: now, taken_at, deadline: now + Duration::from_mins(2) }
    }

    /// The only row there is of what was delivered.
    pub(crate) fn only_row(&self) -> crate::ledger::Row {
        let mut rows = self.ledger.rows();
        rows.retain(|_, row| row.key.kind != Kind::Connection);
        assert_eq!(rows.len(), 1, "{:?}", rows.keys());
        rows.into_values().next().unwrap()
    }
}
