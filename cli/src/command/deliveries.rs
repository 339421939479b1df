//! Placeholder.

use super::Outcome;

/// Shows what is open or needs attention.
#[derive(clap::Args)]
pub(crate) struct Deliveries {}

impl Deliveries {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
