use std::{collections::BTreeMap, sync::Mutex};

use relay::{
    message::{Payload, Rejected},
    shop::Platform,
};

use super::{
    flight::{NEXT_SHOP, SHOP, VISIBLE},
    *,
};

mod sweep;

const WEBSAND: Destination = Destination::Websand;

struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Bench {
    queue: SqliteQueue,
    clock: Arc<Hand>,
    directory: tempfile::TempDir,
}

fn open(directory: &std::path::Path, clock: &Arc<Hand>) -> SqliteQueue {
    SqliteQueue::new(Store::open(directory, clock.now()).unwrap(), clock.clone())
}

fn bench() -> Bench {
    let clock = Arc::new(Hand(Mutex::new("2026-11-21T10:00:00Z".parse().unwrap())));
    let directory = tempfile::tempdir().unwrap();
    Bench { queue: open(directory.path(), &clock), clock, directory }
}

impl Bench {
    async fn put(&self, shop: &str, body: &str) {
        self.queue.enqueue(WEBSAND, shop.into(), body.into()).await.unwrap();
    }

    async fn take(&self, limit: usize) -> Batch {
        self.queue.take(WEBSAND, limit, self.clock.now()).await.unwrap()
    }

    fn pass(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

fn bodies(batch: &Batch) -> Vec<&str> {
    batch.messages.iter().map(|taken| taken.body.as_str()).collect()
}

#[tokio::test]
async fn a_message_is_taken_once_and_gone_when_done() {
    let bench = bench();
    bench.put("acme", "one").await;
    let batch = bench.take(10).await;
    assert_eq!(bodies(&batch), ["one"]);
    assert_eq!(batch.messages[0].sent_at, bench.clock.now());
    assert!(bench.take(10).await.messages.is_empty(), "it is in flight");
    bench.queue.settle(&batch.messages[0].ticket, Settlement::Done).await.unwrap();
    assert!(bench.take(10).await.messages.is_empty(), "it is done");
    assert_eq!(bench.queue.counts(WEBSAND).await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_message_that_goes_back_is_invisible_until_its_time_and_keeps_its_age() {
    let bench = bench();
    bench.put("acme", "one").await;
    let (sent, batch) = (bench.clock.now(), bench.take(1).await);
    let back = Settlement::Back { after: Duration::from_secs(30) };
    bench.queue.settle(&batch.messages[0].ticket, back).await.unwrap();
    bench.pass(29);
    let early = bench.take(1).await;
    assert!(early.messages.is_empty());
    assert_eq!(early.next, Some(sent + SignedDuration::from_secs(30)));
    bench.pass(1);
    let again = bench.take(1).await;
    assert_eq!(again.messages[0].sent_at, sent);
    assert_eq!(again.next, None);
}

#[tokio::test]
async fn a_restart_makes_what_was_in_flight_visible_and_keeps_what_waits() {
    let bench = bench();
    bench.put("acme", "in flight").await;
    bench.put("acme", "waits").await;
    let batch = bench.take(16).await;
    let back = Settlement::Back { after: Duration::from_secs(30) };
    bench.queue.settle(&batch.messages[1].ticket, back).await.unwrap();
    let Bench { queue, clock, directory } = bench;
    drop(queue);
    let bench = Bench { queue: open(directory.path(), &clock), clock, directory };
    assert_eq!(bodies(&bench.take(16).await), ["in flight"]);
    bench.pass(30);
    assert_eq!(bodies(&bench.take(16).await), ["waits"]);
}

#[tokio::test]
async fn shops_take_turns_and_one_shop_never_takes_all_places() {
    let bench = bench();
    for number in 0..100 {
        bench.put("big", &format!("big {number}")).await;
    }
    bench.put("small", "small").await;
    bench.put("tiny", "tiny").await;
    // With one place at a time, every shop has its turn.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let batch = bench.take(1).await;
        seen.push(batch.messages[0].body.clone());
        bench.queue.settle(&batch.messages[0].ticket, Settlement::Done).await.unwrap();
    }
    assert_eq!(seen, ["big 0", "small", "tiny"]);
    // With many places, the big shop leaves most of them free.
    assert_eq!(bench.take(1000).await.messages.len(), SHOP);
    bench.put("late", "late").await;
    assert_eq!(bodies(&bench.take(1000).await), ["late"]);
}

#[tokio::test]
async fn a_change_is_announced_even_before_anybody_waits() {
    let bench = bench();
    bench.put("acme", "one").await;
    bench.queue.changed(WEBSAND).await;
    let batch = bench.take(1).await;
    let waiting = bench.queue.clone();
    let waiter = tokio::spawn(async move { waiting.changed(WEBSAND).await });
    bench.queue.settle(&batch.messages[0].ticket, Settlement::Back { after: Duration::ZERO }).await.unwrap();
    waiter.await.unwrap();
    assert_eq!(bodies(&bench.take(1).await), ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_many_takers_and_senders_every_message_is_taken_exactly_once() {
    let bench = Arc::new(bench());
    let senders = (0..4).map(|sender| {
        let bench = bench.clone();
        tokio::spawn(async move {
            for number in 0..50 {
                bench.put(&format!("shop-{}", number % 5), &format!("{sender}/{number}")).await;
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    let seen = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
    let takers = (0..4).map(|_| {
        let (bench, seen) = (bench.clone(), seen.clone());
        tokio::spawn(async move {
            while seen.lock().unwrap().len() < 200 {
                for taken in bench.take(7).await.messages {
                    *seen.lock().unwrap().entry(taken.body).or_default() += 1;
                    bench.queue.settle(&taken.ticket, Settlement::Done).await.unwrap();
                }
            }
        })
    });
    for spawned in takers.collect::<Vec<_>>().into_iter().chain(senders) {
        spawned.await.unwrap();
    }
    assert!(seen.lock().unwrap().values().all(|times| *times == 1), "a message was taken twice");
    assert_eq!(bench.queue.counts(WEBSAND).await.unwrap().waiting, 0);
}

#[tokio::test]
async fn messages_and_letters_go_to_their_destination_and_too_large_ones_are_refused() {
    let bench = bench();
    let rejected = Rejected {
        reason: "not_json".into(),
        detail: String::new(),
        topic: None,
        endpoint: "promotion-scheduled".into(),
        headers: BTreeMap::new(),
        data_base64: None,
    };
    let message = Message {
        id: "e1".into(),
        shop: "acme".parse().unwrap(),
        platform: Platform::Canonical,
        subject: "s".into(),
        time: None,
        received_at: bench.clock.now(),
        sequence: None,
        traceparent: None,
        quiet_hours: None,
        silent_after_hours: None,
        payload: Payload::Rejected(rejected),
    };
    let port: &dyn Queue = &bench.queue;
    port.send(&message).await.unwrap();
    let letter = DeadLetter {
        shop: Some("acme".parse().unwrap()),
        destination: WEBSAND,
        body: message.to_json(),
        reason: "permanent".into(),
        status: Some(406),
        detail: Some("no".into()),
    };
    port.park(&letter).await.unwrap();
    let websale = bench.queue.counts(Destination::Websale).await.unwrap();
    assert_eq!(websale, Counts { waiting: 1, oldest: Some(bench.clock.now()), dead: 0 });
    assert_eq!(bench.queue.counts(WEBSAND).await.unwrap(), Counts { dead: 1, ..Counts::default() });
    let huge = DeadLetter { body: "x".repeat(MAX_MESSAGE_BYTES + 1), ..letter };
    let refused = QueueError::TooLarge { bytes: MAX_MESSAGE_BYTES + 1, limit: MAX_MESSAGE_BYTES };
    assert_eq!(port.park(&huge).await, Err(refused));
}

#[tokio::test]
async fn no_statement_of_a_worker_walks_through_the_queue() {
    let bench = bench();
    let plans = bench.queue.store.read(|connection| {
        [NEXT_SHOP, VISIBLE, LOAD, NEXT, DONE, BACK]
            .map(|sql| crate::store::plan(connection, sql))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
    });
    for plan in plans.await.unwrap() {
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn what_was_put_back_can_be_woken_of_one_shop_only() {
    let bench = bench();
    for shop in ["acme", "flowers"] {
        bench.put(shop, shop).await;
    }
    for taken in bench.take(10).await.messages {
        let back = Settlement::Back { after: Duration::from_mins(5) };
        bench.queue.settle(&taken.ticket, back).await.unwrap();
    }
    assert!(bench.take(10).await.messages.is_empty());
    bench.queue.wake(&"acme".parse().unwrap(), WEBSAND).await.unwrap();
    assert_eq!(bodies(&bench.take(10).await), ["acme"]);
}

#[tokio::test]
async fn a_shop_whose_messages_all_come_back_rests_until_one_is_settled() {
    let bench = bench();
    for number in 0..200 {
        bench.put("paused", &format!("paused {number}")).await;
    }
    let back = Settlement::Back { after: Duration::from_mins(5) };
    let wave = bench.take(1000).await.messages;
    assert_eq!(wave.len(), SHOP);
    for taken in &wave {
        bench.queue.settle(&taken.ticket, back).await.unwrap();
    }
    bench.put("other", "other").await;
    let meanwhile = bench.take(1000).await;
    assert_eq!(bodies(&meanwhile), ["other"]);
    assert_eq!(meanwhile.next, Some(bench.clock.now() + SignedDuration::from_secs(1)));
    bench.pass(1);
    let wave = bench.take(1000).await.messages;
    assert_eq!(wave.len(), SHOP, "once a second it is tried again");
    bench.queue.settle(&wave[0].ticket, back).await.unwrap();
    assert!(bench.take(1000).await.messages.is_empty());
    bench.queue.settle(&wave[1].ticket, Settlement::Done).await.unwrap();
    assert_eq!(bench.take(1000).await.messages.len(), 2, "one was settled: there is somebody again");
}
