//! The second reading of the file: what counts is looked up in the ledger and queued, some at a time and in order.

use std::{fs::File, io, ops::ControlFlow, sync::Arc};

use futures_util::{StreamExt, stream};
use relay::{
    backfill::{self, BackfillError, Deliverable, Entries, Entry, Queued, Step},
    clock::{Clock, SystemClock},
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    checkpoint::Checkpoint,
    file::{self, Place},
    pace::Pace,
    report::Report,
};
use crate::{command::CommandError, progress::Progress};

/// Entries settled side by side. A process that is killed has queued so many more than its checkpoint says, at most.
const AT_ONCE: usize = 16;

/// What is to be fed, and where.
pub(super) struct Feed {
    pub(super) target: backfill::Backfill,
    pub(super) entries: Arc<Entries>,
    /// The numbers of the entries that count, in order.
    pub(super) chosen: Arc<Vec<u64>>,
    /// Nothing: it is a dry run.
    pub(super) pace: Option<Pace>,
}

/// An entry that counts.
struct Wanted {
    number: u64,
    place: Place,
    entry: Box<Deliverable>,
}

/// What became of it.
enum Settled {
    Was(Step),
    Is(Queued),
}

impl Feed {
    /// Settles all entries behind the checkpoint.
    pub(super) async fn run(
        &self,
        file: File,
        mut checkpoint: Option<Checkpoint>,
        report: &mut Report,
    ) -> Result<(), CommandError> {
        let what = if self.pace.is_some() { "Queueing" } else { "Looking" };
        let mut progress = Progress::new(what, report.entries);
        let done = checkpoint.as_ref().map_or(0, Checkpoint::done);
        let (entries, reading) = self.read(file, done);
        let entries = stream::unfold(entries, async |mut entries| Some((entries.recv().await?, entries)));
        let mut settled = std::pin::pin!(entries.map(|wanted| self.settle(wanted)).buffered(AT_ONCE));
        while let Some((number, place, outcome)) = settled.next().await {
            let outcome = outcome.map_err(|error| {
                CommandError(format!("stopped at {place}: {error}; the same command goes on with the rest"))
            })?;
            count(report, place, outcome);
            if let Some(checkpoint) = &mut checkpoint {
                checkpoint.settled(number)?;
            }
            progress.at(number, || format!("{number} of {} entries, {} queued", report.entries, report.queued));
        }
        let changed =
            |detail: &dyn std::fmt::Display| CommandError(format!("the file could not be read twice: {detail}"));
        match reading.await {
            Ok(Ok(0)) => checkpoint.map_or(Ok(()), Checkpoint::finish),
            Ok(Ok(missing)) => Err(changed(&format!("{missing} entries are no longer in it"))),
            Ok(Err(error)) => Err(changed(&error)),
            Err(error) => Err(changed(&error)),
        }
    }

    /// Reads the file on a thread of its own, no further ahead than need be. The thread's result is how many entries it
    /// did not find again.
    fn read(&self, file: File, done: u64) -> (mpsc::Receiver<Wanted>, JoinHandle<io::Result<usize>>) {
        let (sender, receiver) = mpsc::channel(AT_ONCE);
        let (entries, chosen) = (self.entries.clone(), self.chosen.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let mut missing = chosen.iter().copied().filter(|number| *number > done).peekable();
            file::read(&file, |item| {
                if missing.peek() != Some(&item.number) {
                    return ControlFlow::Continue(());
                }
                let (number, place) = (item.number, item.place);
                let entry = item.object.map(|object| entries.read(&object, SystemClock.now()));
                let Ok(Entry::Deliverable(entry)) = entry else { return ControlFlow::Break(()) };
                if sender.blocking_send(Wanted { number, place, entry }).is_err() {
                    return ControlFlow::Break(());
                }
                missing.next();
                if missing.peek().is_some() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            Ok(missing.count())
        });
        (receiver, reading)
    }

    async fn settle(&self, wanted: Wanted) -> (u64, Place, Result<Settled, BackfillError>) {
        let Wanted { number, place, entry } = wanted;
        (number, place, self.settle_one(*entry).await)
    }

    async fn settle_one(&self, entry: Deliverable) -> Result<Settled, BackfillError> {
        match (self.target.look(entry).await?, &self.pace) {
            (Step::Queue(due), Some(pace)) => {
                pace.turn().await;
                self.target.queue(*due).await.map(Settled::Is)
            }
            (step, _) => Ok(Settled::Was(step)),
        }
    }
}

fn count(report: &mut Report, place: Place, settled: Settled) {
    match settled {
        Settled::Is(Queued::Queued) => report.queued(false),
        Settled::Is(Queued::Again) => report.queued(true),
        Settled::Was(Step::Queue(due)) => report.queued(due.is_again()),
        Settled::Was(Step::Delivered) => report.already_delivered += 1,
        Settled::Is(Queued::UnderWay) | Settled::Was(Step::UnderWay) => report.already_under_way += 1,
        Settled::Was(Step::Ignored(reason)) => report.ignored(reason),
        Settled::Is(Queued::TooLarge) => {
            report.faulty(place, "too large for the queue, even without the `custom` of its items".to_owned());
        }
    }
}
