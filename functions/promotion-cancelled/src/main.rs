//! `POST /webhooks/{shop}/promotion-cancelled`: verifies, maps and queues.

use std::process::ExitCode;

use relay::ingest::Endpoint;

fn main() -> ExitCode {
    relay_aws::ingest::run(Endpoint::PromotionCancelled)
}
