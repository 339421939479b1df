//! `backfill`.

use std::{io::IsTerminal, process::ExitCode, sync::Arc};

use relay::{
    backfill::{self, Entries},
    clock::SystemClock,
    config::Variables,
    random::{Random, SystemRandom},
    secret::SecretError,
    shop::{Platform, ShopName},
};

use super::{
    CommandError, Outcome,
    shop::ask::{Questions, Terminal},
};
use crate::{
    installation::{Installation, Place},
    output,
};

mod checkpoint;
mod feed;
mod file;
mod pace;
mod report;
mod survey;

use checkpoint::{Checkpoint, Task};
use feed::Feed;
use pace::Pace;
use report::Report;
use survey::Survey;

/// Feeds a shop's old orders and customers in: those whose webhooks were lost, or that are older than this installation.
///
/// The file has one JSON object a line, or is one array of them: events in our own format, or orders and customers as the
/// platform's API writes them. What was delivered already is left out. Ended early, the same command goes on with it.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Backfill {
    /// The file; - is standard input.
    file: String,

    /// Whose orders and customers they are.
    #[arg(long, value_name = "NAME")]
    shop: ShopName,

    /// Which platform's objects they are, if the shop has several; events in our own format are known as such.
    #[arg(long, value_parser = platform)]
    platform: Option<Platform>,

    /// Delivers again what was delivered before, which Websand may count twice.
    #[arg(long)]
    force: bool,

    /// Leaves out what people decided about marketing mail: Websand may know of newer decisions that no shop knows of.
    #[arg(long)]
    without_consent: bool,

    /// Does not ask.
    #[arg(long)]
    yes: bool,

    /// Only says what would be done.
    #[arg(long)]
    dry_run: bool,

    /// Begins anew, although an earlier start with this file is unfinished.
    #[arg(long)]
    restart: bool,

    /// So many messages are queued in a second at most: fresh webhooks of the shop wait behind them.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    per_second: u32,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn platform(name: &str) -> Result<Platform, String> {
    let names: Vec<&str> = Platform::ALL.iter().map(|platform| platform.name()).collect();
    let found = Platform::ALL.into_iter().find(|platform| platform.name() == name);
    found.ok_or_else(|| format!("the platforms are {}", names.join(", ")))
}

const STDIN: &str = "-";

impl Backfill {
    pub(crate) async fn run(self) -> Outcome {
        if self.force && self.file == STDIN {
            return Ok(usage("--force needs a file: a second start has to know what the first one did"));
        }
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let (mut target, entries) = self.target(&installation).await?;
        let file = file::open(&self.file)?;
        let mut report = Report::new(self.shop.clone(), self.dry_run);
        let Survey { chosen, digest, unclear } = survey::take(&file, &entries, &mut report)
            .map_err(|error| CommandError(format!("cannot read {}: {error}", self.file)))?;
        if let Some(place) = unclear {
            return Ok(usage(&format!(
                "{place} is no event of our own format, and {} has not exactly one platform: \
                 --platform says which platform's orders these are",
                self.shop
            )));
        }
        let checkpoint = if self.dry_run {
            target.force = self.force.then(String::new);
            None
        } else {
            self.confirm(&mut Terminal, chosen.len())?;
            self.checkpoint(&installation, digest)?
        };
        if let Some(checkpoint) = &checkpoint {
            target.force = self.force.then(|| checkpoint.run().to_owned());
            report.resumed_after = Some(checkpoint.done()).filter(|done| *done > 0);
        }
        let pace = (!self.dry_run).then(|| Pace::new(self.per_second));
        let feed = Feed { target, entries: Arc::new(entries), chosen: Arc::new(chosen), pace };
        feed.run(file, checkpoint, &mut report).await?;
        if self.json {
            output::print_json(&report)?;
        } else {
            output::print(&report.text())?;
        }
        Ok(code(&report))
    }

    /// Where entries go, and how they are read.
    async fn target(&self, installation: &Installation) -> Result<(backfill::Backfill, Entries), CommandError> {
        let secrets = installation.secrets()?;
        let wrong = |error: SecretError| CommandError(format!("{error}; see `shoprelay shop list`"));
        let webhook = secrets.webhook(&self.shop).await.map_err(wrong)?;
        let websand = secrets.websand(&self.shop).await.map_err(wrong)?;
        let key = secrets.installation().await.map_err(wrong)?;
        let place = installation.writable().await?;
        let entries = Entries::new(self.shop.clone(), &webhook, key, self.platform);
        let entries = if self.without_consent { entries.without_consent() } else { entries };
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let (ledger, queue) = (place.ledger, place.queue);
        Ok((backfill::Backfill { ledger, queue, clock, random, webhook, websand, force: None }, entries))
    }

    fn confirm(&self, terminal: &mut impl Questions, count: usize) -> Result<(), CommandError> {
        if !self.force || self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(CommandError(
                "standard input is no terminal: use --yes to deliver again without a question".into(),
            ));
        }
        let question = format!(
            "Deliver {count} orders and customers of {} again, also those that were delivered? \
             Websand may count an order twice. Type yes to confirm: ",
            self.shop
        );
        match terminal.ask(&question)?.as_str() {
            "yes" => Ok(()),
            _ => Err(CommandError("nothing was queued".into())),
        }
    }

    /// Standard input cannot be gone on with.
    fn checkpoint(&self, installation: &Installation, file: String) -> Result<Option<Checkpoint>, CommandError> {
        if self.file == STDIN {
            return Ok(None);
        }
        let (shop, place) = (self.shop.clone(), installation.name());
        let task = Task {
            file,
            shop,
            place,
            platform: self.platform,
            force: self.force,
            without_consent: self.without_consent,
        };
        Checkpoint::open(&self.file, task, format!("{:016x}", SystemRandom.next()), self.restart).map(Some)
    }
}

fn usage(what: &str) -> ExitCode {
    eprintln!("shoprelay: {what}");
    ExitCode::from(2)
}

fn code(report: &Report) -> ExitCode {
    match report.faulty {
        0 => ExitCode::SUCCESS,
        all if all == report.entries => ExitCode::FAILURE,
        _ => ExitCode::from(3),
    }
}
