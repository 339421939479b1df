//! A data directory as the host leaves it, and the binary.

use std::{path::PathBuf, process::Stdio};

use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    ingest::Receipt,
    ledger::{Expected, Ledger, Put, Row},
};
use relay_sqlite::{Receipts, SqliteLedger, Store, TomlSecrets};

/// What the secrets in these tests have in common: no command may ever show it.
pub(super) const HUSH: &str = "hush-hush";

/// A data directory in a temporary place.
pub(super) struct World {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What a command came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl World {
    /// A directory that no host has used yet.
    pub(super) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// The data directory.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A variable for every command.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }

    /// A file beside the data directory.
    pub(super) fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The database, as the host opens it.
    pub(super) fn host(&self) -> Store {
        let store = Store::open(&self.data_dir(), now()).unwrap();
        self.secrets().ensure_installation("shoprelay/_installation").unwrap();
        store
    }

    /// The secrets' file.
    pub(super) fn secrets(&self) -> TomlSecrets {
        TomlSecrets::open(self.data_dir().join("secrets.toml")).unwrap()
    }

    /// Runs the host for as long as it takes to store these.
    pub(super) async fn with(&self, rows: &[Row], receipts: &[Receipt]) {
        let store = self.host();
        let ledger = SqliteLedger::new(store.clone());
        for row in rows {
            assert!(matches!(ledger.put(row, Expected::Absent).await.unwrap(), Put::Stored));
        }
        let notes = Receipts::new(store.clone());
        for receipt in receipts {
            notes.note(receipt);
        }
        store.close().await;
    }

    /// Runs a command on the data directory.
    pub(super) async fn run(&self, arguments: &[&str]) -> Ran {
        let data_dir = self.data_dir();
        self.run_bare(&[arguments, &["--data-dir", data_dir.to_str().unwrap()]].concat()).await
    }

    /// Runs a command as it is. Whatever it says, it shows no secret.
    pub(super) async fn run_bare(&self, arguments: &[&str]) -> Ran {
        self.run_with(Stdio::null(), arguments).await
    }

    /// Runs a command on the data directory, with this text as its standard input.
    pub(super) async fn run_on(&self, input: &str, arguments: &[&str]) -> Ran {
        let file = std::fs::File::open(self.file("input", input)).unwrap();
        let data_dir = self.data_dir();
        self.run_with(file.into(), &[arguments, &["--data-dir", data_dir.to_str().unwrap()]].concat()).await
    }

    async fn run_with(&self, input: Stdio, arguments: &[&str]) -> Ran {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_shoprelay"));
        command.args(arguments).env_clear().envs(self.env.iter().cloned()).stdin(input).kill_on_drop(true);
        let output = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let ran = Ran { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) };
        assert!(!ran.out.contains(HUSH) && !ran.err.contains(HUSH), "{ran:?}");
        ran
    }
}

pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// So many minutes from now.
pub(super) fn minutes(number: i64) -> Timestamp {
    now() + SignedDuration::from_mins(number)
}

/// A row as the ledger stores it first.
pub(super) fn row(key: &str, change: impl FnOnce(&mut Row)) -> Row {
    let mut row = Row::new(key.parse().unwrap(), minutes(-10));
    row.version = 1;
    row.write = format!("write of {key}");
    change(&mut row);
    row
}

/// A receipt of a webhook that came some minutes ago.
pub(super) fn receipt(ago: i64, shop: &str, subject: &str, status: &str) -> Receipt {
    Receipt {
        at: minutes(-ago),
        shop: Some(shop.to_owned()),
        platform: Some("shopify".to_owned()),
        topic: Some("orders/create".to_owned()),
        event_type: Some("order.placed".to_owned()),
        event_id: Some(format!("event-{subject}")),
        subject: Some(subject.to_owned()),
        status: status.to_owned(),
        reason: (status != "queued").then(|| "test_order".to_owned()),
        http_status: if status == "queued" { 202 } else { 200 },
    }
}
