//! `forget`.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    erase::{self, EraseError, Outcome as Walk, Progress, Reach, Receipt, Request, Surroundings},
    event::Email,
    message::{Person, Whose},
    random::SystemRandom,
    secret::InstallationKey,
    shop::ShopName,
};
use serde::Serialize;

use super::{
    CommandError, Outcome,
    shop::{
        ask::{Questions, Terminal},
        names,
    },
};
use crate::{
    installation::{Installation, Place, Writable},
    output,
};

/// Deletes what is held about a person, and says what has to be done by hand.
///
/// Rows, stored contents, waiting messages and dead letters are looked through; a keyed digest of the address is kept, so
/// that old events do not bring the person back. Runs beside the host, and can be repeated at any time.
#[derive(clap::Args)]
pub(crate) struct Forget {
    /// The person's e-mail address; - takes it from standard input, so that it is in no shell history.
    #[arg(value_name = "EMAIL")]
    address: String,

    /// Only in this shop; otherwise in all shops that have secrets.
    #[arg(long, value_name = "NAME")]
    shop: Option<ShopName>,

    /// Only lists what would be deleted.
    #[arg(long)]
    dry_run: bool,

    /// Does not ask.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// How long one step may take before the progress is shown. Looking through a queue begins anew with each step.
const STEP: SignedDuration = SignedDuration::from_secs(30);
/// How long one shop may take. A worker has a row for some two minutes at most.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What became of it, shop by shop.
#[derive(Default, Serialize)]
struct Report {
    receipts: Vec<Receipt>,
    failed: Vec<Failure>,
}

#[derive(Serialize)]
struct Failure {
    shop: ShopName,
    error: String,
}

impl Forget {
    pub(crate) async fn run(self) -> Outcome {
        let email = match self.email(&mut Terminal)? {
            Ok(email) => email,
            Err(error) => {
                eprintln!("shoprelay: {error}");
                return Ok(ExitCode::from(2));
            }
        };
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let shops = self.shops(&installation).await?;
        if !self.dry_run && !self.yes {
            confirm(&mut Terminal, &shops)?;
        }
        let key = installation.secrets()?.installation().await.map_err(|error| CommandError(error.to_string()))?;
        let place = installation.writable().await?;
        let mut report = Report::default();
        for shop in shops {
            tell(&shop, "looking through the ledger and the queues …");
            match self.one(&place, &key, &shop, email.clone()).await {
                Ok(receipt) => report.receipts.push(receipt),
                Err(error) => report.failed.push(Failure { shop, error }),
            }
        }
        self.show(&report)?;
        Ok(report.code())
    }

    /// The address, or what is wrong with it; the message does not repeat it.
    fn email(&self, terminal: &mut impl Questions) -> Result<Result<Email, &'static str>, CommandError> {
        const WRONG: &str = "that is not an e-mail address";
        let typed;
        let text = if self.address == "-" {
            let question = if std::io::stdin().is_terminal() { "E-mail address: " } else { "" };
            typed = terminal.ask(question)?;
            &typed
        } else {
            &self.address
        };
        Ok(text.parse().map_err(|_| WRONG))
    }

    async fn shops(&self, installation: &Installation) -> Result<Vec<ShopName>, CommandError> {
        let shops = names::shops(installation.prefix(), &installation.secret_names().await?);
        if let Some(shop) = &self.shop {
            if !shops.contains(shop) {
                eprintln!("shoprelay: {shop} has no secrets: it was removed, or the name is misspelt");
            }
            return Ok(vec![shop.clone()]);
        }
        if shops.is_empty() {
            return Err(CommandError("there are no shops; --shop names one that was removed".into()));
        }
        Ok(shops)
    }

    /// Walks through one shop, however long it takes.
    async fn one(
        &self,
        place: &Writable,
        key: &InstallationKey,
        shop: &ShopName,
        email: Email,
    ) -> Result<Receipt, String> {
        let (clock, random) = (SystemClock, SystemRandom);
        let surroundings =
            Surroundings { ledger: &*place.ledger, queue: &*place.queue, clock: &clock, random: &random, key };
        let begin = clock.now();
        let person = Person { email: Some(email), customer_id: None, orders: Vec::new(), requested_at: begin };
        let request = Request { shop: shop.clone(), whose: Whose::Person(person), reach: Reach::Everything };
        let end = begin.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
        let mut progress = Progress::default();
        loop {
            let until = clock.now().saturating_add(STEP).unwrap_or(Timestamp::MAX);
            match self.step(surroundings, &request, progress, until).await {
                Err(error) => return Err(error.to_string()),
                Ok(Walk::Done(receipt)) => return Ok(receipt),
                Ok(Walk::Later { .. }) if clock.now() >= end => {
                    return Err("it is not finished; the same command goes on with it".to_owned());
                }
                Ok(Walk::Later { progress: so_far, at }) => {
                    let found: u64 = so_far.found().counts().iter().map(|(_, count)| count).sum();
                    tell(shop, &format!("still looking, {found} found so far …"));
                    progress = so_far;
                    let pause = Duration::try_from(at.duration_since(clock.now())).unwrap_or_default();
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn step(
        &self,
        surroundings: Surroundings<'_>,
        request: &Request,
        progress: Progress,
        until: Timestamp,
    ) -> Result<Walk, EraseError> {
        if self.dry_run {
            erase::list(surroundings, request, progress, until).await
        } else {
            erase::forget(surroundings, request, progress, until).await
        }
    }

    fn show(&self, report: &Report) -> Result<(), CommandError> {
        if self.json {
            return output::print_json(report);
        }
        let receipts: Vec<String> = report.receipts.iter().map(ToString::to_string).collect();
        for failure in &report.failed {
            eprintln!("shoprelay: {}: {}", failure.shop, failure.error);
        }
        output::print(&receipts.join("\n"))
    }
}

fn confirm(terminal: &mut impl Questions, shops: &[ShopName]) -> Result<(), CommandError> {
    if !std::io::stdin().is_terminal() {
        return Err(CommandError("standard input is no terminal: use --yes to forget without a question".into()));
    }
    let names: Vec<&str> = shops.iter().map(ShopName::as_str).collect();
    let question = format!("Forget this person in {}? It cannot be undone. Type yes to confirm: ", names.join(", "));
    match terminal.ask(&question)?.as_str() {
        "yes" => Ok(()),
        _ => Err(CommandError("nothing was deleted".into())),
    }
}

/// Says something to a person who waits.
fn tell(shop: &ShopName, what: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("{shop}: {what}");
    }
}

impl Report {
    fn code(&self) -> ExitCode {
        match (self.receipts.is_empty(), self.failed.is_empty()) {
            (_, true) => ExitCode::SUCCESS,
            (true, false) => ExitCode::FAILURE,
            (false, false) => ExitCode::from(3),
        }
    }
}
