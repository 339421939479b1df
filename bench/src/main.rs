//! Measures the Lambda binaries over a loopback Runtime API, and keeps their budgets.

#![expect(clippy::disallowed_methods, reason = "it measures: time and environment are the real ones")]

use std::process::ExitCode;

mod aws;
mod budgets;
mod callgrind;
mod chain;
mod command;
mod destination;
mod function;
mod process;
mod report;
mod round;
mod runtime;
mod server;
mod spin;
mod stage;
mod symbols;
mod timed;

/// Anything that goes wrong ends the program: a figure of a faulty run is worth nothing.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    command::run()
}
