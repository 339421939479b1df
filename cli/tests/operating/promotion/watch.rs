//! `promotion list` and `promotion show`; all of `promotion` on a stack.

use relay::ledger::{Attention, Due, Expected, Ledger, Poll, Purpose, State};
use serde_json::{Value, json};

use super::{Shop, going_out, personalised, push, waiting};
use crate::operating::{
    aws,
    loopback::Asked,
    world::{HUSH, minutes, row},
};

#[tokio::test]
async fn promotions_are_listed_in_the_order_of_time_and_shown_with_their_counts() {
    let shop = Shop::new().await;
    shop.has("summer", waiting).await;
    shop.has("vip", going_out).await;
    shop.has("done", |row| {
        waiting(row);
        (row.state, row.due) = (State::Delivered, None);
    })
    .await;
    shop.has("night", |row| {
        waiting(row);
        let plan = row.promotion.as_mut().unwrap();
        plan.send_at = Some("2036-06-09T19:30:00Z".parse().unwrap());
        plan.quiet_hours = Some("21:00-08:00 Europe/Berlin".parse().unwrap());
    })
    .await;
    let night = shop.run(&["show", "acme/night"]).await;
    assert!(night.out.contains("goes out after the quiet hours, 2036-06-10 06:00:00Z"), "{night:?}");
    let other = row("acme#websand#order#1", |row| {
        (row.state, row.due) = (State::Scheduled, Some(Due { purpose: Purpose::Send, at: minutes(1) }));
    });
    shop.ledger.put(&other, Expected::Absent).await.unwrap();
    let ids = async |arguments: &[&str]| -> Vec<String> {
        let ran = shop.run(&[&["list", "--json"], arguments].concat()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let listed = ran.json()["promotions"].as_array().unwrap().clone();
        listed.iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&[]).await, ["vip", "night", "summer"]);
    assert_eq!(ids(&["--limit", "1"]).await, ["vip"]);
    assert_eq!(ids(&["--shop", "mail"]).await, [""; 0]);
    let mut all = ids(&["--all", "--shop", "acme"]).await;
    all.sort();
    assert_eq!(all, ["done", "night", "summer", "vip"]);
    let table = shop.run(&["list"]).await;
    assert!(table.out.contains("640 of 1200, 3 failed"), "{table:?}");
    assert!(table.out.contains("2036-06-10 06:00:00Z  Tue 10 Jun 2036 08:00 Europe/Berlin"), "{table:?}");

    let shown = shop.run(&["show", "vip", "--shop", "acme"]).await;
    assert!(shown.code == 0 && shown.out.contains("1200 receivers, 640 sent, 3 failed"), "{shown:?}");
    assert!(shown.out.contains("[############------------]  53 %"), "{shown:?}");
    let shown = shop.run(&["show", "acme/summer"]).await;
    assert!(shown.out.contains("Tue 10 Jun 2036 08:00 Europe/Berlin"), "{shown:?}");
    let shown = shop.run(&["show", "acme/done", "--follow", "--json"]).await;
    assert_eq!((shown.code, &shown.json()["promotion"]["state"]), (0, &json!("delivered")), "{shown:?}");
    let unknown = shop.run(&["show", "acme/never"]).await;
    assert!(unknown.code == 1 && unknown.err.contains("knows nothing of acme/never"), "{unknown:?}");
}

/// Goes out in three chunks: one is out, and nobody knows of the second.
async fn split(shop: &Shop, id: &str, begun: u32, state: State) {
    let plan = json!({"chunks": 3, "size": 10, "begun": begun, "unknown": u32::from(begun == 3)});
    shop.has(id, |row| {
        going_out(row);
        row.state = state;
        let mut pending = json!(row.promotion.as_ref().unwrap());
        pending["plan"] = plan;
        row.promotion = serde_json::from_value(pending).ok();
        row.poll = row.poll.take().filter(|_| begun == 3);
        row.due = Some(Due { purpose: Purpose::Send, at: minutes(1) });
    })
    .await;
    let key = format!("acme#websale#promotion#{id}").parse().unwrap();
    let promotion = shop.ledger.get(&key).await.unwrap().unwrap().promotion;
    for (number, state) in [(1, State::Delivered), (2, State::OutcomeUnknown)] {
        let chunk = row(&format!("acme#websale#chunk#{id}/{number}"), |row| {
            (row.state, row.promotion) = (state, promotion.clone());
            row.poll = (number == 1).then(|| Poll { receivers: Some(9), sent: Some(8), ..Poll::default() });
            row.attention = (number == 2).then_some(Attention::OutcomeUnknown);
        });
        shop.ledger.put(&chunk, Expected::Absent).await.unwrap();
    }
}

#[tokio::test]
async fn a_push_in_chunks_is_shown_with_its_chunks_and_what_needs_a_person() {
    let shop = Shop::new().await;
    split(&shop, "first", 2, State::Scheduled).await;
    split(&shop, "last", 3, State::Sent).await;
    let table = shop.run(&["list"]).await;
    assert!(table.out.contains("chunk 2 of 3") && table.out.contains("640 of 1200, 3 failed, nobody knows of 1 chunk"));
    let shown = shop.run(&["show", "acme/first"]).await;
    for part in [
        "Chunks out   [########----------------]  33 %",
        "1 of 3 chunks sent, 10 addresses each at most, 1 need a person",
        "9 receivers, 8 sent",
        "needs a person: acme/chunk/first/2",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    let shown = shop.run(&["show", "acme/last", "--json"]).await.json();
    assert_eq!((&shown["done"], &shown["of"]), (&json!(643), &json!(1200)), "{shown}");
    assert_eq!((&shown["chunks"]["sent"], &shown["chunks"]["undecided"]), (&json!(1), &json!(1)), "{shown}");
}

/// The healthy stack, with a WEBSALE account.
fn with_websale(asked: &Asked) -> (u16, Value) {
    let secret = json!({"shop_id": "s", "subshop": "Deutsch", "username": "api", "password": HUSH});
    match (asked.operation(), aws::input(asked)["SecretId"].as_str()) {
        ("GetSecretValue", Some("shoprelay/acme/websale")) => {
            (200, json!({"Name": "x", "SecretString": secret.to_string()}))
        }
        _ => aws::healthy(asked),
    }
}

#[tokio::test]
async fn a_stacks_promotions_go_through_its_queue() {
    let (world, server) = aws::stack(with_websale).await;
    let file = world.file("push.json", &push().to_string());
    let trial = world.file("vip.json", &personalised().to_string());
    for arguments in [
        &["promotion", "schedule", &file, "--shop", "acme", "--yes"][..],
        &["promotion", "cancel", "acme/summer"],
        &["promotion", "test", &trial, "--shop", "acme", "--to", "carol@example.org"],
        &["promotion", "list"],
        &["promotion", "list", "--all"],
    ] {
        let ran = aws::run(&world, arguments).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let asked = server.asked();
    let sent: Vec<Value> = asked.iter().filter(|asked| asked.operation() == "SendMessage").map(aws::input).collect();
    let types = sent.iter().map(|call| {
        assert!(call["QueueUrl"].as_str().unwrap().ends_with("/test-websale"), "{call}");
        let message: Value = serde_json::from_str(call["MessageBody"].as_str().unwrap()).unwrap();
        message["type"].as_str().unwrap().to_owned()
    });
    let types: Vec<_> = types.collect();
    assert_eq!(types, ["scheduled", "cancelled", "scheduled"].map(|kind| format!("shoprelay.promotion.{kind}")));
    let mut operations: Vec<_> = asked.iter().map(|asked| asked.operation().to_owned()).collect();
    operations.sort();
    operations.dedup();
    assert_eq!(operations, ["GetItem", "GetQueueUrl", "GetSecretValue", "Query", "Scan", "SendMessage"]);
}
