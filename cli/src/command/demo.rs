//! Placeholder.

use super::Outcome;

/// Starts host, sandbox and demo shops, sends real webhooks through them and shows them arrive.
#[derive(clap::Args)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
