//! Placeholder.

use super::Outcome;

/// Adds, lists, checks and removes shops.
#[derive(clap::Args)]
pub(crate) struct Shop {}

impl Shop {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
