//! `promotion show`.

use std::process::ExitCode;

use jiff::tz::TimeZone;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ledger::{Ledger, Row, State},
    message::RowKey,
};
use serde_json::json;

use super::{Name, desk, follow, name, words};
use crate::{
    command::{
        CommandError, Outcome,
        show::{chunks::Chunks, json, words as rows},
    },
    installation::{Installation, Place},
    output, progress,
};

/// Shows one promotion: its plan, what is done, and how many it has reached.
#[derive(clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    name: Name,

    /// Goes on showing how far it is, until it is done; ends with 1 if it did not go out.
    #[arg(long)]
    follow: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self) -> Outcome {
        let key = self.name.key()?;
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let ledger = installation.ledger()?;
        let row = if self.follow {
            follow::to_the_end(&*ledger, &key, self.json).await?
        } else {
            read(&*ledger, &key).await?
        };
        let Some(row) = row else {
            return Err(CommandError(format!(
                "the ledger knows nothing of {}; if it was queued a moment ago, ask again",
                name(&key)
            )));
        };
        let chunks = Chunks::of(&*ledger, &row).await.map_err(|error| CommandError(error.to_string()))?;
        if self.json {
            let (done, of) = words::progress(&row).unzip();
            let chunks = chunks.as_ref().map(Chunks::json);
            output::print_json(&json!({"promotion": json::of(&row), "done": done, "of": of, "chunks": chunks}))?;
        } else {
            let zone = zone(&installation, &key).await;
            let chunks = chunks.as_ref().map(Chunks::text).unwrap_or_default();
            output::print(&format!("{}{chunks}", describe(&row, zone.as_ref())))?;
        }
        Ok(if self.follow && !went_out(&row) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn read(ledger: &dyn Ledger, key: &RowKey) -> Result<Option<Row>, CommandError> {
    ledger.get(key).await.map_err(|error| CommandError(error.to_string()))
}

/// The shop's clock; without it times are shown in UTC only.
async fn zone(installation: &Installation, key: &RowKey) -> Option<TimeZone> {
    let secret = desk::webhook(&installation.secrets().ok()?, key.shop.as_ref()?).await.ok()??;
    secret.time_zone.clone()
}

fn describe(row: &Row, zone: Option<&TimeZone>) -> String {
    let now = SystemClock.now();
    let send_at = row.promotion.as_ref().and_then(|plan| plan.send_at);
    let local = send_at.zip(zone).map(|(at, zone)| format!("  At the shop  {}\n", words::when(at, Some(zone), now)));
    let counted = words::counted(row);
    let bar =
        words::progress(row).map(|(done, of)| format!("  {counted:<11}  {}\n", progress::bar("", done, of).trim()));
    format!("{}{}{}", rows::describe(row, now), local.unwrap_or_default(), bar.unwrap_or_default())
}

/// Whether a promotion that has come to its end did what it was for.
const fn went_out(row: &Row) -> bool {
    match row.state {
        State::Delivered | State::Sent => true,
        State::TooLate => row.steps.sent,
        _ => false,
    }
}
