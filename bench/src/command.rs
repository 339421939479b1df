//! The command line.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{Failure, budgets, chain::Chain, function::Function, report, timed};

/// Measures the Lambda functions.
#[derive(Parser)]
struct Cli {
    /// Where the built functions and their packages are (infra/build makes them).
    #[arg(long, global = true, value_name = "DIR")]
    from: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Instructions and sizes of all functions, against the table in bench/budgets.toml.
    #[command(subcommand)]
    Budgets(Budgets),
    /// Times one function, or another program in its place.
    Time {
        function: String,
        /// How many processes.
        #[arg(long, default_value_t = 7)]
        rounds: usize,
        /// Invocations of each process after its first.
        #[arg(long, default_value_t = 200)]
        warm: usize,
        /// The other program and its arguments.
        #[arg(last = true)]
        words: Vec<OsString>,
    },
    /// Measures everything and writes docs/performance.md; bench/run builds what it needs first.
    Report {
        /// Where bench/run built what the functions are compared with.
        #[arg(long, value_name = "DIR")]
        peers: PathBuf,
        /// Where Criterion keeps what it measured.
        #[arg(long, value_name = "DIR", default_value = "target/criterion")]
        criterion: PathBuf,
    },
}

#[derive(Subcommand)]
enum Budgets {
    /// Fails if anything costs 3 % more than it may.
    Check,
    /// Writes the table anew.
    Update,
}

pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(carry_out(cli))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(cli: Cli) -> Result<(), Failure> {
    let chain = Chain::new()?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let from = cli.from.unwrap_or_else(|| repository.join("target/lambda"));
    match cli.command {
        Command::Budgets(Budgets::Check) => budgets::check(&chain, &from).await,
        Command::Budgets(Budgets::Update) => budgets::update(&chain, &from).await,
        Command::Time { function, rounds, warm, words } => {
            let function = Function::named(&function)?;
            let words = if words.is_empty() { vec![from.join(function.name).into()] } else { words };
            println!("{}", timed::time(&chain, function, &words, rounds, warm).await?);
            Ok(())
        }
        Command::Report { peers, criterion } => {
            report::write(&chain, &from, &peers, &criterion, &repository.join("docs")).await
        }
    }
}
