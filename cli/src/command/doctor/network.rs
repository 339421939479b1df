//! The destinations' hosts, and by their answers our clock.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use relay::config::Destinations;
use url::Url;

use crate::{
    command::{
        CommandError,
        shop::{names, summary::Summary},
    },
    finding::Finding,
    installation::Installation,
    reach::{Prober, Reached},
};

/// Signatures are valid for five minutes; a clock that is off by one is on its way there.
const WRONG: SignedDuration = SignedDuration::from_mins(4);
const DRIFTING: SignedDuration = SignedDuration::from_secs(30);

/// Every host that a shop of this installation delivers to, and the clock.
pub(super) async fn check(
    installation: &Installation,
    destinations: &Destinations,
    now: Timestamp,
) -> Result<Vec<Finding>, CommandError> {
    let prober = Prober::new(destinations)?;
    let mut findings = Vec::new();
    let mut clocks = Vec::new();
    for base in hosts(installation, destinations).await {
        let check = format!("host {}", base.host_str().unwrap_or_default());
        findings.push(match prober.reach(&base, now).await {
            Ok(Reached { clock_ahead }) => {
                clocks.extend(clock_ahead);
                Finding::ok(check, "answers")
            }
            Err(error) => {
                Finding::fail(check, error, "check this machine's network, name server and time; deliveries wait")
            }
        });
    }
    findings.push(clock(&clocks));
    Ok(findings)
}

/// What cannot be read here was reported with the secrets.
async fn hosts(installation: &Installation, destinations: &Destinations) -> BTreeSet<Url> {
    let mut hosts = BTreeSet::new();
    let (Ok(secrets), Ok(names)) = (installation.secrets(), installation.secret_names().await) else {
        return hosts;
    };
    for shop in names::shops(installation.prefix(), &names) {
        let summary = Summary::load(&secrets, shop).await;
        let websand =
            summary.websand.good().map(|secret| destinations.websand_url.replace("{account}", &secret.account));
        hosts.extend(websand.and_then(|url| Url::parse(&url).ok()));
        if summary.websale.is_there() {
            hosts.extend([destinations.websale_url.clone(), destinations.websale_login_url.clone()]);
        }
    }
    hosts
}

/// One host may be wrong itself, so the smallest difference counts.
fn clock(differences: &[SignedDuration]) -> Finding {
    const CHECK: &str = "clock";
    const ADVICE: &str = "synchronise this machine's clock (NTP): signed webhooks are refused when it is 5 minutes off";
    let Some(ahead) = differences.iter().min_by_key(|difference| difference.abs()) else {
        return Finding::warn(CHECK, "not compared: no destination told the time", "make sure that NTP is running");
    };
    let detail = match ahead.as_secs() {
        0 => "as the destinations' clocks".to_owned(),
        seconds => {
            format!("{} s {} the destinations' clocks", seconds.abs(), if seconds > 0 { "behind" } else { "ahead of" })
        }
    };
    match ahead.abs() {
        off if off >= WRONG => Finding::fail(CHECK, detail, ADVICE),
        off if off >= DRIFTING => Finding::warn(CHECK, detail, ADVICE),
        _ => Finding::ok(CHECK, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn the_clock_is_judged_by_the_destination_that_agrees_best() {
        let verdict = |seconds: &[i64]| {
            clock(&seconds.iter().copied().map(SignedDuration::from_secs).collect::<Vec<_>>()).verdict
        };
        assert_eq!(verdict(&[]), Verdict::Warn);
        assert_eq!(verdict(&[-1, 4_000]), Verdict::Ok);
        assert_eq!(verdict(&[-45, 60]), Verdict::Warn);
        assert_eq!(verdict(&[-300, 300]), Verdict::Fail);
        assert_eq!(clock(&[SignedDuration::from_secs(-45)]).detail, "45 s ahead of the destinations' clocks");
    }
}
