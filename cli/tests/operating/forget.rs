//! `forget`, and what `show` tells of privacy requests.

use std::{sync::Arc, time::Duration};

use relay::{
    clock::SystemClock,
    ledger::{Expected, Ledger, PartId, Put},
    secret::{Secrets, SecretsConfig},
};
use relay_sqlite::SqliteLedger;
use serde_json::{Value, json};

use super::{
    aws,
    world::{HUSH, World, minutes, row},
};

const BOB: &str = "bob@example.com";

/// Two shops, Bob's order in one of them and somebody else's. The host goes on running.
async fn world() -> (World, SqliteLedger) {
    let world = World::new();
    let shops = json!({"shoprelay/acme/websand": {"account": "acme", "api_key": HUSH},
        "shoprelay/flowers/websand": {"account": "flowers", "api_key": HUSH}});
    let file = world.file("shops.json", &shops.to_string());
    assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
    let ledger = SqliteLedger::new(world.host());
    let config = SecretsConfig { prefix: "shoprelay/".into(), ttl: Duration::from_mins(5) };
    let secrets = Secrets::new(Arc::new(world.secrets()), Arc::new(SystemClock), config);
    let bob = secrets.installation().await.unwrap().customer_key(&BOB.parse().unwrap());
    for (key, customer) in [("acme#websand#order#1", bob.as_str()), ("acme#websand#order#2", "somebody else")] {
        let row = row(key, |row| row.customer = Some(customer.to_owned()));
        assert!(matches!(ledger.put(&row, Expected::Absent).await.unwrap(), Put::Stored));
    }
    (world, ledger)
}

async fn orders(ledger: &SqliteLedger) -> Vec<String> {
    let rows = ledger.scan("acme#websand#order#", 100).await.unwrap();
    rows.into_iter().map(|row| row.key.subject).collect()
}

#[tokio::test]
async fn a_person_is_listed_and_then_forgotten_in_all_shops_while_the_host_runs() {
    let (world, ledger) = world().await;
    let listed = world.run(&["forget", BOB, "--dry-run"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    assert!(listed.out.contains("What is held about a person: shop acme") && listed.out.contains("order rows"));
    assert_eq!(orders(&ledger).await, ["1", "2"]);

    let forgotten = world.run(&["forget", "Bob@Example.com", "--yes", "--json"]).await;
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    let report = forgotten.json();
    assert_eq!(report["failed"], json!([]));
    let shops: Vec<&Value> = report["receipts"].as_array().unwrap().iter().map(|receipt| &receipt["shop"]).collect();
    assert_eq!(shops, ["acme", "flowers"]);
    assert_eq!(report["receipts"][0]["found"]["order_rows"], 1);
    assert_eq!(orders(&ledger).await, ["2"]);
    for ran in [listed, forgotten] {
        assert!(!ran.out.to_lowercase().contains(BOB) && !ran.err.to_lowercase().contains(BOB), "{ran:?}");
    }
}

#[tokio::test]
async fn the_address_may_come_from_standard_input_and_one_shop_may_be_named() {
    let (world, ledger) = world().await;
    let elsewhere = world.run_on(&format!("{BOB}\n"), &["forget", "-", "--yes", "--shop", "flowers"]).await;
    assert!(elsewhere.code == 0 && elsewhere.out.contains("shop flowers") && elsewhere.err.is_empty(), "{elsewhere:?}");
    let misspelt = world.run_on(&format!("{BOB}\n"), &["forget", "-", "--yes", "--shop", "flower"]).await;
    assert!(misspelt.err.contains("flower has no secrets"), "{misspelt:?}");
    assert_eq!(orders(&ledger).await, ["1", "2"]);
    let here = world.run_on(&format!("{BOB}\n"), &["forget", "-", "--yes", "--shop", "acme"]).await;
    assert!(here.code == 0 && here.out.contains("To be done by hand"), "{here:?}");
    assert_eq!(orders(&ledger).await, ["2"]);
}

#[tokio::test]
async fn nothing_is_deleted_without_a_yes_an_address_or_an_installation() {
    let (world, ledger) = world().await;
    let asked = world.run(&["forget", BOB]).await;
    assert!(asked.code == 1 && asked.err.contains("--yes"), "{asked:?}");
    let wrong = world.run(&["forget", "bob at example.com", "--yes"]).await;
    assert!(wrong.code == 2 && !wrong.err.contains("bob at"), "{wrong:?}");
    assert_eq!(world.run_on("", &["forget", "-", "--yes"]).await.code, 1);
    assert_eq!(orders(&ledger).await, ["1", "2"]);
    let nowhere = World::new();
    let ran = nowhere.run(&["forget", BOB, "--yes"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[tokio::test]
async fn a_privacy_request_is_shown_with_its_receipt() {
    let (world, ledger) = world().await;
    let made = world.run(&["forget", BOB, "--dry-run", "--shop", "acme", "--json"]).await.json();
    let request = row("acme#websand#privacy#event-1", |_| ());
    ledger.put(&request, Expected::Absent).await.unwrap();
    let part = PartId { row: request.key.clone(), content: "receipt".into(), number: 0 };
    ledger.put_part(&part, made["receipts"][0].to_string().as_bytes(), minutes(60)).await.unwrap();
    let shown = world.run(&["show", "acme/privacy/event-1"]).await;
    assert!(shown.code == 0 && shown.out.contains("What is held about a person: shop acme"), "{shown:?}");
    let shown = world.run(&["show", "acme/privacy/event-1", "--json"]).await.json();
    assert_eq!(shown["privacy_receipts"][0]["found"]["order_rows"], 1);
}

#[tokio::test]
async fn a_stack_is_looked_through_from_its_table_to_its_dead_letters() {
    let (world, server) = aws::stack(aws::healthy).await;
    let ran = aws::run(&world, &["forget", BOB, "--dry-run", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["receipts"][0]["not_reached"], json!(["waiting_messages"]));
    let asked = server.asked();
    let of = |operation: &str| asked.iter().filter(|asked| asked.operation() == operation).map(aws::input).collect();
    let scans: Vec<Value> = of("Scan");
    assert!(scans.iter().all(|scan| scan["TableName"] == "test-ledger") && !scans.is_empty());
    let swept: Vec<Value> = of("ReceiveMessage");
    let queues: Vec<&str> = swept.iter().filter_map(|call| call["QueueUrl"].as_str()?.rsplit('/').next()).collect();
    assert_eq!(queues, ["test-websand-dlq", "test-websale-dlq"]);
}
