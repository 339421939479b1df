//! Placeholder.

use super::Outcome;

/// Shows where one subject is.
#[derive(clap::Args)]
pub(crate) struct Show {}

impl Show {
    pub(crate) async fn run(self) -> Outcome {
        todo!()
    }
}
