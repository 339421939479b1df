//! Telling shops what became of their promotions.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{
    Async,
    callback::schema,
    destination::websale::stage::Fuse,
    forward::testing::answer,
    http::{Http, Request},
    ledger::{CallbackStatus, Guess, callback, connection},
    retry::Outcome,
    standard_webhooks::{Claim, key},
};

mod crash;
mod settings;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ROTATED: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A shop's endpoint: keeps what it is sent and answers as told, else 204.
#[derive(Default)]
struct Endpoint {
    fuse: Arc<Fuse>,
    taken: Mutex<Vec<Taken>>,
    answers: Mutex<VecDeque<Outcome>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Taken {
    url: String,
    id: String,
    body: serde_json::Value,
    /// By which of the two secrets it is signed.
    signed: &'static str,
}

impl Http for Endpoint {
    fn call(&self, request: Request) -> Async<'_, Outcome> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.fuse.guard(async { self.take(&request) }).await
        })
    }
}

impl Endpoint {
    fn take(&self, request: &Request) -> Outcome {
        let header =
            |name: &str| request.headers.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str());
        let sent = Timestamp::from_second(header("webhook-timestamp").unwrap().parse().unwrap()).unwrap();
        let (claim, body) = (Claim::read(header, sent).unwrap(), request.json.clone().unwrap());
        let signed = [SECRET, ROTATED].into_iter().find(|secret| claim.is_proven_by(&key(secret).unwrap(), &body));
        let taken = Taken {
            url: request.url.to_string(),
            id: header("webhook-id").unwrap().to_owned(),
            body: serde_json::from_slice(&body).unwrap(),
            signed: signed.expect("it is signed"),
        };
        self.taken.lock().unwrap().push(taken);
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| Ok(answer(204, &json!(null))))
    }

    fn will(&self, outcome: Outcome) {
        self.answers.lock().unwrap().push_back(outcome);
    }

    fn taken(&self) -> Vec<Taken> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }
}

struct Tale {
    watch: Watch,
    endpoint: Arc<Endpoint>,
}

impl Tale {
    fn new() -> Self {
        let stage = Stage::new();
        let endpoint = Arc::new(Endpoint { fuse: Arc::clone(&stage.fuse), ..Endpoint::default() });
        let poller = Poller::new(stage.ports.clone(), endpoint.clone(), stage.world.config.clone());
        let tale = Self { watch: Watch { stage, poller }, endpoint };
        tale.wants("acme", SECRET);
        tale
    }

    /// The shop wants to be told, signed with this secret.
    fn wants(&self, shop: &str, secret: &str) {
        let callback = json!({"url": "https://shop.example/hooks/status", "signing_secret": secret});
        let account = json!({"shop_id": "i", "subshop": "Deutsch", "username": "u", "password": "p",
            "status_callback": callback});
        self.watch.stage.world.secret(&format!("{shop}/websale"), account);
    }

    /// A promotion of this shop that is over, and what the shop is owed about it.
    async fn over(&self, shop: &str, subject: &str, statuses: &[CallbackStatus]) -> RowKey {
        let key = self.watch.sent(shop, subject).await;
        let over = Row { due: None, state: State::Delivered, ..self.watch.row(&key) };
        self.owe(over, statuses).await;
        key
    }

    async fn owe(&self, row: Row, statuses: &[CallbackStatus]) {
        let about = row.promotion.as_ref().unwrap().revision;
        let now = self.watch.now();
        let version = row.version;
        let owing = statuses.iter().fold(row, |row, status| callback::owe(row, *status, about, None, now));
        let owing = Row { version: version + 1, ..owing };
        self.watch.stage.world.ledger.put(&owing, Expected::Version(version)).await.unwrap();
    }

    fn taken(&self) -> Vec<String> {
        let status = |taken: Taken| taken.body["data"]["status"].as_str().unwrap().to_owned();
        self.endpoint.taken().into_iter().map(status).collect()
    }

    fn owes(&self, key: &RowKey) -> Option<crate::ledger::Callbacks> {
        self.watch.row(key).callbacks
    }
}

#[tokio::test]
async fn a_push_that_ends_is_told_of_at_once_after_what_was_owed_before() {
    let tale = Tale::new();
    let key = tale.watch.sent("acme", "summer").await;
    tale.owe(tale.watch.row(&key), &[CallbackStatus::Sent]).await;
    let answer = json!({"status": "error", "countReceiver": 9, "countSent": 7, "countError": 2, "error": "no key"});
    tale.watch.answers(answer);
    assert_eq!(tale.watch.run().await, Polled { asked: 1, ended: 1, told: 2, failed: 0 });
    let taken = tale.endpoint.taken();
    let data = |number: usize| taken[number].body["data"].clone();
    let now = tale.watch.now();
    let said =
        json!({"shop": "acme", "id": "summer", "channel": "personalised_push", "updated_at": now, "reason": null});
    let with = |more: serde_json::Value| {
        let mut all = said.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let none = json!({"status": "sent", "error": null, "websale_status": null, "receivers": null, "sent": null, "errors": null});
    assert_eq!(data(0), with(none));
    let all = json!({"status": "finished", "error": "no key", "websale_status": "error", "receivers": 9, "sent": 7, "errors": 2});
    assert_eq!(data(1), with(all));
    assert!(taken.iter().all(|taken| taken.signed == SECRET && taken.url == "https://shop.example/hooks/status"));
    assert_ne!(taken[0].id, taken[1].id);
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    assert!(taken.iter().all(|taken| validator.is_valid(&taken.body)));
    let row = tale.watch.row(&key);
    assert_eq!((row.callbacks.clone(), row.index(), row.expires_at.is_some()), (None, None, true));
    assert_eq!(tale.watch.run().await, Polled::default(), "nothing is told twice");
}

#[tokio::test]
async fn two_pollers_at_once_tell_once() {
    let tale = Tale::new();
    let key = tale.over("acme", "summer", &[CallbackStatus::Sent, CallbackStatus::TooLate]).await;
    let stage = &tale.watch.stage;
    let other = Poller::new(stage.ports.clone(), tale.endpoint.clone(), stage.world.config.clone());
    let deadline = tale.watch.now() + Duration::from_secs(50);
    let (one, two) = tokio::join!(tale.watch.run(), other.run(deadline));
    assert_eq!(one.told + two.told, 2);
    assert_eq!((tale.taken(), tale.owes(&key)), (vec!["sent".to_owned(), "too_late".to_owned()], None));
}

#[tokio::test]
async fn a_shop_that_does_not_listen_is_told_later_under_the_same_id() {
    let tale = Tale::new();
    let key = tale.over("acme", "summer", &[CallbackStatus::Parked, CallbackStatus::Sent]).await;
    let later = http::HeaderMap::from_iter([(http::header::RETRY_AFTER, "500".parse().unwrap())]);
    tale.endpoint.will(Ok(crate::http::Response { headers: later, ..answer(503, &json!({})) }));
    tale.endpoint.will(Err(crate::http::CallError::NoAnswer("reset".into())));
    assert_eq!(tale.watch.run().await, Polled { asked: 0, ended: 0, told: 0, failed: 1 });
    assert_eq!(tale.owes(&key).unwrap().at.duration_since(tale.watch.now()).as_secs(), 500, "not before, nor later");
    assert_eq!(tale.watch.run().await, Polled::default());
    tale.watch.stage.world.advance(500);
    assert_eq!(tale.watch.run().await.failed, 1);
    let callbacks = tale.owes(&key).unwrap();
    assert_eq!((callbacks.failed, callbacks.lease, callbacks.owed.len()), (2, None, 2));
    tale.watch.stage.world.advance(20);
    assert_eq!(tale.watch.run().await.told, 2);
    let taken = tale.endpoint.taken();
    assert_eq!(taken.iter().map(|taken| &taken.id).collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert!(taken[0].id == taken[1].id && taken[1].id == taken[2].id && taken[1].body == taken[2].body);
}

#[tokio::test]
async fn whatever_a_shop_answers_it_is_tried_for_72_hours_and_then_a_person_is_called() {
    for status in [301, 400, 404, 410, 422, 500] {
        let tale = Tale::new();
        let key = tale.over("acme", "summer", &[CallbackStatus::Sent]).await;
        let began = tale.watch.now();
        while let Some(callbacks) = tale.owes(&key) {
            tale.endpoint.will(Ok(answer(status, &json!({}))));
            let wait = callbacks.at.duration_since(tale.watch.now()).as_secs();
            tale.watch.stage.world.advance(wait.max(1800));
            assert_eq!(tale.watch.run().await.failed, 1, "{status}");
        }
        let hours = tale.watch.now().duration_since(began).as_secs() / 3600;
        let row = tale.watch.row(&key);
        assert!((72..=73).contains(&hours), "{status}: {hours}");
        assert_eq!((row.state, row.attention), (State::Delivered, Some(Attention::CallbackFailed)), "{status}");
        assert_eq!(
            row.last_error.map(|error| (error.code, error.status)),
            Some(("retries_exhausted".into(), Some(status)))
        );
        assert!(row.expires_at.is_some());
    }
}

#[tokio::test]
async fn a_pause_is_for_websale_and_the_shop_is_told_all_the_same() {
    let tale = Tale::new();
    let key = tale.watch.sent("acme", "summer").await;
    tale.owe(tale.watch.row(&key), &[CallbackStatus::Sent]).await;
    let now = tale.watch.now();
    let connection = connection::row_key(&"acme".parse().unwrap(), Destination::Websale);
    let pause = |_: Option<&Row>| {
        crate::ledger::Change::Write(Box::new(connection::paused(Row::new(connection.clone(), now), now)), ())
    };
    let ports = &tale.watch.stage.ports;
    crate::ledger::update(&*ports.ledger, &*ports.random, &connection, Guess::Unknown, pause).await.unwrap();
    assert_eq!(tale.watch.run().await, Polled { asked: 0, ended: 0, told: 1, failed: 0 });
    assert_eq!((tale.taken(), tale.watch.stage.websale.calls()), (vec!["sent".to_owned()], vec![]));
}

#[tokio::test]
async fn a_deaf_shop_costs_one_try_a_run_and_holds_up_nobody() {
    let tale = Tale::new();
    tale.wants("other", SECRET);
    for number in 0..20 {
        tale.over("acme", &format!("p{number}"), &[CallbackStatus::Sent]).await;
    }
    let other = tale.over("other", "summer", &[CallbackStatus::Sent]).await;
    for _ in 0..AT_ONCE {
        tale.endpoint.will(Err(crate::http::CallError::NotSent("refused".into())));
    }
    tale.watch.run().await;
    assert!(tale.taken().len() <= AT_ONCE + 1);
    tale.watch.run().await;
    assert_eq!(tale.owes(&other), None);
}
