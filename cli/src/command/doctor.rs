//! Placeholder.

use super::Outcome;

/// Checks an installation.
#[derive(clap::Args)]
pub(crate) struct Doctor {}

impl Doctor {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
