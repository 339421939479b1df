//! Placeholder.

use super::Outcome;

/// Runs the sandbox of both destinations.
#[derive(clap::Args)]
pub(crate) struct Sandbox {}

impl Sandbox {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
