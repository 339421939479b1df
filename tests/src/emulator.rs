//! One AWS emulator for the whole test run: `MiniStack`, which runs our real binaries and enforces IAM.
//!
//! Tests share it and keep apart by name: every test uses a shop, a queue or a role of its own.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

use aws_credential_types::Credentials;
use tokio::sync::OnceCell;

use crate::{
    aws::{Aws, Query, REGION, tag},
    binaries::{repository, target_folder},
    leash::Leash,
    recorder::Recorder,
    wait::{PATIENCE, within},
};

/// The account everything is in.
pub const ACCOUNT: &str = "123456789012";

/// The secret key of the account's root; its access key is [`ACCOUNT`].
pub const ROOT_SECRET: &str = "test";

/// The running emulator.
#[derive(Debug)]
pub struct Emulator {
    /// Its address.
    pub endpoint: String,
    /// A folder that is removed with it.
    pub folder: PathBuf,
    /// What the functions call instead of it.
    pub recorder: Recorder,
    _leash: Leash,
}

static SHARED: OnceCell<Emulator> = OnceCell::const_new();

impl Emulator {
    /// The test run's emulator, started by whoever asks first.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start).await
    }

    /// A client with all rights.
    pub fn root(&self) -> Aws {
        self.principal(ACCOUNT, ROOT_SECRET, None)
    }

    /// A client with these keys.
    pub fn principal(&self, key: &str, secret: &str, token: Option<String>) -> Aws {
        Aws::new(&self.endpoint, Credentials::new(key, secret, token, None, "tests"))
    }

    /// A client with the rights of this role, which must trust the account's root.
    pub async fn assume(&self, role: &str) -> Aws {
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        let input = [("RoleArn", arn.as_str()), ("RoleSessionName", "tests")];
        let session = self.root().query(Query::Sts, "AssumeRole", &input).await.expect("the role can be assumed");
        let part = |name| tag(&session, name).expect("a session has three keys");
        self.principal(part("AccessKeyId"), part("SecretAccessKey"), Some(part("SessionToken").to_owned()))
    }

    async fn start() -> Self {
        let program = repository().join(".venv/bin/ministack");
        assert!(program.is_file(), "{} is missing: tests/run sets it up", program.display());
        let log = target_folder().join("emulator.log");
        // Another process may take a port between our finding it free and the emulator's using it.
        for _ in 0..3 {
            if let Some(emulator) = Self::start_on(free_port(), &program, &log).await {
                return emulator;
            }
        }
        panic!("MiniStack did not start: see {}", log.display())
    }

    async fn start_on(port: u16, program: &Path, log: &Path) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("shoprelay-emulator-").tempdir().expect("a folder").keep();
        let endpoint = format!("http://127.0.0.1:{port}");
        let recorder = Recorder::start(&endpoint);
        let folder_text = folder.to_str().expect("an ASCII path");
        // Functions inherit this whole environment, so it holds nothing that the template should have set.
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOME", folder_text),
            ("TMPDIR", folder_text),
            ("STATE_DIR", folder_text),
            ("PYTHONUNBUFFERED", "1"),
            ("BIND_HOST", "127.0.0.1"),
            ("GATEWAY_PORT", &port.to_string()),
            ("MINISTACK_REGION", REGION),
            ("MINISTACK_ACCOUNT_ID", ACCOUNT),
            // Without it functions would call the real AWS.
            ("AWS_ENDPOINT_URL", &recorder.endpoint),
            ("LAMBDA_EXECUTOR", "local"),
            ("AUTH", "true"),
            // It would listen on all interfaces.
            ("IOT_MTLS_ENABLED", "0"),
        ];
        let leash = Leash::start(&[program.to_str().expect("an ASCII path")], &environment, &folder, log);
        let running = within(PATIENCE, "MiniStack starts", async || {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            match () {
                () if text.contains(&format!("Running on {endpoint}")) => Some(true),
                () if text.contains("in use") || text.contains("Traceback") => Some(false),
                () => None,
            }
        });
        running.await.then_some(Self { endpoint, folder, recorder, _leash: leash })
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
