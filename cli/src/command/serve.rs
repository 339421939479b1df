//! Placeholder.

use super::Outcome;

/// Runs the embedded host.
#[derive(clap::Args)]
pub(crate) struct Serve {}

impl Serve {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
