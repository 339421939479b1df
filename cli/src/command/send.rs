//! Placeholder.

use super::Outcome;

/// Sends a correctly signed test webhook.
#[derive(clap::Args)]
pub(crate) struct Send {}

impl Send {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
