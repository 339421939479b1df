//! `dead list`, `dead show`, `dead redrive`, `dead drop`.

use std::sync::Arc;

use relay::{
    clock::SystemClock,
    ledger::{Attention, Ledger, Row, State},
    message::Message,
    queue::{DeadLetter, Queue},
    shop::Destination,
};
use relay_sqlite::{SqliteLedger, SqliteQueue, Store};
use serde_json::{Value, json};

use super::{
    aws,
    loopback::Asked,
    world::{Ran, World, now, row},
};

const BOB: &str = "bob@example.com";

fn order(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": format!("e-{id}"), "source": "/shops/acme/shopify",
        "type": "shoprelay.order.placed", "subject": id, "receivedat": "2026-11-01T08:00:00Z",
        "datacontenttype": "application/json",
        "data": {"id": id, "placed_at": "2026-11-01T08:00:00Z", "customer": {"email": BOB},
            "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"}},
    })
}

fn letter(body: String, reason: &str) -> DeadLetter {
    DeadLetter {
        shop: Some("acme".parse().unwrap()),
        destination: Destination::Websand,
        body,
        reason: reason.to_owned(),
        status: (reason == "permanent").then_some(422),
        detail: Some("no such field".to_owned()),
    }
}

fn parked(id: &str) -> Row {
    row(&format!("acme#websand#order#{id}"), |row| {
        (row.state, row.attention) = (State::Parked, Some(Attention::Parked));
        row.letter = Some(format!("e-{id}"));
    })
}

/// Letters 1 and 2 of refused orders, 3 of an order that was retried in vain, 4 of no message.
async fn world() -> World {
    let world = World::new();
    world.with(&[parked("1"), parked("2")], &[]).await;
    let store = Store::beside(&world.data_dir()).unwrap();
    let queue = SqliteQueue::new(store.clone(), Arc::new(SystemClock));
    for (id, reason) in [("1", "permanent"), ("2", "permanent"), ("3", "retries_exhausted")] {
        queue.park(&letter(order(id).to_string(), reason)).await.unwrap();
    }
    let stray = DeadLetter { shop: None, status: None, ..letter("no message".into(), "unreadable") };
    queue.park(&stray).await.unwrap();
    store.close().await;
    world
}

/// Ids of letters, in the order of the list.
fn ids(ran: &Ran) -> Vec<String> {
    let id = |letter: &Value| letter["id"].as_str().unwrap().to_owned();
    ran.json()["letters"].as_array().unwrap().iter().map(id).collect()
}

async fn waiting(world: &World) -> Vec<String> {
    let store = Store::open(&world.data_dir(), now()).unwrap();
    let queue = SqliteQueue::new(store.clone(), Arc::new(SystemClock));
    // One shop is given a part of the places only.
    let batch = queue.take(Destination::Websand, 256, now()).await.unwrap();
    let ids = batch.messages.iter().map(|taken| Message::from_json(&taken.body).unwrap().id).collect();
    store.close().await;
    ids
}

async fn attention(world: &World, id: &str) -> Option<Attention> {
    let ledger = SqliteLedger::new(Store::read_only(&world.data_dir()).unwrap());
    let key = format!("acme#websand#order#{id}").parse().unwrap();
    ledger.get(&key).await.unwrap().unwrap().attention
}

#[tokio::test]
async fn dead_letters_are_listed_newest_first_narrowed_down_and_counted() {
    let world = world().await;
    let all = world.run(&["dead", "list", "--json"]).await;
    assert_eq!((all.code, ids(&all)), (0, ["4", "3", "2", "1"].map(str::to_owned).to_vec()), "{all:?}");
    let permanent = all.json()["counts"].as_array().unwrap().iter().any(|group| {
        group["reason"] == "permanent (HTTP 422)" && group["count"] == 2 && group["destination"] == "websand"
    });
    assert!(permanent, "{all:?}");
    for (filter, expected) in [
        (&["--reason", "permanent"][..], 2),
        (&["--shop", "acme"], 3),
        (&["--destination", "websale"], 0),
        (&["--older-than", "1h"], 0),
        (&["--limit", "3"], 3),
    ] {
        let ran = world.run(&[&["dead", "list", "--json"], filter].concat()).await;
        assert_eq!((ran.code, ids(&ran).len()), (0, expected), "{filter:?} {ran:?}");
    }
    let table = world.run(&["dead", "list", "--limit", "1"]).await.out;
    assert!(table.starts_with("PARKED") && table.contains("and 3 more") && table.contains("unreadable"), "{table}");
    assert_eq!(world.run(&["dead", "list", "--older-than", "3w"]).await.code, 2);
    assert!(!all.out.contains(BOB));
}

#[tokio::test]
async fn a_dead_letter_is_shown_without_personal_data_unless_its_body_is_asked_for() {
    let world = world().await;
    for id in ["1", "e-1"] {
        let ran = world.run(&["dead", "show", id]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let known = [
            "order.placed 1 of acme -> websand",
            "permanent (HTTP 422)",
            "no such field",
            "acme/order/1: parked: given up",
            "shoprelay dead redrive 1",
        ];
        assert!(known.iter().all(|part| ran.out.contains(part)) && !ran.out.contains(BOB), "{}", ran.out);
    }
    let open = world.run(&["dead", "show", "1", "--body", "--json"]).await;
    assert_eq!(open.json()[0]["body"]["data"]["customer"]["email"], BOB);
    let stray = world.run(&["dead", "show", "4", "--body"]).await;
    assert!(stray.code == 0 && stray.out.contains("cannot read") && stray.out.contains("no message"), "{stray:?}");
    let none = world.run(&["dead", "show", "99"]).await;
    assert!(none.code == 1 && none.err.contains("no dead letter 99"), "{none:?}");
}

#[tokio::test]
async fn letters_that_are_put_back_wait_again_and_their_rows_call_nobody() {
    let world = world().await;
    let shown = world.run(&["show", "acme/order/1"]).await.out;
    assert!(shown.contains("shoprelay dead redrive e-1"), "{shown}");
    let ran = world.run(&["dead", "redrive", "1", "e-3", "77"]).await;
    assert!(ran.code == 3 && ran.out.contains("77: there is no such dead letter"), "{ran:?}");
    assert!(ran.out.contains("2 put back."), "{ran:?}");
    assert_eq!(waiting(&world).await, ["e-1", "e-3"]);
    assert_eq!((attention(&world, "1").await, attention(&world, "2").await), (None, Some(Attention::Parked)));
    let shown = world.run(&["show", "acme/order/1"]).await.out;
    assert!(shown.contains("is to be delivered again") && !shown.contains("redrive"), "{shown}");
    assert_eq!(world.run(&["dead", "redrive", "1"]).await.code, 1, "it is not there any more");
    assert_eq!(ids(&world.run(&["dead", "list", "--json"]).await), ["4", "2"]);
}

#[tokio::test]
async fn all_are_put_back_with_a_yes_and_what_cannot_be_read_stays() {
    let world = world().await;
    let asked = world.run(&["dead", "redrive", "--all"]).await;
    assert!(asked.code == 1 && asked.err.contains("--yes"), "{asked:?}");
    let some = world.run(&["dead", "redrive", "--all", "--yes", "--limit", "1", "--json"]).await;
    let report = some.json();
    let mut outcomes: Vec<&str> =
        report["report"]["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!((some.code, &outcomes[..]), (0, &["beyond_limit", "beyond_limit", "beyond_limit", "put_back"][..]));
    let rest = world.run(&["dead", "redrive", "--all", "--yes"]).await;
    assert!(rest.code == 3 && rest.out.contains("4: it stays: this version cannot read"), "{rest:?}");
    assert_eq!(waiting(&world).await.len(), 3);
    assert_eq!(world.run(&["dead", "redrive"]).await.code, 2);
    assert_eq!(world.run(&["dead", "redrive", "1", "--all"]).await.code, 2);
}

#[tokio::test]
async fn dropped_letters_are_gone_and_their_rows_call_nobody() {
    let world = world().await;
    let asked = world.run(&["dead", "drop", "1"]).await;
    assert!(asked.code == 1 && asked.err.contains("--yes"), "{asked:?}");
    let dropped = world.run(&["dead", "drop", "--all", "--reason", "permanent", "--yes"]).await;
    assert!(dropped.code == 0 && dropped.out.contains("2 deleted."), "{dropped:?}");
    assert_eq!((attention(&world, "1").await, attention(&world, "2").await), (None, None));
    assert_eq!(ids(&world.run(&["dead", "list", "--json"]).await), ["4", "3"]);
    assert!(waiting(&world).await.is_empty());
    let shown = world.run(&["show", "acme/order/1"]).await.out;
    assert!(shown.contains("given up; nobody has to look"), "{shown}");
}

/// One letter at Websand's dead-letter queue, seen once.
fn with_letter(asked: &Asked) -> (u16, Value) {
    let input = aws::input(asked);
    let url = input["QueueUrl"].as_str().unwrap_or_default();
    let attribute = |value: &str| json!({"DataType": "String", "StringValue": value});
    match asked.operation() {
        // Long polling finds it, and then nothing, as the request's place in time tells.
        "ReceiveMessage" if url.ends_with("websand-dlq") && FIRST.with(|first| first.replace(false)) => {
            let letter = json!({
                "MessageId": "m-1", "ReceiptHandle": "r-1", "Body": order("1").to_string(),
                "Attributes": {"SentTimestamp": "1795000000000"},
                "MessageAttributes": {"reason": attribute("permanent"), "status": attribute("422"),
                    "shop": attribute("acme"), "detail": attribute("no such field")},
            });
            (200, json!({"Messages": [letter]}))
        }
        "ReceiveMessage" => (200, json!({"Messages": []})),
        _ => aws::healthy(asked),
    }
}

std::thread_local! {
    /// Each test has a thread of its own, and its server runs there.
    static FIRST: std::cell::Cell<bool> = const { std::cell::Cell::new(true) };
}

#[tokio::test]
async fn a_stacks_dead_letter_is_sent_and_then_deleted() {
    let (world, server) = aws::stack(with_letter).await;
    let ran = aws::run(&world, &["dead", "redrive", "m-1", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["report"]["items"][0]["status"], 422);
    let asked = server.asked();
    let changes: Vec<(&str, String)> = asked
        .iter()
        .filter(|asked| ["SendMessage", "DeleteMessage"].contains(&asked.operation()))
        .map(|asked| (asked.operation(), aws::input(asked)["QueueUrl"].as_str().unwrap().to_owned()))
        .collect();
    let url = |name: &str| format!("https://sqs.example.com/1/test-{name}");
    assert_eq!(changes, [("SendMessage", url("websand")), ("DeleteMessage", url("websand-dlq"))]);
}

#[tokio::test]
async fn a_stacks_dead_letters_are_listed_and_shown_again_at_once() {
    let (world, server) = aws::stack(with_letter).await;
    let ran = aws::run(&world, &["dead", "list", "--json"]).await;
    assert_eq!((ran.code, ids(&ran)), (0, vec!["m-1".to_owned()]), "{ran:?}");
    assert_eq!(ran.json()["letters"][0]["parked_at"], "2026-11-18T11:06:40Z");
    let asked = server.asked();
    let shown = asked.iter().find(|asked| asked.operation() == "ChangeMessageVisibilityBatch").unwrap();
    let entry = &aws::input(shown)["Entries"][0];
    assert_eq!((&entry["ReceiptHandle"], &entry["VisibilityTimeout"]), (&json!("r-1"), &json!(0)));
}
