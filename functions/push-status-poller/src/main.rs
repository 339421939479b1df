//! Every minute: asks WEBSALE how open pushes are getting on.

use std::process::ExitCode;

use relay_aws::schedule::Schedule;

fn main() -> ExitCode {
    relay_aws::schedule::run(Schedule::PushStatusPoller)
}
