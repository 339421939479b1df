//! Placeholder.

use super::Outcome;

/// Shows what came in.
#[derive(clap::Args)]
pub(crate) struct Received {}

impl Received {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
