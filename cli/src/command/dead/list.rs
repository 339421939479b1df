//! `dead list`.

use std::{collections::BTreeMap, process::ExitCode};

use jiff::Timestamp;
use relay::{
    clock::{Clock, SystemClock},
    dead::{Action, Item, Letter},
};
use serde_json::json;

use super::{filter::Filter, office::Office};
use crate::{
    command::{CommandError, Outcome},
    installation::Place,
    output,
    table::{Table, visible},
};

/// Lists dead letters, those parked last first, and counts them by shop, destination and reason.
#[derive(clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,

    /// At most this many; the counts are of all.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    #[command(flatten)]
    place: Place,

    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What letters have in common: shop, destination, reason.
type Group = (String, String, String);

impl List {
    pub(super) async fn run(self) -> Outcome {
        let now = SystemClock.now();
        let office = Office::open(&self.place).await?;
        let wanted = self.filter.wanted(&[], now);
        let done = office.work(Action::Look, &wanted, usize::MAX).await?;
        if let Some(error) = done.error {
            return Err(CommandError(error));
        }
        let mut letters: Vec<Letter> = done.report.items.into_iter().map(|Item { letter, .. }| letter).collect();
        letters.sort_by(|one, other| (other.parked_at, &other.id).cmp(&(one.parked_at, &one.id)));
        let (total, groups) = (letters.len(), groups(&letters));
        letters.truncate(self.limit);
        if self.json {
            let counts: Vec<_> = groups
                .iter()
                .map(|((shop, destination, reason), count)| {
                    json!({"shop": shop, "destination": destination, "reason": reason, "count": count})
                })
                .collect();
            output::print_json(&json!({"letters": letters, "total": total, "counts": counts}))?;
        } else {
            output::print(&self.text(&letters, total, &groups, now))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self, letters: &[Letter], total: usize, groups: &BTreeMap<Group, u64>, now: Timestamp) -> String {
        if total == 0 {
            return "There are no such dead letters.\n".to_owned();
        }
        let mut table = Table::new(&["PARKED", "SHOP", "TO", "TYPE", "SUBJECT", "REASON", "ID"]);
        for letter in letters {
            let about = letter.about.as_ref();
            table.row([
                output::distance(letter.parked_at, now),
                letter.shop.as_ref().map(ToString::to_string).unwrap_or_default(),
                letter.destination.to_string(),
                about.map(|about| about.r#type.clone()).unwrap_or_default(),
                about.and_then(|about| about.subject.clone()).unwrap_or_default(),
                reason(letter),
                letter.id.clone(),
            ]);
        }
        let mut counts = Table::new(&["LETTERS", "SHOP", "TO", "REASON"]);
        for ((shop, destination, reason), count) in groups {
            counts.row([count.to_string(), shop.clone(), destination.clone(), reason.clone()]);
        }
        let more = if total > letters.len() {
            format!("… and {} more: --limit is {}\n", total - letters.len(), self.limit)
        } else {
            String::new()
        };
        format!("{table}{more}\n{counts}")
    }
}

fn groups(letters: &[Letter]) -> BTreeMap<Group, u64> {
    let mut groups = BTreeMap::new();
    for letter in letters {
        let shop = letter.shop.as_ref().map(ToString::to_string).unwrap_or_default();
        let group = (shop, letter.destination.to_string(), reason(letter));
        *groups.entry(group).or_insert(0) += 1;
    }
    groups
}

/// Why it was parked, with the status where there is one: `permanent (HTTP 422)`.
pub(super) fn reason(letter: &Letter) -> String {
    // The queue itself parks what was received too often.
    let reason = visible(letter.reason.as_deref().unwrap_or("received_too_often"));
    match letter.status {
        Some(status) if !reason.starts_with("http_") => format!("{reason} (HTTP {status})"),
        _ => reason,
    }
}
