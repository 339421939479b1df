//! `shoprelay serve` as a process: the embedded host.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
};

use relay::{
    clock::{Clock, SystemClock},
    ledger::{Ledger, Row},
    queue::{Entry, Place, Queue, Sweep, Verdict},
    shop::Destination,
};
use relay_sqlite::{SqliteLedger, SqliteQueue, Store};
use serde_json::{Value, json};

use crate::{binaries, leash::logged, sandbox::Sandbox, wait::PATIENCE};

/// A data directory with its secrets, and the host that runs on it, if one does.
#[derive(Debug)]
pub struct Host {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, &'static str)>,
    starts: u32,
    running: Option<(Child, String)>,
}

impl Host {
    /// A data directory with these secrets, by name.
    pub fn new(secrets: &[(String, Value)]) -> Self {
        let host =
            Self { folder: tempfile::tempdir().expect("a folder"), environment: Vec::new(), starts: 0, running: None };
        std::fs::create_dir_all(host.data()).expect("the folder can be made");
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(host.data().join("secrets.toml")).expect("new");
        for (name, value) in secrets {
            write!(file, "{}", table(name, value)).expect("the file can be written");
        }
        host
    }

    /// The same with this variable in its environment.
    #[must_use]
    pub fn with(mut self, variable: &'static str, value: &'static str) -> Self {
        self.environment.push((variable, value));
        self
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the host with this sandbox as both destinations, and waits until it listens.
    pub async fn start(&mut self, sandbox: &Sandbox) {
        self.starts += 1;
        let log = self.log();
        let output = File::create(&log).expect("the log can be written");
        let child = self
            .prepared(sandbox)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.data())
            .stdout(output.try_clone().expect("a file can be shared"))
            .stderr(output)
            .spawn()
            .expect("the host starts");
        // Kept at once, so that it is ended even if it never listens.
        self.running = Some((child, String::new()));
        let url = logged(&log, "listening on ").await;
        if let Some((_, known)) = &mut self.running {
            *known = url;
        }
    }

    /// What the present run has printed.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join(format!("log-{}", self.starts))
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.running.as_ref().expect("the host runs").1
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().expect("our own process can be killed");
            child.wait().expect("our own process can be waited for");
        }
    }

    /// All rows of the ledger, read beside the host or after its end.
    pub async fn rows(&self) -> Vec<Row> {
        let ledger = SqliteLedger::new(self.store());
        ledger.scan("", usize::MAX).await.expect("the ledger can be read")
    }

    /// How many messages wait for this destination, and how many are dead letters.
    pub async fn queued(&self, destination: Destination) -> (u64, u64) {
        let queue = SqliteQueue::new(self.store(), Arc::new(SystemClock));
        let counts = queue.counts(destination).await.expect("the queue can be read");
        (counts.waiting, counts.dead)
    }

    /// This destination's dead letters: `body`, `reason`, `status` and `detail`.
    pub async fn dead_letters(&self, destination: Destination) -> Vec<Value> {
        let queue = SqliteQueue::new(self.store(), Arc::new(SystemClock));
        let letters = Mutex::new(Vec::new());
        let judge = |letter: Entry<'_>| {
            let Entry { body, reason, status, detail, .. } = letter;
            let letter = json!({"body": body, "reason": reason, "status": status, "detail": detail});
            letters.lock().expect("nobody panics meanwhile").push(letter);
            Verdict::Keep
        };
        let sweep = Sweep { destination, place: Place::Dead, judge: &judge, until: SystemClock.now() + PATIENCE };
        queue.sweep(sweep).await.expect("the queue can be read");
        letters.into_inner().expect("nobody panicked meanwhile")
    }

    /// Runs an operator's command beside the host.
    pub async fn command(&self, sandbox: &Sandbox, arguments: &[&str]) -> Output {
        let mut command = self.prepared(sandbox);
        command.args(arguments).arg("--data-dir").arg(self.data());
        tokio::process::Command::from(command).output().await.expect("the command runs")
    }

    /// The binary, with this sandbox as both destinations.
    fn prepared(&self, sandbox: &Sandbox) -> Command {
        let mut command = Command::new(binaries::path("shoprelay"));
        command
            .env_clear()
            .env("SHOPRELAY_WEBSAND_URL", format!("{}/websand/{{account}}", sandbox.url))
            .env("SHOPRELAY_WEBSALE_URL", &sandbox.url)
            .env("SHOPRELAY_WEBSALE_LOGIN_URL", &sandbox.url)
            .env("SHOPRELAY_BIGCOMMERCE_URL", &sandbox.url)
            .env("SHOPRELAY_CALLBACK_ALLOW", sandbox.url.trim_start_matches("http://"))
            .envs(self.environment.iter().copied())
            .stdin(Stdio::null());
        command
    }

    fn store(&self) -> Store {
        Store::read_only(&self.data()).expect("the host has made its store")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One table of `secrets.toml`. JSON's strings, numbers and lists are also TOML's; objects inside are written inline.
fn table(name: &str, value: &Value) -> String {
    let fields = value.as_object().expect("a secret is an object").iter();
    let lines = fields.map(|(key, value)| format!("{key} = {}\n", inline(value)));
    format!("[\"{name}\"]\n{}\n", lines.collect::<String>())
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        plain => plain.to_string(),
    }
}
