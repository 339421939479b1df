use std::{collections::BTreeMap, path::Path, sync::Mutex};

use relay::{
    Async,
    clock::SystemClock,
    message::{Message, Payload, Rejected},
    queue::Queue,
    shop::Platform,
};
use relay_sqlite::{Counts, Store};
use tokio::{sync::Semaphore, task::JoinHandle, time::timeout};

use super::*;

const WEBSAND: Destination = Destination::Websand;

/// Notes what it is given; settles by the message's id.
struct Script {
    seen: Mutex<Vec<String>>,
    /// A permit for everything noted.
    noted: Semaphore,
    /// What `slow` messages wait for.
    go: Semaphore,
}

impl Handler for Script {
    fn handle(&self, received: Received) -> Async<'_, Settlement> {
        Box::pin(async move {
            let id = Message::from_json(&received.body).unwrap().id;
            if id == "slow" {
                self.go.acquire().await.unwrap().forget();
            }
            let first = !self.seen.lock().unwrap().contains(&id);
            self.seen.lock().unwrap().push(id.clone());
            self.noted.add_permits(1);
            match id.as_str() {
                "later" if first => Settlement::Back { after: Duration::from_millis(20) },
                "tomorrow" => Settlement::Back { after: Duration::from_hours(24) },
                _ => Settlement::Done,
            }
        })
    }
}

impl Script {
    async fn wait_for(&self, times: u32) {
        let noted = timeout(Duration::from_secs(20), self.noted.acquire_many(times)).await;
        noted.expect("the messages were not handled").unwrap().forget();
    }
}

struct Bench {
    store: Store,
    queue: SqliteQueue,
    script: Arc<Script>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

fn start(directory: &Path) -> Bench {
    let clock = Arc::new(SystemClock);
    let store = Store::open(directory, clock.now()).unwrap();
    let queue = SqliteQueue::new(store.clone(), clock.clone());
    let script = Arc::new(Script { seen: Mutex::default(), noted: Semaphore::new(0), go: Semaphore::new(0) });
    let worker = Worker { queue: queue.clone(), destination: WEBSAND, handler: script.clone(), clock };
    let (stop, stopped) = watch::channel(false);
    Bench { store, queue, script, stop, running: tokio::spawn(worker.run(stopped)) }
}

impl Bench {
    async fn send(&self, id: &str) {
        let rejected = Rejected {
            reason: "test".into(),
            detail: String::new(),
            topic: None,
            endpoint: "order-placed".into(),
            headers: BTreeMap::new(),
            data_base64: None,
        };
        let message = Message {
            id: id.into(),
            shop: "acme".parse().unwrap(),
            platform: Platform::Canonical,
            subject: "s".into(),
            time: None,
            received_at: SystemClock.now(),
            sequence: None,
            traceparent: None,
            quiet_hours: None,
            silent_after_hours: None,
            payload: Payload::Rejected(rejected),
        };
        self.queue.send(&message).await.unwrap();
    }

    fn seen(&self) -> Vec<String> {
        self.script.seen.lock().unwrap().clone()
    }

    async fn stop(self) {
        self.stop.send(true).unwrap();
        timeout(Duration::from_secs(20), self.running).await.expect("the worker did not stop").unwrap();
        self.store.close().await;
    }
}

#[tokio::test]
async fn messages_are_handled_as_they_come_and_a_slow_one_delays_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let bench = start(directory.path());
    bench.send("slow").await;
    bench.send("quick").await;
    bench.script.wait_for(1).await;
    assert_eq!(bench.seen(), ["quick"]);
    bench.script.go.add_permits(1);
    bench.script.wait_for(1).await;
    assert_eq!(bench.seen(), ["quick", "slow"]);
    let queue = bench.queue.clone();
    bench.stop().await;
    assert_eq!(queue.counts(WEBSAND).await.unwrap(), Counts::default());
}

#[tokio::test]
async fn a_message_that_went_back_is_handled_again_when_its_time_has_come() {
    let directory = tempfile::tempdir().unwrap();
    let bench = start(directory.path());
    bench.send("later").await;
    bench.script.wait_for(2).await;
    assert_eq!(bench.seen(), ["later", "later"]);
    bench.stop().await;
}

#[tokio::test]
async fn stopping_ends_the_deliveries_in_hand_and_starts_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let bench = start(directory.path());
    bench.send("slow").await;
    // A second message that is through shows that the first one is in hand.
    bench.send("quick").await;
    bench.script.wait_for(1).await;
    bench.stop.send(true).unwrap();
    bench.send("too late").await;
    bench.script.go.add_permits(1);
    let (script, queue) = (bench.script.clone(), bench.queue.clone());
    bench.stop().await;
    assert_eq!(*script.seen.lock().unwrap(), ["quick", "slow"]);
    assert_eq!(queue.counts(WEBSAND).await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_restart_keeps_what_waits_and_handles_again_what_was_in_hand() {
    let directory = tempfile::tempdir().unwrap();
    let bench = start(directory.path());
    bench.send("tomorrow").await;
    bench.send("slow").await;
    bench.script.wait_for(1).await;
    // Cut off in the middle of a delivery.
    bench.running.abort();
    bench.store.close().await;
    let bench = start(directory.path());
    bench.script.go.add_permits(1);
    bench.script.wait_for(1).await;
    assert_eq!(bench.seen(), ["slow"]);
    let queue = bench.queue.clone();
    bench.stop().await;
    assert_eq!(queue.counts(WEBSAND).await.unwrap().waiting, 1);
}
