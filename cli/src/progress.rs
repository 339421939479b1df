//! How far a long piece of work has come: one line on standard error, for a person who waits at a terminal.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

/// The line is written anew this often at most.
const EVERY: Duration = Duration::from_millis(200);
/// How many characters the bar has.
const WIDTH: usize = 24;

/// A line that says how far it is. Gone when this is.
pub(crate) struct Progress {
    what: &'static str,
    whole: u64,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// Nothing is shown yet, and never anywhere but on a terminal.
    pub(crate) fn new(what: &'static str, whole: u64) -> Self {
        Self { what, whole, shown: None, is_terminal: std::io::stderr().is_terminal() }
    }

    /// So much is done; `note` says it in words.
    pub(crate) fn at(&mut self, done: u64, note: impl FnOnce() -> String) {
        if !self.is_terminal || self.shown.is_some_and(|shown| shown.elapsed() < EVERY) {
            return;
        }
        self.shown = Some(Instant::now());
        write(&format!("\r\x1b[K{}  {}", bar(self.what, done, self.whole), note()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            write("\r\x1b[K");
        }
    }
}

/// Whoever does not see it misses nothing.
fn write(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The bar alone.
pub(crate) fn bar(what: &str, done: u64, whole: u64) -> String {
    let share = |of: u64| done.min(whole).saturating_mul(of).checked_div(whole).unwrap_or(of);
    let full = usize::try_from(share(WIDTH as u64)).unwrap_or(WIDTH);
    format!("{what} [{}{}] {:>3} %", "#".repeat(full), "-".repeat(WIDTH - full), share(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(bar("Reading", 0, 8), "Reading [------------------------]   0 %");
        assert_eq!(bar("Reading", 3, 8), "Reading [#########---------------]  37 %");
        for (done, whole) in [(8, 8), (9, 8), (0, 0)] {
            assert_eq!(bar("Reading", done, whole), "Reading [########################] 100 %");
        }
    }
}
