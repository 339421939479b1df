//! The destinations' hosts, and by their answers our clock.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use relay::config::Destinations;
use url::Url;

use crate::{
    command::{CommandError, shop::summary::Summary},
    finding::Finding,
    reach::{Prober, Reached},
};

/// Signatures are valid for five minutes; a clock that is off by one is on its way there.
const WRONG: SignedDuration = SignedDuration::from_mins(4);
const DRIFTING: SignedDuration = SignedDuration::from_secs(30);

/// Hosts asked at the same time.
const AT_ONCE: usize = 16;

/// Every host that a shop of this installation delivers to, and the clock.
pub(super) async fn check(
    shops: &[Summary],
    destinations: &Destinations,
    now: Timestamp,
) -> Result<Vec<Finding>, CommandError> {
    let prober = &Prober::new(destinations)?;
    let reach = |base: Url| async move { (place(&base), prober.reach(&base, now).await) };
    let answers: Vec<_> = stream::iter(hosts(shops, destinations)).map(reach).buffered(AT_ONCE).collect().await;
    let clocks: Vec<SignedDuration> =
        answers.iter().filter_map(|(_, answer)| answer.as_ref().ok()?.clock_ahead).collect();
    let finding = |(place, answer): (String, Result<Reached, String>)| match answer {
        Ok(_) => Finding::ok(format!("host {place}"), "answers"),
        Err(error) => Finding::fail(
            format!("host {place}"),
            error,
            "check this machine's network, name server and time; deliveries wait",
        ),
    };
    let mut findings: Vec<Finding> = answers.into_iter().map(finding).collect();
    findings.push(clock(&clocks));
    Ok(findings)
}

/// The start pages of all hosts, each once.
fn hosts(shops: &[Summary], destinations: &Destinations) -> BTreeSet<Url> {
    let websand = |summary: &Summary| {
        let account = &summary.websand.good()?.account;
        Url::parse(&destinations.websand_url.replace("{account}", account)).ok()
    };
    let mut hosts: BTreeSet<Url> = shops.iter().filter_map(websand).collect();
    if shops.iter().any(|summary| summary.websale.is_there()) {
        hosts.extend([destinations.websale_url.clone(), destinations.websale_login_url.clone()]);
    }
    hosts.iter().filter_map(|url| url.join("/").ok()).collect()
}

/// Host and port, as a person writes them.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
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
