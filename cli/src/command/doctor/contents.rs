//! What both hosts have: secrets, queues, a ledger.

use jiff::{SignedDuration, Timestamp};
use relay::ledger::Purpose;

use crate::{
    command::shop::summary::Summary,
    finding::Finding,
    installation::{Installation, QueueCount, Wanted},
    output,
};

/// Deliveries take seconds; a message this old is being retried.
const OLD: SignedDuration = SignedDuration::from_hours(1);

/// The secrets of every shop, and the installation's own. Also returns the shops, for further checks.
pub(super) async fn secrets(installation: &Installation) -> (Vec<Finding>, Vec<Summary>) {
    const CHECK: &str = "secrets";
    let (key, shops) = match (installation.secrets(), Summary::load_all(installation).await) {
        (Ok(secrets), Ok(shops)) => (secrets.installation().await, shops),
        (Err(error), _) | (_, Err(error)) => {
            let advice = "until this is mended every webhook is answered 503";
            return (vec![Finding::fail(CHECK, error.to_string(), advice)], Vec::new());
        }
    };
    let mut findings = vec![match key {
        Ok(_) => Finding::ok("installation key", "there"),
        Err(error) => {
            Finding::fail("installation key", error.to_string(), "deploy the stack, or start `shoprelay serve` once")
        }
    }];
    findings.extend(shops.iter().map(shop));
    if shops.is_empty() {
        findings.push(Finding::warn(CHECK, "there is no shop", "add one with `shoprelay shop add SHOP`"));
    }
    (findings, shops)
}

fn shop(summary: &Summary) -> Finding {
    let check = format!("shop {}", summary.shop);
    match summary.faults().as_slice() {
        [] => Finding::ok(check, "secrets are complete"),
        faults => {
            let advice = format!("mend it with `shoprelay shop add {} --replace`", summary.shop);
            Finding::fail(check, faults.join("; "), advice)
        }
    }
}

/// Shops that have not been heard of for longer than their secrets say they may be.
pub(super) async fn silence(installation: &Installation, shops: &[Summary], now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for summary in shops {
        let Some(hours) = summary.webhook.good().and_then(|secret| secret.silent_after_hours) else { continue };
        let shop = Some(summary.shop.clone());
        let wanted = Wanted { last: 1, shop, status: Some("queued".to_owned()), subject: None };
        let check = format!("webhooks of {}", summary.shop);
        findings.push(match installation.received(&wanted).await {
            Ok(receipts) => heard(check, hours, receipts.first().map(|receipt| receipt.at), now),
            Err(error) => Finding::warn(check, error.to_string(), "start the host once, or see who may read its logs"),
        });
    }
    findings
}

fn heard(check: String, hours: u64, last: Option<Timestamp>, now: Timestamp) -> Finding {
    let detail = last.map_or("none is known".to_owned(), |at| format!("the last came {}", output::distance(at, now)));
    let limit = SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX / 3600));
    if last.is_some_and(|at| now.duration_since(at) <= limit) {
        return Finding::ok(check, detail);
    }
    Finding::warn(
        check,
        detail,
        format!("it should not be silent for {hours} h: see in the shop whether its webhooks are active"),
    )
}

/// How full and how old the queues are.
pub(super) async fn queues(installation: &Installation, now: Timestamp) -> Vec<Finding> {
    match installation.queues().await {
        Ok(counts) => counts.iter().map(|count| queue(count, now)).collect(),
        Err(error) => {
            vec![Finding::fail("queues", error.to_string(), "check that the host was started and may be read")]
        }
    }
}

fn queue(count: &QueueCount, now: Timestamp) -> Finding {
    let check = format!("queue {}", count.destination);
    let age = count.oldest.map(|at| format!(", the oldest came {}", output::distance(at, now))).unwrap_or_default();
    let detail = format!("{} waiting{age}, {} dead letters", count.waiting, count.dead);
    if count.dead > 0 {
        return Finding::warn(check, detail, "see `shoprelay deliveries` for why");
    }
    if count.oldest.is_some_and(|at| now.duration_since(at) > OLD) {
        return Finding::warn(
            check,
            detail,
            "deliveries are late: see `shoprelay deliveries`, and whether the host runs",
        );
    }
    Finding::ok(check, detail)
}

/// Whether the ledger can be read, and whether something in it needs a person.
pub(super) async fn attention(installation: &Installation, now: Timestamp) -> Finding {
    const CHECK: &str = "ledger";
    /// Enough to tell that there are many.
    const MOST: usize = 1_000;
    let ledger = match installation.ledger() {
        Ok(ledger) => ledger,
        Err(error) => return Finding::fail(CHECK, error.to_string(), "start the host once"),
    };
    let horizon = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    let mut found = ledger.due(Purpose::Attention, horizon, MOST).await;
    // What is to be asked or told as well stands elsewhere in the index.
    match ledger.due(Purpose::Poll, horizon, MOST).await {
        Ok(rows) => {
            if let Ok(found) = &mut found {
                found.extend(rows.into_iter().filter(|row| row.attention.is_some()));
                found.truncate(MOST);
            }
        }
        Err(error) => found = Err(error),
    }
    match found {
        Ok(rows) if rows.is_empty() => Finding::ok(CHECK, "nothing needs attention"),
        Ok(rows) => {
            let number = if rows.len() < MOST { rows.len().to_string() } else { format!("{MOST} or more") };
            Finding::warn(CHECK, format!("need attention: {number}"), "see `shoprelay deliveries`")
        }
        Err(error) => Finding::fail(CHECK, error.to_string(), "check that the ledger is there and may be read"),
    }
}

#[cfg(test)]
mod tests {
    use relay::shop::Destination;

    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn a_shop_that_was_not_heard_of_for_too_long_is_pointed_out() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let verdict = |last: Option<i64>| {
            heard("webhooks of acme".into(), 24, last.map(|hours| now - SignedDuration::from_hours(hours)), now).verdict
        };
        assert_eq!([Some(24), Some(25), None].map(verdict), [Verdict::Ok, Verdict::Warn, Verdict::Warn]);
    }

    #[test]
    fn dead_letters_and_late_messages_are_pointed_out() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let count =
            QueueCount { destination: Destination::Websand, waiting: 3, in_hand: None, dead: 0, oldest: Some(now) };
        assert_eq!(queue(&count, now).verdict, Verdict::Ok);
        assert_eq!(queue(&QueueCount { dead: 1, ..count }, now).verdict, Verdict::Warn);
        let late = now - SignedDuration::from_secs(3_601);
        assert_eq!(queue(&QueueCount { oldest: Some(late), ..count }, now).verdict, Verdict::Warn);
    }
}
