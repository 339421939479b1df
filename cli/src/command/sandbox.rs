//! `shoprelay sandbox`.

use std::{net::SocketAddr, process::ExitCode};

use jiff::SignedDuration;

use super::{CommandError, Outcome};
use crate::{
    output::print,
    sandbox::{self, Account, Progress, Settings, Story, fault::Fault},
    stop::Stop,
};

/// More than `--help`'s first line.
const ABOUT: &str = "\
Runs the sandbox of both destinations and of the shops' own APIs: strict about their documented rules, with faults to
order.

A host uses it with SHOPRELAY_WEBSAND_URL=http://127.0.0.1:8788/websand/{account}, and with SHOPRELAY_WEBSALE_URL,
SHOPRELAY_WEBSALE_LOGIN_URL and SHOPRELAY_BIGCOMMERCE_URL=http://127.0.0.1:8788; a Shopware shop's url is the same.

A shop's own endpoint for status callbacks is http://127.0.0.1:8788/callbacks/SHOP, which the host calls only if
SHOPRELAY_CALLBACK_ALLOW=127.0.0.1:8788 lets it.

GET /_sandbox/received lists everything received (?after=NUMBER: what came later; DELETE clears the list). GET
/_sandbox/state shows transactions and subscribers with how often each was posted, entries, dispatches and what shops were told.

Every WEBSALE user may log in with any password but \"wrong\"; five wrong ones in a row block the user. In a filter each
address has one connected device, but for addresses that start with \"nobody\". In shops each order, customer and
subscriber exists, whatever its id, but for ids that end in 404.";

/// Runs the sandbox of both destinations and of shops' APIs.
#[derive(clap::Args)]
#[command(long_about = ABOUT, after_help = sandbox::fault::GRAMMAR)]
pub(crate) struct Sandbox {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// A fault to order; the grammar is below.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
    /// A Websand API key to accept; without any, every key is accepted.
    #[arg(long = "websand-key", value_name = "KEY")]
    websand_keys: Vec<String>,
    /// A WEBSALE account, `SHOP_ID/USERNAME:PASSWORD`; once given, no other is accepted.
    #[arg(long = "websale-account", value_name = "ACCOUNT")]
    websale_accounts: Vec<Account>,
    /// A credential of a shop's API: a token, or `ID:SECRET` of a Shopware integration; without any, all are accepted
    /// but those that end in "wrong".
    #[arg(long = "shop-key", value_name = "KEY")]
    shop_keys: Vec<String>,
    /// What status callbacks to /callbacks/{shop} are signed with; without any, the trial secret that the operating page
    /// names.
    #[arg(long = "callback-secret", value_name = "SECRET")]
    callback_secrets: Vec<String>,
    /// How long WEBSALE tokens are good.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    token_lifetime_seconds: u32,
    /// How long a WEBSALE account is blocked after five failed log-ins in a row.
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    login_block_seconds: u32,
    /// Dispatches of personalised pushes take this long; without it, each status request moves them one step on.
    #[arg(long, value_name = "SECONDS")]
    dispatch_seconds: Option<u32>,
    /// Print a line for each request.
    #[arg(long)]
    follow: bool,
}

impl Sandbox {
    pub(crate) async fn run(self) -> Outcome {
        let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
        let settings = Settings {
            faults: self.faults,
            websand_keys: self.websand_keys,
            websale_accounts: self.websale_accounts,
            shop_keys: self.shop_keys,
            callback_secrets: self.callback_secrets,
            token_lifetime: seconds(self.token_lifetime_seconds),
            login_block: seconds(self.login_block_seconds),
            progress: self.dispatch_seconds.map_or(Progress::ByRequest, |whole| Progress::ByClock(seconds(whole))),
            ..Settings::default()
        };
        let mut stop = Stop::new().map_err(|error| CommandError(format!("cannot wait for signals: {error}")))?;
        let sandbox = sandbox::Sandbox::start(self.listen, settings).await.map_err(|error| {
            CommandError(format!("cannot listen on {}: {error}; name another address with --listen", self.listen))
        })?;
        print(&format!("listening on http://{}\n", sandbox.local_addr()))?;
        tokio::select! {
            () = stop.told() => {}
            () = follow(&sandbox), if self.follow => {}
        }
        sandbox.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// Prints what is answered, until the sandbox ends.
async fn follow(sandbox: &sandbox::Sandbox) {
    let (mut story, mut changes) = (Story::default(), sandbox.changes());
    while changes.changed().await.is_ok() {
        for line in story.news(sandbox) {
            let _ = print(&format!("{:<11} {:<34} {}\n", line.destination, line.what, line.detail));
        }
    }
}
