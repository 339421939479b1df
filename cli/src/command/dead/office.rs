//! The place where dead letters are worked on: the ports of one installation, with patience and a word of progress.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    dead::{Action, DeadError, Job, Report, Surroundings, Wanted},
    ingest::Ingest,
    queue::SweepEnd,
    random::SystemRandom,
    shop::Destination,
};

use crate::{
    command::CommandError,
    installation::{Installation, Place, Writable},
};

/// How often it is said how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);
/// How long somebody else who looks through the same letters is waited for.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// How often somebody else is asked whether they are done.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// The longest time for everything.
const LONGEST: SignedDuration = SignedDuration::from_hours(2);

/// One installation's dead letters.
pub(super) struct Office {
    pub(super) place: Writable,
    ingest: Ingest,
}

/// What was done, and why not all of it.
pub(super) struct Done {
    pub(super) report: Report,
    pub(super) error: Option<String>,
}

impl Office {
    pub(super) async fn open(place: &Place) -> Result<Self, CommandError> {
        let installation = Installation::open(place, Variables::of_process()).await?;
        let secrets = Arc::new(installation.secrets()?);
        let place = installation.writable().await?;
        let ingest = Ingest { secrets, queue: place.queue.clone(), clock: Arc::new(SystemClock) };
        Ok(Self { place, ingest })
    }

    /// Does this with the letters that are wanted.
    pub(super) async fn work(&self, action: Action, wanted: &Wanted, limit: usize) -> Result<Done, CommandError> {
        let at = Surroundings {
            ingest: &self.ingest,
            ledger: &*self.place.ledger,
            clock: &SystemClock,
            random: &SystemRandom,
        };
        let job = Job::new(at, action, wanted, limit).await.map_err(|error| CommandError(error.to_string()))?;
        let mut work = std::pin::pin!(everywhere(&job, wanted));
        let worked = loop {
            tokio::select! {
                worked = &mut work => break worked,
                () = tokio::time::sleep(TELL_EVERY) => tell(&job.report()),
            }
        };
        let settled = if worked.is_ok() && action == Action::Drop { job.settle_missing().await } else { Ok(()) };
        let error = worked.err().or_else(|| settled.err().map(|error| error.to_string()));
        Ok(Done { report: job.report(), error })
    }
}

async fn everywhere(job: &Job<'_>, wanted: &Wanted) -> Result<(), String> {
    let clock = SystemClock;
    let later = |time: SignedDuration| clock.now().saturating_add(time).unwrap_or(Timestamp::MAX);
    let (end, patience) = (later(LONGEST), later(PATIENCE));
    for destination in Destination::ALL.into_iter().filter(|destination| wanted.is_of(*destination)) {
        loop {
            match job.destination(destination, end).await {
                Ok(SweepEnd::Complete | SweepEnd::Unreachable) => break,
                Ok(SweepEnd::OutOfTime) if clock.now() >= end => {
                    return Err("it is not finished; the same command goes on with it".to_owned());
                }
                Ok(SweepEnd::OutOfTime) => {}
                Err(DeadError::Busy { .. }) if clock.now() < patience => tokio::time::sleep(ASK_EVERY).await,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(())
}

/// Says to a person who waits how far it is.
fn tell(report: &Report) {
    if std::io::stderr().is_terminal() {
        eprintln!("{} dead letters looked at, {} of those that are meant …", report.examined, report.items.len());
    }
}
