//! `doctor`.

use relay::{
    clock::{Clock, SystemClock},
    config::{Destinations, Variables},
};

use super::{CommandError, Outcome};
use crate::{
    finding::{Finding, report},
    installation::{Host, Installation, Place},
};

mod contents;
mod directory;
mod network;
mod stack;

/// Checks an installation and says what to do about what it finds.
#[derive(clap::Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(crate) async fn run(self) -> Outcome {
        let variables = Variables::of_process();
        let destinations = Destinations::from_variables(variables).map_err(|error| CommandError(error.to_string()))?;
        let installation = Installation::open(&self.place, variables).await?;
        report(&examine(&installation, &destinations).await?, self.json)
    }
}

/// All checks, in the order in which causes come before their effects.
async fn examine(installation: &Installation, destinations: &Destinations) -> Result<Vec<Finding>, CommandError> {
    let now = SystemClock.now();
    let (mut findings, has_database) = match installation.host() {
        Host::Embedded(embedded) => (directory::check(embedded).await, embedded.store().is_ok()),
        Host::Aws(aws) => (stack::check(aws).await, true),
    };
    let (secrets, shops) = contents::secrets(installation).await;
    findings.extend(secrets);
    findings.extend(contents::silence(installation, &shops, now).await);
    // Without a database there is nothing to count, which has been said.
    if has_database {
        findings.extend(contents::queues(installation, now).await);
        findings.push(contents::attention(installation, now).await);
    }
    findings.extend(network::check(&shops, destinations, now).await?);
    Ok(findings)
}
