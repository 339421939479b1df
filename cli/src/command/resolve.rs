//! `resolve`.

use std::process::ExitCode;

use clap::ValueEnum;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ledger::{self, Change, Finding, Guess, Ledger, Resolution, Row, Unfit, chunk},
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
        let decide = |row: Option<&Row>| {
            let Some(row) = row else { return Change::Keep(None) };
            match ledger::resolve(row.clone(), self.finding.into(), now) {
                Ok((row, resolution)) => Change::Write(Box::new(row), Some(Ok(resolution))),
                Err(unfit) => Change::Keep(Some(Err(unfit))),
            }
        };
        let updated = ledger::update(&*ledger, &SystemRandom, &key, Guess::Unknown, decide).await;
        let (row, resolved) = updated.map_err(|error| CommandError(error.to_string()))?;
        let resolved: Result<Resolution, Unfit> = resolved.ok_or_else(|| {
            CommandError(format!("the ledger knows nothing of {}", crate::table::visible(&self.subject)))
        })?;
        let resolution =
            resolved.map_err(|unfit| CommandError(format!("{}: {unfit}", crate::table::visible(&self.subject))))?;
        let goes_out = resolution != Resolution::DueNow || !is_called_off(&*ledger, row.as_ref()).await?;
        let (word, sentence) = if goes_out { said(resolution) } else { CALLED_OFF };
        if self.json {
            output::print_json(&json!({"subject": self.subject, "resolution": word}))?;
        } else {
            output::print(&format!("{}: {sentence}\n", crate::table::visible(&self.subject)))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether this is a chunk of a promotion that was called off: the forwarder will leave it.
async fn is_called_off(ledger: &dyn Ledger, row: Option<&Row>) -> Result<bool, CommandError> {
    let Some((row, (promotion, _))) = row.and_then(|row| Some((row, chunk::promotion_of(&row.key)?))) else {
        return Ok(false);
    };
    let promotion = ledger.get(&promotion).await.map_err(|error| CommandError(error.to_string()))?;
    Ok(!chunk::is_wanted(row, promotion.as_ref()))
}

/// For programs, and for people.
const fn said(resolution: Resolution) -> (&'static str, &'static str) {
    match resolution {
        Resolution::Closed => ("closed", "closed."),
        Resolution::DueNow => (
            "due_now",
            "it goes out within a minute, or when the shop's quiet hours end, unless its time has passed by then.",
        ),
        Resolution::Outdated => (
            "outdated",
            "the shop has changed it or called it off since, so it does not go out; \
             to send it after all, have the shop schedule it again.",
        ),
    }
}

const CALLED_OFF: (&str, &str) = ("outdated", "its promotion was called off, so it does not go out.");
