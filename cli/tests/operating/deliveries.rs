//! `received`, `deliveries`, `show`.

use relay::ledger::{Attempts, Attention, Due, LastError, Purpose, Row, State};

use super::world::{World, minutes, receipt, row};

fn rows() -> Vec<Row> {
    let attention = |row: &mut Row| {
        row.state = State::Parked;
        row.attention = Some(Attention::Parked);
        row.last_at = minutes(-3);
        let detail = "total.total must be a number".to_owned();
        row.last_error = Some(LastError { code: "permanent".into(), status: Some(400), detail, at: minutes(-3) });
    };
    vec![
        row("acme#websand#order#1001", |row| row.state = State::Delivered),
        row("acme#websand#order#1002", attention),
        row("acme#websale#promotion#summer", |row| {
            row.state = State::Scheduled;
            row.due = Some(Due { purpose: Purpose::Send, at: minutes(60) });
        }),
        row("flowers#websale#promotion#roses", |row| {
            row.state = State::Sent;
            row.remote_id = Some("66".into());
            row.attempts.insert("event-1".into(), Attempts { unfinished: 1, failed: 2, ..Attempts::default() });
            row.due = Some(Due { purpose: Purpose::Poll, at: minutes(1) });
        }),
    ]
}

#[tokio::test]
async fn received_webhooks_are_listed_newest_first_and_filtered() {
    let world = World::new();
    let receipts =
        [receipt(3, "acme", "1", "queued"), receipt(2, "flowers", "2", "queued"), receipt(1, "acme", "3", "ignored")];
    world.with(&[], &receipts).await;
    let subjects = async |arguments: &[&str]| -> Vec<String> {
        let ran = world.run(&[&["received", "--json"], arguments].concat()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let subject = |receipt: &serde_json::Value| receipt["subject"].as_str().unwrap().to_owned();
        ran.json().as_array().unwrap().iter().map(subject).collect()
    };
    assert_eq!(subjects(&[]).await, ["3", "2", "1"]);
    assert_eq!(subjects(&["-n", "1"]).await, ["3"]);
    assert_eq!(subjects(&["--shop", "acme"]).await, ["3", "1"]);
    assert_eq!(subjects(&["--shop", "acme", "--status", "queued"]).await, ["1"]);
    let table = world.run(&["received"]).await.out;
    assert!(table.starts_with("RECEIVED") && table.contains("test_order"), "{table}");
    assert_eq!(world.run(&["received", "--status", "lost"]).await.code, 2);
}

#[tokio::test]
async fn deliveries_show_what_needs_a_person_first_and_nothing_that_is_done() {
    let world = World::new();
    world.with(&rows(), &[]).await;
    let ran = world.run(&["deliveries"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    let places = ["1002", "roses", "summer"].map(|subject| lines.iter().position(|line| line.contains(subject)));
    assert_eq!(places, [Some(1), Some(2), Some(3)], "{}", ran.out);
    assert!(lines[1].contains("given up: permanent (HTTP 400)"), "{}", ran.out);
    assert!(lines[2].contains(" 3 "), "three tries: {}", ran.out);
    assert!(!ran.out.contains("1001"), "{}", ran.out);
    assert!(ran.out.contains("Queue websand: 0 waiting, 0 dead letters"), "{}", ran.out);
}

#[tokio::test]
async fn deliveries_name_the_secret_that_is_missing() {
    let world = World::new();
    let waits = row("acme#websand#reference#order/7", |row| {
        row.attention = Some(Attention::ConfigurationFault);
        row.not_before = Some(minutes(12));
        let detail = "there is no secret shoprelay/acme/platform".to_owned();
        row.last_error = Some(LastError { code: "secret_missing".into(), status: None, detail, at: minutes(-3) });
    });
    world.with(&[waits], &[]).await;
    let ran = world.run(&["deliveries"]).await;
    assert!(ran.out.contains("deliveries wait: there is no secret shoprelay/acme/platform"), "{}", ran.out);
    assert!(ran.out.contains("in 1"), "the next attempt in some 12 minutes: {}", ran.out);
}

#[tokio::test]
async fn deliveries_can_be_limited_to_a_shop_a_number_or_nothing() {
    let world = World::new();
    world.with(&rows(), &[]).await;
    let list = async |arguments: &[&str]| world.run(&[&["deliveries", "--json"], arguments].concat()).await.json();
    let subjects = |json: &serde_json::Value| -> Vec<String> {
        json["deliveries"].as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects(&list(&["--shop", "acme"]).await), ["1002", "summer"]);
    let limited = list(&["--limit", "1"]).await;
    assert_eq!((subjects(&limited), &limited["more"]), (vec!["1002".to_owned()], &true.into()));
    let all = list(&["--all", "--shop", "acme"]).await;
    assert_eq!((subjects(&all).len(), &all["more"]), (3, &false.into()));
}

#[tokio::test]
async fn one_subject_is_shown_with_everything_that_is_known() {
    let world = World::new();
    world.with(&rows(), &[receipt(9, "acme", "1002", "queued"), receipt(8, "acme", "77", "ignored")]).await;
    let ran = world.run(&["show", "acme/order/1002"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in [
        "order 1002 of acme -> websand",
        "parked: given up",
        "mend the cause of the last error, then `shoprelay dead list`",
        "permanent (HTTP 400): total.total must be a number",
        "Received, the newest first",
        "orders/create",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let promotion = world.run(&["show", "acme/promotion/summer", "--json"]).await.json();
    assert_eq!(promotion["deliveries"][0]["next"]["purpose"], "send");

    let ignored = world.run(&["show", "acme/order/77"]).await;
    assert!(ignored.code == 0 && ignored.out.contains("test_order"), "{ignored:?}");
    assert_eq!(world.run(&["show", "acme/order/none"]).await.code, 1);
    assert_eq!(world.run(&["show", "acme"]).await.code, 1);
}

#[tokio::test]
async fn a_scan_finds_a_subject_in_any_shop_and_by_the_destinations_id() {
    let world = World::new();
    world.with(&rows(), &[]).await;
    for text in ["roses", "66"] {
        let ran = world.run(&["show", text, "--scan", "--json"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.json()["deliveries"][0]["shop"], "flowers");
    }
    assert_eq!(world.run(&["show", "nothing", "--scan"]).await.code, 1);
}

#[tokio::test]
async fn a_directory_without_an_installation_is_named() {
    let world = World::new();
    for command in [&["received"][..], &["deliveries"], &["show", "acme/order/1"]] {
        let ran = world.run(command).await;
        assert!(ran.code == 1 && ran.err.contains("no installation"), "{ran:?}");
    }
}
