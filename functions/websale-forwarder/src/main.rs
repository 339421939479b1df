//! Settles the messages of the queue `websale`.

use std::process::ExitCode;

fn main() -> ExitCode {
    relay_aws::forward::websale()
}
