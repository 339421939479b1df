//! The process under measurement: its CPU clock, its memory, its log.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::Path,
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};

use crate::Failure;

/// How long a process has to be still to be at rest.
const REST: Duration = Duration::from_millis(2);

/// A running program; it is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    pid: u32,
}

impl Process {
    /// Starts `words` with this environment and no other. What it says goes to `log`.
    pub(crate) fn start(
        words: &[OsString],
        environment: Vec<(&'static str, String)>,
        log: &Path,
    ) -> Result<Self, Failure> {
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let output = File::create(log)?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let pid = child.id().ok_or("it ended at once")?;
        Ok(Self { child, pid })
    }

    /// What it has used of the processors so far, of all its threads, once it rests: the system adds up what a thread
    /// has used when it goes to sleep.
    pub(crate) async fn cpu(&self) -> Result<Duration, Failure> {
        let mut before = self.used()?;
        loop {
            tokio::time::sleep(REST).await;
            let now = self.used()?;
            if now == before {
                return Ok(now);
            }
            before = now;
        }
    }

    fn used(&self) -> Result<Duration, Failure> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The most memory it held at any time, in KiB.
    pub(crate) fn peak_memory(&self) -> Result<u32, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        Ok(peak.ok_or("no VmHWM")?.trim().parse()?)
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> Failure {
        match self.child.wait().await {
            Ok(status) => format!("the process ended: {status}").into(),
            Err(error) => error.into(),
        }
    }

    /// Ends it in order, so that a tool around it can write what it found.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.pid.to_string()).status().await?;
        self.child.wait().await?;
        Ok(())
    }
}
