//! A server as a process of its own: its address, its memory, and what it uses of the processors.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Failure, shop};

/// `/proc` counts time in hundredths of a second, on every Linux that we know of.
const TICK: Duration = Duration::from_millis(10);
/// No server needs this long to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; it is killed when it is dropped.
pub(crate) struct Host {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start until it said that it listens.
    pub(crate) start: Duration,
}

impl Host {
    /// `shoprelay serve` on this data directory; with `sandbox` as Websand, if there is one.
    pub(crate) async fn serve(data_dir: &Path, sandbox: Option<&Self>) -> Result<Self, Failure> {
        let mut command = Command::new(beside("shoprelay")?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        if let Some(sandbox) = sandbox {
            command.env("SHOPRELAY_WEBSAND_URL", format!("http://{}/websand/{{account}}", sandbox.address));
        }
        Self::start(command).await
    }

    /// The sandbox of both destinations.
    pub(crate) async fn sandbox() -> Result<Self, Failure> {
        let mut command = Command::new(beside("shoprelay")?);
        command.args(["sandbox", "--listen", "127.0.0.1:0"]);
        Self::start(command).await
    }

    /// The server without a store, with the secrets of this data directory.
    pub(crate) async fn nowhere(data_dir: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("nowhere").arg(data_dir);
        Self::start(command).await
    }

    async fn start(mut command: Command) -> Result<Self, Failure> {
        let began = Instant::now();
        // Logs are read by nobody here, and a terminal would slow the server down.
        command.env("SHOPRELAY_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, url)) = line.split_once("listening on http://") {
                    return Ok::<_, Failure>(url.trim().parse()?);
                }
            }
            Err("the server ended".into())
        };
        let address = tokio::time::timeout(PATIENCE, listening).await??;
        // The sandbox says what it is asked: nobody listening would look like a fault of its own.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address, start: began.elapsed() })
    }

    /// What it has used of the processors so far, of all its threads.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let stat = fs::read_to_string(self.proc("stat")?)?;
        // The name before it may hold anything; after it, user and system time are the 12th and 13th fields.
        let fields = stat.rsplit_once(')').ok_or("an unknown format of /proc")?.1;
        let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(TICK * times.sum::<Result<u32, _>>()?)
    }

    /// The most memory it held at any time, in KiB.
    pub(crate) fn peak_memory(&self) -> Result<u64, Failure> {
        let status = fs::read_to_string(self.proc("status")?)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.ok_or("no VmHWM")?.trim().parse()?)
    }

    pub(crate) async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    fn proc(&self, file: &str) -> Result<PathBuf, Failure> {
        Ok(PathBuf::from(format!("/proc/{}/{file}", self.child.id().ok_or("it has ended")?)))
    }
}

/// Holds back the shop's deliveries, as an operator does.
pub(crate) async fn pause(data_dir: &Path) -> Result<(), Failure> {
    let mut command = Command::new(beside("shoprelay")?);
    command.args(["pause", shop::NAME, "--data-dir"]).arg(data_dir).stdout(Stdio::null());
    if command.status().await?.success() { Ok(()) } else { Err("the shop could not be paused".into()) }
}

fn beside(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("{name} is not built: cargo build --release -p {name}").into()) }
}
