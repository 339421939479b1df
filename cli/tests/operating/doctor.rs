//! `doctor`.

use std::{fs::Permissions, os::unix::fs::PermissionsExt};

use relay::ledger::{Attention, State};
use serde_json::{Value, json};

use super::{
    loopback::Loopback,
    world::{HUSH, Ran, World, row},
};

/// An installation with one shop whose Websand is the loopback server.
async fn installation() -> (World, Loopback) {
    let server = Loopback::start(|_| (200, String::new())).await;
    let mut world = World::new();
    world.set("SHOPRELAY_WEBSAND_URL", &server.url);
    let secrets = world.secrets();
    secrets.put("shoprelay/acme/webhook", &json!({"platform": "shopify", "signing_secrets": [HUSH]})).unwrap();
    secrets.put("shoprelay/acme/websand", &json!({"account": "acme", "api_key": HUSH})).unwrap();
    (world, server)
}

fn verdict(ran: &Ran, check: &str) -> Value {
    let findings = ran.json();
    let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {ran:?}"))["verdict"].clone()
}

#[tokio::test]
async fn a_running_host_in_good_health_passes() {
    let (world, server) = installation().await;
    let _host = world.host();
    let ran = world.run(&["doctor", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for check in [
        "data directory",
        "secrets.toml",
        "database",
        "host",
        "installation key",
        "shop acme",
        "queue websand",
        "ledger",
        "clock",
    ] {
        assert_eq!(verdict(&ran, check), "ok", "{check}: {ran:?}");
    }
    assert_eq!(server.asked().len(), 1, "one host, asked once");
}

#[tokio::test]
async fn what_needs_a_person_is_a_warning() {
    let (world, _server) = installation().await;
    let lost = row("acme#websale#promotion#lost", |row| {
        row.state = State::OutcomeUnknown;
        row.attention = Some(Attention::OutcomeUnknown);
    });
    world.with(&[lost], &[]).await;
    let ran = world.run(&["doctor", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(verdict(&ran, "ledger"), "warn");
    assert_eq!(verdict(&ran, "host"), "warn");
}

#[tokio::test]
async fn secrets_that_others_can_read_fail() {
    let (world, _server) = installation().await;
    world.with(&[], &[]).await;
    std::fs::set_permissions(world.data_dir().join("secrets.toml"), Permissions::from_mode(0o644)).unwrap();
    let ran = world.run(&["doctor"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("mode 0644") && ran.out.contains("chmod 600"), "{}", ran.out);
}

#[tokio::test]
async fn a_damaged_database_fails() {
    let (world, _server) = installation().await;
    let rows: Vec<_> = (0..500).map(|number| row(&format!("acme#websand#order#{number}"), |_| ())).collect();
    world.with(&rows, &[]).await;
    let path = world.data_dir().join("shoprelay.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let last_page = bytes.len() - 16_384;
    bytes[last_page..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let ran = world.run(&["doctor", "--json"]).await;
    assert_eq!((ran.code, verdict(&ran, "database")), (1, "fail".into()), "{ran:?}");
}

#[tokio::test]
async fn an_unreachable_destination_and_a_missing_directory_fail() {
    let (mut world, _server) = installation().await;
    world.set("SHOPRELAY_WEBSAND_URL", "http://127.0.0.1:9");
    world.with(&[], &[]).await;
    let ran = world.run(&["doctor", "--json"]).await;
    assert_eq!((ran.code, verdict(&ran, "host 127.0.0.1:9")), (1, "fail".into()), "{ran:?}");
    let nowhere = World::new();
    let ran = nowhere.run(&["doctor", "--json"]).await;
    assert_eq!((ran.code, verdict(&ran, "data directory")), (1, "fail".into()), "{ran:?}");
}
