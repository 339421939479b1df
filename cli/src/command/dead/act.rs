//! `dead redrive` and `dead drop`.

use std::{collections::BTreeMap, io::IsTerminal, process::ExitCode};

use relay::{
    clock::{Clock, SystemClock},
    dead::{Action, Fate, Item, Wanted},
};
use serde_json::json;

use super::{
    filter::Filter,
    office::{Done, Office},
};
use crate::{
    command::{
        CommandError, Outcome,
        shop::ask::{Questions, Terminal},
    },
    installation::Place,
    output,
    table::visible,
};

/// Puts dead letters back on their queues, to be delivered as if they had just come; a rejected webhook is mapped anew
/// first. What was delivered or overtaken meanwhile is not delivered again.
#[derive(clap::Args)]
pub(super) struct Redrive {
    #[command(flatten)]
    which: Which,
}

/// Deletes dead letters: what they hold is given up for good.
#[derive(clap::Args)]
pub(super) struct Drop {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct Which {
    /// Ids of letters, or of events.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,

    /// All that pass the filters.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    filter: Filter,

    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    limit: usize,

    /// Does not ask.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Letters that are named one by one when all went well; more are only counted.
const NAMED: usize = 20;

impl Redrive {
    pub(super) async fn run(self) -> Outcome {
        self.which.run(Action::Redrive).await
    }
}

impl Drop {
    pub(super) async fn run(self) -> Outcome {
        self.which.run(Action::Drop).await
    }
}

impl Which {
    async fn run(self, action: Action) -> Outcome {
        let wanted = self.filter.wanted(&self.ids, SystemClock.now());
        let asks = !self.yes && (self.all || action == Action::Drop);
        if asks && !std::io::stdin().is_terminal() {
            return Err(CommandError("standard input is no terminal: use --yes to do it without a question".into()));
        }
        let office = Office::open(&self.place).await?;
        if asks {
            self.confirm(action, &office, &wanted).await?;
        }
        let done = office.work(action, &wanted, self.limit).await?;
        if self.json {
            let missing = done.report.not_found(&wanted);
            output::print_json(&json!({"report": done.report, "not_found": missing, "error": done.error}))?;
        } else {
            output::print(&text(&done, &wanted))?;
        }
        Ok(code(&done, &wanted))
    }

    async fn confirm(&self, action: Action, office: &Office, wanted: &Wanted) -> Result<(), CommandError> {
        let found = office.work(Action::Look, wanted, usize::MAX).await?;
        if let Some(error) = found.error {
            return Err(CommandError(error));
        }
        let count = found.report.items.len().min(self.limit);
        let question = match action {
            Action::Drop => format!("Delete {count} dead letters? It cannot be undone. Type yes to confirm: "),
            _ => format!("Put {count} dead letters back on their queues? Type yes to confirm: "),
        };
        match Terminal.ask(&question)?.as_str() {
            "yes" => Ok(()),
            _ => Err(CommandError("nothing was done".into())),
        }
    }
}

fn text(done: &Done, wanted: &Wanted) -> String {
    let mut lines = Vec::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for Item { letter, fate } in &done.report.items {
        let (group, words) = words(fate);
        *counts.entry(group).or_default() += 1;
        if fate.is_trouble() || done.report.items.len() <= NAMED {
            let about = letter.about.as_ref().map(|about| {
                let subject = about.subject.as_deref().map(|subject| format!(" {}", visible(subject)));
                format!(" ({}{})", about.r#type, subject.unwrap_or_default())
            });
            lines.push(format!("{}{}: {words}\n", visible(&letter.id), about.unwrap_or_default()));
        }
    }
    for id in &done.report.settled {
        lines.push(format!("{}: there is no such letter any more; its row needs nobody now\n", visible(id)));
    }
    for id in done.report.not_found(wanted) {
        lines.push(format!("{}: there is no such dead letter\n", visible(&id)));
    }
    lines.extend(done.error.iter().map(|error| format!("not finished: {error}\n")));
    let counts: Vec<String> = counts.into_iter().map(|(group, count)| format!("{count} {group}")).collect();
    let sum = if counts.is_empty() { "nothing was done".to_owned() } else { counts.join(", ") };
    format!("{}{sum}.\n", lines.concat())
}

/// What became of a letter: in a word for the count, and in full.
fn words(fate: &Fate) -> (&'static str, String) {
    match fate {
        Fate::PutBack => ("put back", "put back on its queue".to_owned()),
        Fate::Dropped => ("deleted", "deleted".to_owned()),
        Fate::Ignored { why } => ("deleted as needless", format!("there is nothing to do for it now: {why}; deleted")),
        Fate::Found | Fate::Opened { .. } => ("found", "found".to_owned()),
        Fate::BeyondLimit => ("left by --limit", "left alone: --limit".to_owned()),
        Fate::StillRejected { why, words } => {
            ("left", format!("it still cannot be used and stays: {}: {}", visible(why), visible(words)))
        }
        Fate::NoBody => {
            ("left", "it cannot be put back: its body was not kept; have the shop send it again".to_owned())
        }
        Fate::Unreadable => ("left", "it stays: this version cannot read the message".to_owned()),
        Fate::Failed { error } => ("left", format!("it stays: {error}")),
        Fate::NotDeleted => {
            ("left", "done, but the letter could not be deleted; doing it again does no harm".to_owned())
        }
    }
}

fn code(done: &Done, wanted: &Wanted) -> ExitCode {
    let trouble = done.report.items.iter().any(|item| item.fate.is_trouble());
    let missing = !done.report.not_found(wanted).is_empty();
    let any = !done.report.items.is_empty() || !done.report.settled.is_empty();
    match (trouble || missing || done.error.is_some(), any) {
        (false, _) => ExitCode::SUCCESS,
        (true, true) => ExitCode::from(3),
        (true, false) => ExitCode::FAILURE,
    }
}
