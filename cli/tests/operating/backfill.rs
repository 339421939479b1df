//! `backfill`: beside a host, and to a stack.

use std::sync::Arc;

use relay::{
    clock::SystemClock,
    ledger::{Expected, Ledger, State},
    revision::Revision,
    shop::Destination,
};
use relay_sqlite::{SqliteLedger, SqliteQueue};
use serde_json::{Value, json};

use super::{
    aws,
    world::{HUSH, Ran, World, now, row},
};

/// The host of a shop with two platforms, which goes on running.
struct Shop {
    world: World,
    ledger: SqliteLedger,
    queue: SqliteQueue,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new();
        let sources = ["shopify", "woocommerce"].map(|name| json!({"platform": name, "signing_secrets": [HUSH]}));
        let shops = json!({"shoprelay/acme/webhook": {"sources": sources},
            "shoprelay/acme/websand": {"account": "acme", "api_key": HUSH}});
        let file = world.file("shops.json", &shops.to_string());
        assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
        let store = world.host();
        let queue = SqliteQueue::new(store.clone(), Arc::new(SystemClock));
        Self { world, ledger: SqliteLedger::new(store), queue }
    }

    async fn run(&self, file: &str, arguments: &[&str]) -> Ran {
        self.world.run(&[&["backfill", file, "--shop", "acme", "--per-second", "10000"], arguments].concat()).await
    }

    async fn queued(&self) -> u64 {
        self.queue.counts(Destination::Websand).await.unwrap().waiting
    }

    /// The ledger knows that these were delivered.
    async fn delivered(&self, orders: &[u32]) {
        for order in orders {
            let row = row(&format!("acme#websand#order#{order}"), |row| {
                let time = Some("2026-01-05T10:30:00Z".parse().unwrap());
                row.revision = Some(Revision { time, received_at: now(), rank: 0, sequence: None });
                row.state = State::Delivered;
            });
            self.ledger.put(&row, Expected::Absent).await.unwrap();
        }
    }
}

fn order(number: u32) -> Value {
    json!({"type": "order.placed", "data": {"id": number.to_string(), "placed_at": "2026-01-05T10:30:00Z",
        "updated_at": "2026-01-05T10:30:00Z", "customer": {"email": "bob@example.com"},
        "items": [{"name": "Blue mug"}], "total": {"amount": "19.98", "currency": "EUR"}}})
}

fn lines(entries: impl IntoIterator<Item = Value>) -> String {
    entries.into_iter().fold(String::new(), |text, entry| text + &entry.to_string() + "\n")
}

#[tokio::test]
async fn what_was_not_delivered_is_queued_and_everything_is_counted() {
    let shop = Shop::new().await;
    shop.delivered(&[2, 3]).await;
    let mut test = order(9);
    test["data"]["test"] = json!(true);
    let file = shop.world.file("orders.ndjson", &lines((1..=5).map(order).chain([order(1), test])));
    let numbers = |ran: &Ran| {
        let report = ran.json();
        let names = ["entries", "queued", "already_delivered", "older_in_file", "faulty"];
        (ran.code, names.map(|name| report[name].as_u64().unwrap()), report["ignored"].clone())
    };
    let expected = (0, [7, 3, 2, 1, 0], json!({"test_order": 1}));
    assert_eq!(numbers(&shop.run(&file, &["--json", "--dry-run"]).await), expected);
    assert_eq!(shop.queued().await, 0, "a dry run changes nothing");
    assert_eq!(numbers(&shop.run(&file, &["--json"]).await), expected);
    assert_eq!(shop.queued().await, 3);
    assert!(!std::path::Path::new(&format!("{file}.acme.backfill")).exists(), "it is finished");

    let array = Value::Array((6..=7).map(order).collect()).to_string();
    let ran = shop.world.run_on(&array, &["backfill", "-", "--shop", "acme"]).await;
    assert!(ran.code == 0 && ran.out.contains("2  queued") && ran.err.is_empty(), "{ran:?}");
    assert_eq!(shop.queued().await, 5);
}

#[tokio::test]
async fn faulty_entries_are_named_without_values_and_the_rest_goes_on() {
    let shop = Shop::new().await;
    let mut bad = order(2);
    bad["data"]["customer"]["email"] = json!("bob at home");
    bad["data"]["total"] = json!(null);
    let file = shop.world.file("orders.ndjson", &format!("{}\n{{\"oops\n{}", lines([order(1), bad]), order(3)));
    let ran = shop.run(&file, &[]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.out.contains("line 2: /data/customer/email must be an e-mail address; /data/total is required"),
        "{ran:?}"
    );
    assert!(ran.out.contains("line 4: ends too early") && ran.out.contains("2  queued"), "{ran:?}");
    assert!(!ran.out.contains("bob"), "{ran:?}");
    let report = shop.run(&file, &["--json"]).await.json();
    assert_eq!(report["faults"][0]["line"], 2);
    assert_eq!(report["faults"][0]["faults"][0]["pointer"], "/data/customer/email");
    let none = shop.world.file("bad.ndjson", "[1]");
    assert_eq!(shop.run(&none, &[]).await.code, 1, "nothing of it is of use");
}

#[tokio::test]
async fn whose_objects_they_are_must_be_clear() {
    let shop = Shop::new().await;
    let object = json!({"id": 7, "status": "processing", "date_created_gmt": "2026-01-05T10:00:00", "currency": "EUR",
        "total": "19.98", "billing": {"email": "bob@example.com"},
        "line_items": [{"id": 1, "name": "Mug", "quantity": 1}]});
    let file = shop.world.file("orders.ndjson", &lines([order(1), object]));
    let ran = shop.run(&file, &[]).await;
    assert!(ran.code == 2 && ran.err.contains("line 2") && ran.err.contains("--platform"), "{ran:?}");
    assert_eq!(shop.queued().await, 0);
    let ran = shop.run(&file, &["--platform", "woocommerce"]).await;
    assert!(ran.code == 0 && ran.out.contains("2  queued"), "{ran:?}");
    assert_eq!(shop.run(&file, &["--platform", "magento"]).await.code, 2);
    let nobody = shop.world.run(&["backfill", &file, "--shop", "nobody"]).await;
    assert!(nobody.code == 1 && nobody.err.contains("nobody/webhook"), "{nobody:?}");
    let missing = shop.run("/nowhere/orders.ndjson", &[]).await;
    assert!(missing.code == 1 && missing.err.contains("/nowhere/orders.ndjson"), "{missing:?}");
}

#[tokio::test]
async fn force_makes_the_ledger_forget_once_and_asks_before() {
    let shop = Shop::new().await;
    shop.delivered(&[1, 2]).await;
    let file = shop.world.file("orders.ndjson", &lines((1..=3).map(order)));
    let asked = shop.run(&file, &["--force"]).await;
    assert!(asked.code == 1 && asked.err.contains("--yes") && shop.queued().await == 0, "{asked:?}");
    assert_eq!(shop.world.run_on("", &["backfill", "-", "--shop", "acme", "--force", "--yes"]).await.code, 2);
    let dry = shop.run(&file, &["--force", "--dry-run"]).await;
    assert!(dry.out.contains("2  would be queued to be delivered again") && shop.queued().await == 0, "{dry:?}");
    let ran = shop.run(&file, &["--force", "--yes", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["queued"], &ran.json()["again"]), (0, &json!(3), &json!(2)), "{ran:?}");
    let rows = shop.ledger.scan("acme#websand#order#", 9).await.unwrap();
    assert!(rows.iter().all(|row| row.revision.is_none() && row.forgot_for.is_some()), "{rows:?}");
    assert_eq!(shop.queued().await, 3);
}

#[tokio::test]
async fn an_unfinished_backfill_goes_on_only_as_it_was_begun() {
    let shop = Shop::new().await;
    let file = shop.world.file("orders.ndjson", &lines((1..=20).map(order)));
    let checkpoint = format!("{file}.acme.backfill");
    // What a killed run leaves behind: a row that cannot be read stands for the kill.
    let first = shop.run(&file, &["--dry-run", "--json"]).await.json();
    assert_eq!(first["queued"], 20);
    let digest = sha(&std::fs::read(&file).unwrap());
    let task = json!({"file": digest, "shop": "acme", "platform": null, "force": false, "without_consent": false,
        "place": format!("directory {}", shop.world.data_dir().canonicalize().unwrap().display())});
    let killed = json!({"task": task, "run": "r", "done": 15}).to_string();
    std::fs::write(&checkpoint, &killed).unwrap();
    let other = shop.run(&file, &["--force", "--yes"]).await;
    assert!(other.code == 1 && other.err.contains("--restart"), "{other:?}");
    std::fs::write(&file, lines((1..=21).map(order))).unwrap();
    let changed = shop.run(&file, &[]).await;
    assert!(changed.code == 1 && changed.err.contains("the file has changed since"), "{changed:?}");
    assert_eq!(std::fs::read_to_string(&checkpoint).unwrap(), killed);
    std::fs::write(&file, lines((1..=20).map(order))).unwrap();
    let ran = shop.run(&file, &[]).await;
    assert!(ran.code == 0 && ran.out.contains("settled the first 15") && ran.out.contains("5  queued"), "{ran:?}");
    assert_eq!(shop.queued().await, 5);
}

fn sha(bytes: &[u8]) -> String {
    use sha2::Digest;
    relay::text::hex(&sha2::Sha256::digest(bytes))
}

#[tokio::test]
async fn a_stack_is_fed_through_its_queue() {
    let (world, server) = aws::stack(aws::healthy).await;
    let file = world.file("orders.ndjson", &lines((1..=3).map(order)));
    let ran = aws::run(&world, &["backfill", &file, "--shop", "acme", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["queued"]), (0, &json!(3)), "{ran:?}");
    let asked = server.asked();
    let of = |operation: &str| asked.iter().filter(|asked| asked.operation() == operation).map(aws::input).collect();
    let sent: Vec<Value> = of("SendMessage");
    let mut subjects = Vec::new();
    for call in &sent {
        assert!(call["QueueUrl"].as_str().unwrap().ends_with("/test-websand"), "{call}");
        assert_eq!(call["MessageGroupId"], "acme");
        let message: Value = serde_json::from_str(call["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(message["type"], "shoprelay.order.placed");
        subjects.push(message["subject"].as_str().unwrap().to_owned());
    }
    subjects.sort();
    assert_eq!(subjects, ["1", "2", "3"]);
    let read: Vec<Value> = of("GetItem");
    assert!(read.iter().all(|read| read["TableName"] == "test-ledger") && read.len() == 6, "{read:?}");
}
