//! Keeps the processors awake. On a virtual machine halting and waking are charged to whoever is woken, which can make a
//! warm invocation look three times as dear as it is.

use tokio::process::{Child, Command};

use crate::Failure;

/// A loop on every processor that gives way to everything else. They end when this is dropped.
pub(crate) struct Spin(#[expect(dead_code, reason = "held for its end")] Vec<Child>);

impl Spin {
    pub(crate) fn start() -> Result<Self, Failure> {
        let one =
            |_| Command::new("chrt").args(["-i", "0", "sh", "-c", "while :; do :; done"]).kill_on_drop(true).spawn();
        let processors = std::thread::available_parallelism()?.get();
        Ok(Self((0..processors).map(one).collect::<Result<_, _>>()?))
    }
}
