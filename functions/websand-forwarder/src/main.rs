//! Settles the messages of the queue `websand`.

use std::process::ExitCode;

use relay::shop::Destination;

fn main() -> ExitCode {
    relay_aws::forward::run(Destination::Websand)
}
