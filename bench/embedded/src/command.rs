//! The command line.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;

use crate::{Failure, nowhere, report, rounds};

/// How many webhooks a second `shoprelay serve` accepts and delivers on this machine, and what each costs.
///
/// Builds nothing: `cargo build --release -p shoprelay -p relay-bench-embedded` first.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Rounds of each kind, in turn; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long webhooks are sent in a round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections that send.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Messages that wait already, in the rounds with a long queue.
    #[arg(long, default_value_t = 1_000_000)]
    waiting: u64,
    /// Webhooks of the round in which they are also delivered.
    #[arg(long, default_value_t = 20_000)]
    deliveries: usize,
    /// Figures as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Command {
    /// The server without a store; what it accepts is gone.
    #[command(hide = true)]
    Nowhere { data_dir: PathBuf },
}

pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        // As many threads as the real server has.
        Some(Command::Nowhere { data_dir }) => threads().and_then(|runtime| runtime.block_on(nowhere::serve(data_dir))),
        None => alone().and_then(|runtime| runtime.block_on(measure(cli))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay-bench-embedded: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(cli: Cli) -> Result<(), Failure> {
    let plan = rounds::Plan {
        rounds: cli.rounds,
        time: Duration::from_secs(cli.seconds),
        connections: cli.connections,
        waiting: cli.waiting,
        deliveries: cli.deliveries,
    };
    let figures = rounds::run(&plan).await?;
    let text = if cli.json { report::json(&figures) } else { report::table(&plan, &figures) };
    println!("{text}");
    Ok(())
}

fn threads() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Whoever sends shares the machine with the server, and takes no more than one thread of it.
fn alone() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
