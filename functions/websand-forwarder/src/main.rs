//! Settles the messages of the queue `websand`.

use std::process::ExitCode;

fn main() -> ExitCode {
    relay_aws::forward::websand()
}
