//! What becomes of each letter of a sweep.

use std::{
    collections::{HashMap, HashSet},
    sync::{MutexGuard, PoisonError},
};

use super::{Action, Fate, Item, Job, Letter, Report, rows::note};
use crate::{
    Async,
    ingest::Remapped,
    ledger::{Row, dead},
    message::{Message, Payload},
    queue::{Entry, Judge, Verdict},
    shop::Destination,
};

/// How far a job is.
#[derive(Default)]
pub(super) struct State {
    pub(super) report: Report,
    /// Letters before the judge, or done with.
    begun: usize,
    /// Letters seen already: a sweep may show one twice, or as the one that replaced it.
    seen: HashSet<String>,
    /// Letters whose deletion is not confirmed yet.
    leaving: HashMap<String, Leaving>,
}

/// A letter that is to be deleted.
struct Leaving {
    item: Item,
    rows: Vec<Row>,
}

impl State {
    pub(super) fn report(&self) -> Report {
        let mut report = self.report.clone();
        let leaving = self.leaving.values().map(|leaving| leaving.item.letter.clone());
        report.items.extend(leaving.map(|letter| Item { letter, fate: Fate::NotDeleted }));
        report
    }
}

impl Job<'_> {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the letter is new to this job and one of those to work on.
    fn begin(&self, letter: &Letter) -> bool {
        let mut state = self.state();
        if !state.seen.insert(letter.id.clone()) {
            return false;
        }
        state.report.examined += 1;
        let is_replacement = letter.event_id().is_some_and(|id| state.seen.contains(&replaced(id)));
        if is_replacement || !self.wanted.takes(letter) {
            return false;
        }
        state.begun += 1;
        if state.begun > self.limit {
            state.report.items.push(Item { letter: letter.clone(), fate: Fate::BeyondLimit });
            return false;
        }
        true
    }

    async fn work(&self, entry: Entry<'_>, destination: Destination) -> Verdict {
        let (letter, message) = Letter::of(entry, destination);
        if !self.begin(&letter) {
            return Verdict::Keep;
        }
        let rows = match self.action {
            Action::Look => return self.stays(letter, Fate::Found),
            Action::Open => return self.stays(letter, Fate::Opened { body: entry.body.to_owned() }),
            Action::Redrive | Action::Drop => self.rows.of(self.at.ledger, &letter).await,
        };
        // Nothing is begun without knowing what is to be noted at its end.
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return self.stays(letter, Fate::Failed { error: error.to_string() }),
        };
        if self.action == Action::Drop {
            return self.leaves(letter, Fate::Dropped, rows);
        }
        match message {
            None => self.stays(letter, Fate::Unreadable),
            Some(message) if matches!(message.payload, Payload::Rejected(_)) => self.remap(letter, &message).await,
            Some(message) => match self.at.ingest.queue.send(&message).await {
                Ok(()) => self.leaves(letter, Fate::PutBack, rows),
                Err(error) => self.stays(letter, Fate::Failed { error: error.to_string() }),
            },
        }
    }

    async fn remap(&self, letter: Letter, message: &Message) -> Verdict {
        match self.at.ingest.remap(message).await {
            Remapped::Queued => self.leaves(letter, Fate::PutBack, Vec::new()),
            Remapped::Ignored(why) => self.leaves(letter, Fate::Ignored { why: why.to_owned() }, Vec::new()),
            Remapped::NoBody => self.stays(letter, Fate::NoBody),
            Remapped::Failed(error) => self.stays(letter, Fate::Failed { error }),
            Remapped::Rejected(again) => {
                let words = again.detail.clone().unwrap_or_default();
                let is_as_before = letter.reason.as_ref() == Some(&again.reason);
                if let Ok(Message { id, .. }) = Message::from_json(&again.body) {
                    self.state().seen.insert(replaced(&id));
                }
                self.stays(letter, Fate::StillRejected { why: again.reason.clone(), words });
                if is_as_before { Verdict::Keep } else { Verdict::Replace(again) }
            }
        }
    }

    fn stays(&self, letter: Letter, fate: Fate) -> Verdict {
        self.state().report.items.push(Item { letter, fate });
        Verdict::Keep
    }

    fn leaves(&self, letter: Letter, fate: Fate, rows: Vec<Row>) -> Verdict {
        let id = letter.id.clone();
        self.state().leaving.insert(id, Leaving { item: Item { letter, fate }, rows });
        Verdict::Delete
    }

    async fn left(&self, id: &str) {
        let Some(Leaving { item, rows }) = self.state().leaving.remove(id) else { return };
        let event_id = item.letter.event_id().unwrap_or_default().to_owned();
        for row in rows {
            let next = |row| match item.fate {
                Fate::Dropped => dead::dropped(row, &event_id),
                _ => dead::put_back(row, &event_id, self.at.clock.now()),
            };
            if let Err(error) = note(&self.at, row, next).await {
                // Its delivery notes it just as well.
                tracing::warn!(event_id, %error, "a row still says that it was given up");
            }
        }
        self.state().report.items.push(item);
    }
}

/// Stands for the letter that replaces one of this event.
fn replaced(event_id: &str) -> String {
    format!("replaced {event_id}")
}

/// A job at one destination.
pub(super) struct At<'j>(pub(super) &'j Job<'j>, pub(super) Destination);

impl Judge for At<'_> {
    fn judge<'a>(&'a self, entry: Entry<'a>) -> Async<'a, Verdict> {
        Box::pin(self.0.work(entry, self.1))
    }

    fn deleted<'a>(&'a self, id: &'a str) -> Async<'a, ()> {
        Box::pin(self.0.left(id))
    }
}
