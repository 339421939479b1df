//! `shoprelay serve`.

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use relay::{
    config::{Destinations, Variables},
    secret::SecretsConfig,
    telemetry::{self, Sink},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{CommandError, Outcome};
use relay_embedded::{Embedded, Settings};

/// More than `--help`'s first line.
const ABOUT: &str = "\
Runs the embedded host: takes webhooks over HTTP, keeps them in the data directory, delivers them.

Shops send to http://ADDRESS/webhooks/SHOP/order-placed (order-updated, customer-updated, promotion-scheduled,
promotion-cancelled), best through a reverse proxy that speaks TLS. GET /healthz answers 200 when ready. Shops' secrets
are in secrets.toml in the data directory. Ctrl-C stops in order; a second one at once.";

/// Runs the embedded host.
#[derive(clap::Args)]
#[command(long_about = ABOUT)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    /// Where to keep everything; one host has it for itself.
    #[arg(long, value_name = "DIR", default_value = ".shoprelay")]
    data_dir: PathBuf,
}

impl Serve {
    pub(crate) async fn run(self) -> Outcome {
        let variables = Variables::of_process();
        telemetry::start(variables, Sink::StderrText).map_err(wrong)?;
        let settings = Settings {
            listen: self.listen,
            data_dir: self.data_dir,
            destinations: Destinations::from_variables(variables).map_err(wrong)?,
            secrets: SecretsConfig::from_variables(variables).map_err(wrong)?,
        };
        // Before the host starts, so that a signal during its start is not lost.
        let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
        let host = Embedded::start(settings).await.map_err(wrong)?;
        let mut out = std::io::stdout();
        // Whoever started us may not read it.
        let _ = writeln!(out, "listening on http://{}", host.local_addr()).and_then(|()| out.flush());
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests and deliveries in hand are being ended");
        tokio::select! {
            () = host.shutdown() => Ok(ExitCode::SUCCESS),
            _ = interrupt.recv() => Ok(ExitCode::FAILURE),
            _ = terminate.recv() => Ok(ExitCode::FAILURE),
        }
    }
}

fn wrong(error: impl std::fmt::Display) -> CommandError {
    CommandError(format!("cannot start: {error}"))
}
