//! `dead list`, `dead show`, `dead redrive`, `dead drop`.

use super::Outcome;

mod act;
mod filter;
mod list;
mod office;
mod show;

/// Looks after what was given up: lists dead letters, puts them back on their queues, deletes them.
///
/// Runs beside the host. On AWS, looking through dead letters hides them from others for a moment.
#[derive(clap::Args)]
pub(crate) struct Dead {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Redrive(act::Redrive),
    Drop(act::Drop),
}

impl Dead {
    pub(crate) async fn run(self) -> Outcome {
        match self.command {
            Command::List(list) => list.run().await,
            Command::Show(show) => show.run().await,
            Command::Redrive(redrive) => redrive.run().await,
            Command::Drop(drop) => drop.run().await,
        }
    }
}
