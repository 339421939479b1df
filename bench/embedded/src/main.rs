//! Loads the embedded host (`shoprelay serve`), beside the same server without a store.

use std::process::ExitCode;

mod command;
mod host;
mod load;
mod nowhere;
mod report;
mod rounds;
mod shop;

/// Anything that goes wrong ends the program: a figure of a faulty run is worth nothing.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    command::run()
}
