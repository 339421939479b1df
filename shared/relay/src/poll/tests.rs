use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::{Crash, Script, Stage},
    event::Channel,
    ledger::{Attention, Due, Expected, Ledger, PartId, PendingPromotion, Poll, State},
    message::Kind,
    revision::Revision,
    shop::Destination,
};

mod tell;
mod trouble;

struct Watch {
    stage: Stage,
    poller: Poller,
}

impl Watch {
    fn new() -> Self {
        let stage = Stage::new();
        let poller = Poller::new(stage.ports.clone(), stage.ports.http.clone(), stage.world.config.clone());
        Self { stage, poller }
    }

    fn now(&self) -> Timestamp {
        self.stage.ports.clock.now()
    }

    async fn run(&self) -> Polled {
        self.poller.run(self.now() + Duration::from_secs(50)).await
    }

    /// A push of this shop that was sent a moment ago as dispatch 66, its content still stored.
    async fn sent(&self, shop: &str, subject: &str) -> RowKey {
        let key = RowKey {
            shop: Some(shop.parse().unwrap()),
            destination: Destination::Websale,
            kind: Kind::Promotion,
            subject: subject.into(),
        };
        let now = self.now();
        let revision = Revision { time: None, received_at: now, rank: 0, sequence: None };
        let promotion = PendingPromotion {
            revision,
            channel: Channel::PersonalisedPush,
            send_at: None,
            send_before: None,
            quiet_hours: None,
            content: Some("body".into()),
            parts: 1,
            former: None,
            draft: false,
            callback_url: None,
            plan: None,
        };
        let row = Row {
            state: State::Sent,
            remote_id: Some("66".into()),
            promotion: Some(promotion),
            poll: Some(Poll { since: Some(now), ..Poll::default() }),
            due: Some(Due { purpose: Purpose::Poll, at: now }),
            version: 1,
            ..Row::new(key.clone(), now)
        };
        let part = PartId { row: key.clone(), content: "body".into(), number: 0 };
        self.stage.world.ledger.put_part(&part, b"{}", now).await.unwrap();
        self.stage.world.ledger.put(&row, Expected::Absent).await.unwrap();
        key
    }

    fn answers(&self, body: serde_json::Value) {
        self.stage.websale.will("status", Script::Answer(200, body));
    }

    fn row(&self, key: &RowKey) -> Row {
        self.stage.world.ledger.rows()[&key.to_string()].clone()
    }

    /// Lets time pass until the row is due.
    fn wait_for(&self, key: &RowKey) -> i64 {
        let wait = self.row(key).due.unwrap().at.duration_since(self.now()).as_secs();
        self.stage.world.advance(wait);
        wait
    }
}

#[tokio::test]
async fn a_push_is_asked_about_ever_less_often_until_it_is_final() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    let mut waits = Vec::new();
    for sent in 0..8 {
        watch.answers(json!({"id": 66, "status": "running", "countReceiver": 9, "countSent": sent}));
        assert_eq!(watch.run().await, Polled { asked: 1, ended: 0, told: 0, failed: 0 });
        let row = watch.row(&key);
        let poll = row.poll.clone().unwrap();
        assert_eq!((row.state, poll.sent, poll.asked), (State::Sent, Some(sent), u32::try_from(sent).unwrap() + 1));
        assert!(row.lease.is_none());
        assert_eq!(watch.run().await, Polled::default(), "not due");
        waits.push(watch.wait_for(&key));
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600, 600]);

    watch.answers(json!({"status": "finished", "countReceiver": 9, "countSent": 8, "countError": 1}));
    assert_eq!(watch.run().await, Polled { asked: 1, ended: 1, told: 0, failed: 0 });
    let row = watch.row(&key);
    assert_eq!((row.state, row.due, row.attention), (State::Delivered, None, None));
    let poll = row.poll.unwrap();
    assert_eq!((poll.status.as_deref(), poll.receivers, poll.errors), (Some("finished"), Some(9), Some(1)));
    assert!(row.expires_at.is_some());
    assert_eq!(watch.stage.world.ledger.parts(), 0);
}

#[tokio::test]
async fn a_push_that_websale_aborted_ends_with_its_words() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.answers(json!({"status": "aborted", "error": "certificate of ann@example.org expired"}));
    assert_eq!(watch.run().await.ended, 1);
    let row = watch.row(&key);
    assert_eq!((row.state, row.poll.unwrap().error.as_deref()), (State::Delivered, Some("certificate of *** expired")));
}

#[tokio::test]
async fn a_push_whose_end_is_not_seen_in_time_needs_a_person() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    let began = watch.now();
    while watch.row(&key).due.is_some() {
        watch.run().await;
        assert!(watch.row(&key).due.is_none() || watch.wait_for(&key) <= 600);
    }
    let row = watch.row(&key);
    assert_eq!((row.state, row.attention), (State::Delivered, Some(Attention::PollDeadline)));
    assert_eq!(row.last_error.unwrap().code, "poll_deadline");
    let asked_for = watch.now().duration_since(began).as_secs();
    assert!((6 * 3600..6 * 3600 + 600).contains(&asked_for), "{asked_for}");
}

#[tokio::test]
async fn a_push_cancelled_too_late_stays_so_and_its_counts_are_kept() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    let row = Row { state: State::TooLate, version: 2, ..watch.row(&key) };
    watch.stage.world.ledger.put(&row, Expected::Version(1)).await.unwrap();
    watch.answers(json!({"status": "finished", "countReceiver": 2, "countSent": 2}));
    assert_eq!(watch.run().await.ended, 1);
    let row = watch.row(&key);
    assert_eq!((row.state, row.poll.unwrap().sent), (State::TooLate, Some(2)));
}

#[tokio::test]
async fn two_pollers_at_once_ask_once() {
    let watch = Watch::new();
    watch.sent("acme", "summer").await;
    watch.answers(json!({"status": "running"}));
    let other =
        Poller::new(watch.stage.ports.clone(), watch.stage.ports.http.clone(), watch.stage.world.config.clone());
    let deadline = watch.now() + Duration::from_secs(50);
    let (one, two) = tokio::join!(watch.run(), other.run(deadline));
    assert_eq!(one.asked + two.asked, 1);
    assert_eq!(watch.stage.websale.calls(), ["status"]);
}

async fn burnt(watch: &Watch) {
    while !watch.stage.fuse.is_burnt() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_poller_that_ends_at_any_call_hinders_nobody() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let watch = Watch::new();
            let key = watch.sent("acme", "summer").await;
            for _ in 0..2 {
                watch.answers(json!({"status": "finished"}));
            }
            watch.stage.fuse.set(number, crash);
            let crashed = tokio::select! {
                biased;
                _ = watch.run() => false,
                () = burnt(&watch) => true,
            };
            watch.stage.fuse.clear();
            if !crashed {
                assert!(number > 4);
                break;
            }
            watch.stage.world.advance(200);
            watch.run().await;
            assert_eq!(watch.row(&key).state, State::Delivered, "{crash:?} call {number}");
            assert_eq!(watch.stage.world.ledger.parts(), 0, "{crash:?} call {number}");
        }
    }
}
