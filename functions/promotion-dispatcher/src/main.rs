//! Every minute: queues the promotions that are due.

use std::process::ExitCode;

use relay_aws::schedule::Schedule;

fn main() -> ExitCode {
    relay_aws::schedule::run(Schedule::PromotionDispatcher)
}
