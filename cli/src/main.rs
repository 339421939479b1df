//! `shoprelay`: the embedded host, the sandbox, the demo and the operator's commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod command;
mod demo;
mod finding;
mod installation;
mod output;
mod progress;
mod reach;
mod sandbox;
mod signing;
mod stop;
mod table;
mod webhook;

/// Relays shop webhooks to Websand and WEBSALE: nothing accepted is lost, nothing irrevocable is done twice.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(command::demo::Demo),
    Serve(command::serve::Serve),
    Sandbox(command::sandbox::Sandbox),
    Send(command::send::Send),
    Shop(command::shop::Shop),
    Received(command::received::Received),
    Dead(command::dead::Dead),
    Deliveries(command::deliveries::Deliveries),
    Show(command::show::Show),
    Promotion(command::promotion::Promotion),
    Pause(command::pause::Pause),
    Resume(command::pause::Resume),
    Resolve(command::resolve::Resolve),
    Backfill(command::backfill::Backfill),
    Forget(command::forget::Forget),
    Doctor(command::doctor::Doctor),
}

fn main() -> ExitCode {
    // Clap itself exits with 2 on wrong usage.
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("shoprelay: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Sandbox(sandbox) => sandbox.run().await,
            Command::Send(send) => send.run().await,
            Command::Shop(shop) => shop.run().await,
            Command::Received(received) => received.run().await,
            Command::Dead(dead) => dead.run().await,
            Command::Deliveries(deliveries) => deliveries.run().await,
            Command::Show(show) => show.run().await,
            Command::Promotion(promotion) => promotion.run().await,
            Command::Pause(pause) => pause.run().await,
            Command::Resume(resume) => resume.run().await,
            Command::Resolve(resolve) => resolve.run().await,
            Command::Backfill(backfill) => backfill.run().await,
            Command::Forget(forget) => Box::pin(forget.run()).await,
            Command::Doctor(doctor) => doctor.run().await,
        }
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shoprelay: {error}");
            ExitCode::FAILURE
        }
    }
}
