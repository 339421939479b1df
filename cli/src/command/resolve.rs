//! `resolve`.

use std::process::ExitCode;

use clap::ValueEnum;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ledger::{self, Change, Finding, Guess, Resolution, Unfit},
    random::SystemRandom,
};
use serde_json::json;

use super::{CommandError, Outcome, show};
use crate::{
    installation::{Installation, Place},
    output,
};

/// Says what a person found out about a row that needs them, so that it is settled.
///
/// Of a push whose outcome is unknown, `sent` closes it and `not-sent` sends it now, unless its time has passed or the shop
/// has changed it since. `done` closes what was to be done by hand: a privacy request, an unsubscription at Websand, a push
/// whose end was not seen. Runs beside the host.
#[derive(clap::Args)]
pub(crate) struct Resolve {
    /// SHOP/KIND/SUBJECT, as `deliveries` and `show` print it.
    subject: String,

    /// What was found out.
    #[arg(long = "as", value_enum, value_name = "FINDING")]
    finding: Found,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Found {
    /// The destination has it.
    Sent,
    /// The destination does not have it.
    NotSent,
    /// What was to be done by hand is done.
    Done,
}

impl From<Found> for Finding {
    fn from(found: Found) -> Self {
        match found {
            Found::Sent => Self::Sent,
            Found::NotSent => Self::NotSent,
            Found::Done => Self::Done,
        }
    }
}

impl Resolve {
    pub(crate) async fn run(self) -> Outcome {
        let key = show::key(&self.subject)?;
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let ledger = installation.writable().await?.ledger;
        let now = SystemClock.now();
        let decide = |row: Option<&ledger::Row>| {
            let Some(row) = row else { return Change::Keep(None) };
            match ledger::resolve(row.clone(), self.finding.into(), now) {
                Ok((row, resolution)) => Change::Write(Box::new(row), Some(Ok(resolution))),
                Err(unfit) => Change::Keep(Some(Err(unfit))),
            }
        };
        let updated = ledger::update(&*ledger, &SystemRandom, &key, Guess::Unknown, decide).await;
        let (_, resolved) = updated.map_err(|error| CommandError(error.to_string()))?;
        let resolved: Result<Resolution, Unfit> = resolved.ok_or_else(|| {
            CommandError(format!("the ledger knows nothing of {}", crate::table::visible(&self.subject)))
        })?;
        let resolution =
            resolved.map_err(|unfit| CommandError(format!("{}: {unfit}", crate::table::visible(&self.subject))))?;
        if self.json {
            output::print_json(&json!({"subject": self.subject, "resolution": word(resolution)}))?;
        } else {
            output::print(&format!("{}: {}\n", crate::table::visible(&self.subject), sentence(resolution)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

const fn word(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Closed => "closed",
        Resolution::DueNow => "due_now",
        Resolution::Outdated => "outdated",
    }
}

const fn sentence(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Closed => "closed.",
        Resolution::DueNow => {
            "it goes out within a minute, or when the shop's quiet hours end, unless its time has passed by then."
        }
        Resolution::Outdated => {
            "the shop has changed it or called it off since, so it does not go out; \
             to send it after all, have the shop schedule it again."
        }
    }
}
