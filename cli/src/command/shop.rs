//! `shop`: a shop is its secrets, so these commands write, list, prove and remove secrets.

use clap::Subcommand;

use super::Outcome;

mod add;
pub(super) mod ask;
mod check;
mod file;
mod list;
pub(super) mod names;
mod remove;
pub(super) mod summary;
mod validate;
mod wiring;

/// Adds, lists, checks and removes shops.
#[derive(clap::Args)]
pub(crate) struct Shop {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Add(add::Add),
    List(list::List),
    Check(check::Check),
    Remove(remove::Remove),
}

impl Shop {
    pub(crate) async fn run(self) -> Outcome {
        match self.action {
            Action::Add(add) => add.run().await,
            Action::List(list) => list.run().await,
            Action::Check(check) => check.run().await,
            Action::Remove(remove) => remove.run().await,
        }
    }
}
