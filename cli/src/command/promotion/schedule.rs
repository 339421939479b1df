//! `promotion schedule`.

use std::{io::IsTerminal, process::ExitCode};

use jiff::Timestamp;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    event::Faults,
    forward::Outlook,
    ingest::Scheduling,
    shop::ShopName,
};
use serde_json::json;

use super::{desk::Desk, faulty, name, read, row_key, words};
use crate::{
    command::{
        CommandError, Outcome,
        shop::ask::{Questions, Terminal},
    },
    installation::{Installation, Place},
    output,
};

/// Schedules a promotion, or changes one: checked like its webhook, shown, and queued.
///
/// The file is a promotion.scheduled event, or its data alone. Without `updated_at` it is as new as now.
#[derive(clap::Args)]
pub(super) struct Schedule {
    /// The file, JSON; - is standard input.
    file: String,

    /// Whose promotion it is.
    #[arg(long, value_name = "NAME")]
    shop: ShopName,

    /// Does not ask before it goes to everyone.
    #[arg(long)]
    yes: bool,

    /// Only says what would happen.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Schedule {
    pub(super) async fn run(self) -> Outcome {
        let document = read(&self.file)?;
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let desk = Desk::open(&installation, &self.shop).await?;
        let now = SystemClock.now();
        let scheduling = match desk.by_hand(now).schedule(document) {
            Ok(scheduling) => scheduling,
            Err(faults) => return self.refused(&faults),
        };
        let outlook = desk.outlook(&scheduling.message).await?;
        if !self.json {
            output::print(&words::plan(&scheduling, outlook, desk.zone(), now))?;
        }
        has_a_point(&scheduling, outlook, now)?;
        if !self.dry_run {
            self.confirm(&scheduling)?;
            desk.queue(&scheduling.message).await?;
        }
        self.done(&scheduling, outlook)
    }

    fn refused(&self, faults: &Faults) -> Outcome {
        if !self.json {
            return Err(faulty(&self.file, faults));
        }
        output::print_json(&json!({"status": "refused", "errors": faults.0}))?;
        Ok(ExitCode::FAILURE)
    }

    /// What goes to everyone cannot be taken back.
    fn confirm(&self, scheduling: &Scheduling) -> Result<(), CommandError> {
        if self.yes || scheduling.promotion.draft || scheduling.plan.audience != "everyone" {
            return Ok(());
        }
        if self.file == "-" || !std::io::stdin().is_terminal() {
            return Err(CommandError("it goes to everyone: use --yes to queue it without a question".into()));
        }
        match Terminal.ask("It goes to everyone. Type yes to confirm: ")?.as_str() {
            "yes" => Ok(()),
            _ => Err(CommandError("nothing was queued".into())),
        }
    }

    fn done(&self, scheduling: &Scheduling, outlook: Outlook) -> Outcome {
        let id = &scheduling.promotion.id;
        if self.json {
            let status = if self.dry_run { "checked" } else { "queued" };
            output::print_json(&json!({"id": scheduling.message.id, "status": status, "promotion": id,
                "plan": scheduling.plan.to_json(), "outlook": words::foretold(outlook)}))?;
        } else if self.dry_run {
            output::print("Nothing was queued.\n")?;
        } else {
            let name = name(&row_key(self.shop.clone(), id));
            output::print(&format!("Queued. `shoprelay promotion show {name}` tells how it goes.\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What nothing would come of is not queued: a person is there to be told why.
fn has_a_point(scheduling: &Scheduling, outlook: Outlook, now: Timestamp) -> Result<(), CommandError> {
    if let Some(end) = scheduling.plan.send_before.filter(|end| *end <= now) {
        let passed = output::time(end);
        return Err(CommandError(format!(
            "nothing was queued: it was to be out by {passed}, which has passed; give it a later send_at"
        )));
    }
    match outlook {
        Outlook::New | Outlook::Changes | Outlook::EditsOnly => Ok(()),
        _ => Err(CommandError(format!("nothing was queued: {}", words::foretold(outlook)))),
    }
}
