//! `dead show`.

use std::process::ExitCode;

use jiff::Timestamp;
use relay::{
    clock::{Clock, SystemClock},
    dead::{Action, Fate, Item, Letter, Wanted},
    ingest::rejected_body,
    ledger::Row,
    message::{Message, Payload},
};
use serde_json::{Value, json};

use super::{list::reason, office::Office};
use crate::{
    command::{
        CommandError, Outcome,
        show::{json, words},
    },
    installation::Place,
    output,
    table::visible,
};

/// Shows one dead letter: what it is, why it was parked, and where its subject stands.
#[derive(clap::Args)]
pub(super) struct Show {
    /// The letter's id, or the event's.
    id: String,

    /// Also shows the message, or the rejected webhook, as it is: with personal data.
    #[arg(long)]
    body: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// A letter with all there is to show of it.
struct Shown {
    letter: Letter,
    row: Option<Row>,
    body: Option<String>,
}

impl Show {
    pub(super) async fn run(self) -> Outcome {
        let office = Office::open(&self.place).await?;
        let wanted = Wanted { ids: [self.id.clone()].into(), ..Wanted::default() };
        let done = office.work(Action::Open, &wanted, usize::MAX).await?;
        if let Some(error) = done.error {
            return Err(CommandError(error));
        }
        let mut letters = Vec::new();
        for Item { letter, fate } in done.report.items {
            let row = match letter.about.as_ref().and_then(|about| about.row.as_ref()) {
                Some(key) => office.place.ledger.get(key).await.map_err(|error| CommandError(error.to_string()))?,
                None => None,
            };
            let body = match fate {
                Fate::Opened { body } if self.body => Some(body),
                _ => None,
            };
            letters.push(Shown { letter, row, body });
        }
        if letters.is_empty() {
            return Err(CommandError(format!("there is no dead letter {}", visible(&self.id))));
        }
        if self.json {
            output::print_json(&letters.iter().map(Shown::json).collect::<Vec<_>>())?;
        } else {
            let now = SystemClock.now();
            let texts: Vec<String> = letters.iter().map(|shown| shown.text(now)).collect();
            output::print(&texts.join("\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Shown {
    fn json(&self) -> Value {
        let mut json = json!({"letter": self.letter, "delivery": self.row.as_ref().map(json::of)});
        if let Some(body) = &self.body {
            json["body"] = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body.as_str()));
            json["webhook"] = webhook(body).map_or(Value::Null, Value::from);
        }
        json
    }

    fn text(&self, now: Timestamp) -> String {
        let Letter { id, destination, shop, parked_at, detail, about, .. } = &self.letter;
        let when = |at: Timestamp| format!("{} ({})", output::time(at), output::distance(at, now));
        let of = shop.as_ref().map(|shop| format!(" of {shop}")).unwrap_or_default();
        let (kind, subject) = about.as_ref().map_or(("a message that this version cannot read", None), |about| {
            (about.r#type.as_str(), about.subject.as_deref())
        });
        let subject = subject.map(|subject| format!(" {}", visible(subject))).unwrap_or_default();
        let mut lines = vec![("Letter", visible(id))];
        lines.extend(about.as_ref().map(|about| ("Event", visible(&about.event_id))));
        lines.extend(about.as_ref().map(|about| ("Received", when(about.received_at))));
        lines.push(("Parked", when(*parked_at)));
        lines.push(("Reason", reason(&self.letter)));
        lines.extend(detail.as_ref().map(|detail| ("Words", visible(detail))));
        lines.extend(self.row.as_ref().map(|row| ("Row", format!("{}: {}", words::name(row), words::standing(row)))));
        let next = format!(
            "mend the cause, then `shoprelay dead redrive {id}`; `shoprelay dead drop {id}` gives it up for good"
        );
        lines.push(("Next", next));
        let lines: Vec<String> = lines.into_iter().map(|(label, text)| format!("  {label:<8}  {text}\n")).collect();
        let body = self.body.as_ref().map(|body| format!("\n{}\n", webhook(body).as_ref().unwrap_or(body)));
        format!("{kind}{subject}{of} -> {destination}\n{}{}", lines.concat(), body.unwrap_or_default())
    }
}

/// The body of a rejected webhook, as it came.
fn webhook(body: &str) -> Option<String> {
    match Message::from_json(body).ok()?.payload {
        Payload::Rejected(rejected) => Some(String::from_utf8_lossy(&rejected_body(&rejected)?).into_owned()),
        _ => None,
    }
}
