//! `promotion cancel`.

use std::process::ExitCode;

use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    forward::Outlook,
    ledger::Row,
};
use serde_json::json;

use super::{Name, desk::Desk, name, words};
use crate::{
    command::{CommandError, Outcome},
    installation::{Installation, Place},
    output,
};

/// Calls a promotion off, and says what comes of it.
///
/// What is not sent yet does not go out, and what is shown is taken off; what was sent stays sent.
#[derive(clap::Args)]
pub(super) struct Cancel {
    #[command(flatten)]
    name: Name,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Cancel {
    pub(super) async fn run(self) -> Outcome {
        let key = self.name.key()?;
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let shop = key.shop.clone().ok_or_else(|| CommandError("a promotion belongs to a shop".into()))?;
        let desk = Desk::open(&installation, &shop).await?;
        let row = desk.row(&key).await?;
        let message = desk.by_hand(SystemClock.now()).cancel(&key.subject, row.as_ref().and_then(Row::newest_time));
        let outlook = Outlook::of(&message, row.as_ref());
        if outlook != Outlook::CalledOff {
            // Also what comes too late: the ledger records that it was wanted.
            desk.queue(&message).await?;
        }
        let words = words::foretold(outlook);
        if self.json {
            let status = if outlook == Outlook::CalledOff { "already_cancelled" } else { "queued" };
            let outlook = json!({"id": message.id, "status": status, "promotion": key.subject,
                "in_time": is_in_time(outlook), "outlook": words});
            output::print_json(&outlook)?;
        } else {
            output::print(&format!("{}: {words}.\n", name(&key)))?;
        }
        Ok(if is_in_time(outlook) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Whether it is certain that nothing goes out, or stays.
const fn is_in_time(outlook: Outlook) -> bool {
    !matches!(outlook, Outlook::TooLate | Outlook::Undecided | Outlook::NotNewer)
}
