//! Processes that live as long as the test run and never longer.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::wait::until;

/// A process that is ended when the test process ends, even if that is killed.
///
/// Rust drops no statics, so a process shared by all tests cannot be ended by `Drop`. A shell waits for the end of its
/// input instead: the pipe closes when we are gone, and then the shell ends its child, the child's children, and the
/// folder they worked in.
#[derive(Debug)]
pub struct Leash(Child);

/// `$1`: the folder to remove; the rest: the command. The shell leads a process group of its own, so `kill 0` reaches
/// exactly what was started here.
const SCRIPT: &str = r#"
folder=$1; shift
"$@" < /dev/null &
read -r _
trap '' TERM
kill -TERM 0
wait
rm -rf "$folder"
"#;

impl Leash {
    /// Starts the command, its output going to `log`. `folder` is removed at the end.
    pub fn start(command: &[&str], environment: &[(&str, &str)], folder: &Path, log: &Path) -> Self {
        use std::os::unix::process::CommandExt;
        let log = File::create(log).expect("the log can be written");
        let child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "leash"])
            .arg(folder)
            .args(command)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("/bin/sh starts");
        Self(child)
    }
}

/// Whatever is left of the process is ended by its shell once the pipe closes; waiting keeps its end in the test's time.
impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What follows `marker` on the line of the log that has it, once it is there.
pub async fn logged(log: &Path, marker: &str) -> String {
    let what = format!("{} says {marker:?}", log.display());
    let line = until(&what, async || {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let (_, rest) = text.split_once(marker)?;
        rest.split_once('\n').map(|(line, _)| line.trim().to_owned())
    });
    line.await
}
