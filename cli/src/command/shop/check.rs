//! `shop check`.

use std::sync::Arc;

use relay::{
    clock::{Clock, SystemClock},
    config::{Destinations, Variables},
    destination::websale::{answer, call, login},
    http::{ClientError, GuardedHttp, Http, ReqwestHttp},
    ledger::Ledger,
    secret::{WebsaleSecret, WebsandSecret},
    shop::ShopName,
    text, tls,
};
use url::Url;

use super::summary::{Part, Summary};
use crate::{
    command::{CommandError, Outcome},
    finding::{Finding, report},
    installation::{Installation, Place},
    output,
    reach::Prober,
};

mod callback;
mod platform;

/// Proves a shop's keys as far as that is possible without sending anything: reads the secrets, logs in at WEBSALE, reads a
/// little from the shop's own API, and asks whether the host of its status callback answers.
#[derive(clap::Args)]
pub(super) struct Check {
    /// The shop.
    shop: ShopName,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(self) -> Outcome {
        let variables = Variables::of_process();
        let wrong = |error: relay::config::ConfigError| CommandError(error.to_string());
        let destinations = Destinations::from_variables(variables).map_err(wrong)?;
        let installation = Installation::open(&self.place, variables).await?;
        let summary = Summary::load(&installation.secrets()?, self.shop.clone()).await;
        if summary.is_absent() {
            return Err(CommandError(format!("there is no shop {}", self.shop)));
        }
        let mut findings = secrets(&summary);
        if let Some(secret) = summary.websand.good() {
            findings.push(websand(secret, &destinations).await?);
        }
        if summary.websale.good().is_some() || summary.platform.good().is_some() {
            let tls = tls::client_config("SHOPRELAY_CA_FILE", destinations.ca_file.as_deref()).map_err(wrong)?;
            let unmade = |error: ClientError| CommandError(error.to_string());
            let http = ReqwestHttp::new(Arc::clone(&tls)).map_err(unmade)?;
            if let Some(secret) = summary.platform.good() {
                findings.extend(platform::findings(secret, &destinations, &http).await);
            }
            if let Some(secret) = summary.websale.good() {
                // Without a ledger there is no block to heed: the host has never run.
                findings.push(websale(secret, &destinations, &http, installation.ledger().ok()).await);
                if let Some(wanted) = &secret.status_callback {
                    let guarded = GuardedHttp::new(tls, destinations.callback_allow.clone()).map_err(unmade)?;
                    findings.push(callback::finding(wanted, &guarded, destinations.http_timeout).await);
                }
            }
        }
        report(&findings, self.json)
    }
}

fn secrets(summary: &Summary) -> Vec<Finding> {
    let shop = &summary.shop;
    let mut findings = vec![
        secret("webhook secret", shop, &summary.webhook, "every webhook of this shop is answered 401"),
        secret("websand secret", shop, &summary.websand, "orders and customers are not delivered"),
        secret("websale secret", shop, &summary.websale, "promotions are not delivered"),
    ];
    // Most shops need none: their webhooks hold what they are about.
    if summary.platform.is_there() || summary.needs_platform() {
        let without = "BigCommerce's webhooks only name what changed, and wait for it";
        findings.push(secret("platform secret", shop, &summary.platform, without));
    }
    findings
}

fn secret<T>(check: &str, shop: &ShopName, part: &Part<T>, without: &str) -> Finding {
    match part {
        Part::Good(_) => Finding::ok(check, "complete"),
        Part::Faulty(error) => {
            Finding::fail(check, error.to_string(), format!("mend it with `shoprelay shop add {shop} --replace`"))
        }
        Part::Absent => Finding::warn(check, format!("not there: {without}"), "add it if the shop is to use it"),
    }
}

async fn websand(secret: &WebsandSecret, destinations: &Destinations) -> Result<Finding, CommandError> {
    const CHECK: &str = "websand host";
    let base = destinations.websand_url.replace("{account}", &secret.account);
    let url = Url::parse(&base).map_err(|error| CommandError(format!("{base} is no URL: {error}")))?;
    Ok(match Prober::new(destinations)?.reach(&url, SystemClock.now()).await {
        Ok(_) => Finding::ok(
            CHECK,
            format!("{base} answers; the API key is not proven: Websand documents no call that does nothing"),
        ),
        Err(error) => {
            Finding::fail(CHECK, format!("{base}: {error}"), "check the account name and this machine's network")
        }
    })
}

const LOGIN: &str = "websale log-in";

/// Logs in, once, unless WEBSALE blocked the account: a further try would prolong the block.
async fn websale(
    secret: &WebsaleSecret,
    destinations: &Destinations,
    http: &dyn Http,
    ledger: Option<Arc<dyn Ledger>>,
) -> Finding {
    let row = match ledger {
        Some(ledger) => ledger.get(&login::account_row(secret)).await.ok().flatten(),
        None => None,
    };
    let now = SystemClock.now();
    if let Some(until) = row.and_then(|row| row.not_before).filter(|until| *until > now) {
        let detail = format!("not tried: WEBSALE refused this account; deliveries wait until {}", output::time(until));
        return Finding::fail(LOGIN, detail, "mend the password in the secret; this check tries again after that time");
    }
    match http.call(call::login(secret, destinations)).await {
        Ok(response) if (200..300).contains(&response.status) => match answer::token(&response) {
            Some(_) => Finding::ok(LOGIN, format!("logged in as the API user of {}", secret.shop_id)),
            None => Finding::fail(LOGIN, "answered without a token", "check SHOPRELAY_WEBSALE_LOGIN_URL"),
        },
        Ok(response) => {
            let words = text::safe(&String::from_utf8_lossy(&response.body), 200);
            Finding::fail(LOGIN, format!("HTTP {}: {words}", response.status), login_advice(response.status))
        }
        Err(error) => {
            Finding::fail(LOGIN, error.to_string(), "check this machine's network and the destination's URLs")
        }
    }
}

/// The meanings of the statuses are WEBSALE's (its documentation of the authentication service).
const fn login_advice(status: u16) -> &'static str {
    match status {
        400 => "WEBSALE does not understand the log-in: check SHOPRELAY_WEBSALE_LOGIN_URL",
        401 => "the account has no rights for this shop id: check shop_id, or have the rights given",
        403 => "user name or password is wrong; do not try often, WEBSALE blocks the account",
        423 => "WEBSALE has blocked the account after failed log-ins: wait, then check the password",
        404 | 405 => "nothing is there: check shop_id and SHOPRELAY_WEBSALE_LOGIN_URL",
        _ => "try again later",
    }
}
