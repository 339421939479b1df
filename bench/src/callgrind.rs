//! Counts instructions: the same on every machine, however busy it is.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Failure,
    chain::Chain,
    function::Function,
    round::{self, Plan},
};

/// Further invocations that the cost of one is taken from.
const WARM: usize = 10;
/// Under callgrind everything takes some fifty times as long. The clock slows down with it, so that no time-out of the
/// function runs out.
const CLOCK: &str = "+0 x0.01";

/// Instructions of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instructions {
    /// From the start of the process to the end of the first invocation.
    pub(crate) cold: u64,
    /// Of each further invocation.
    pub(crate) warm: u64,
}

/// Counts those of the program doing the work of this function.
pub(crate) async fn count(chain: &Chain, function: Function, program: &Path) -> Result<Instructions, Failure> {
    let cold = run(chain, function, program, 0).await?;
    let all = run(chain, function, program, WARM).await?;
    Ok(Instructions { cold, warm: all.saturating_sub(cold) / WARM as u64 })
}

async fn run(chain: &Chain, function: Function, program: &Path, warm: usize) -> Result<u64, Failure> {
    let out = tempfile::NamedTempFile::new()?;
    let variable = |name: &str, value: &Path| OsString::from(format!("{name}={}", value.display()));
    let words = [
        "env".into(),
        variable("LD_PRELOAD", &slow_clock()?),
        variable("FAKETIME", Path::new(CLOCK)),
        "valgrind".into(),
        "--tool=callgrind".into(),
        variable("--callgrind-out-file", out.path()),
        program.into(),
    ];
    round::run(chain, Plan { function, words: &words, warm }).await?;
    let text = fs::read_to_string(out.path())?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind wrote no total")?;
    Ok(total.trim().parse()?)
}

fn slow_clock() -> Result<PathBuf, Failure> {
    let folders = fs::read_dir("/usr/lib")?.filter_map(Result::ok).map(|folder| folder.path());
    let mut libraries = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
    let missing = "valgrind and libfaketime are needed (Debian: apt install valgrind libfaketime)";
    Ok(libraries.find(|library| library.is_file()).ok_or(missing)?)
}
