//! Compares what a run left behind with what the shops meant. Pure: each rule is tried with something that breaks it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use relay::ledger::{Row, State};
use serde_json::Value;

use super::{
    evidence::{Call, Evidence},
    load::{Channel, Load, Order, at, version},
};

mod tests;

/// The least that a 429 of the sandbox asks for.
pub(crate) const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// What must not be.
    pub(crate) violations: Vec<String>,
    /// Transactions posted again because they were in flight at a kill.
    pub(crate) repeated_after_kill: usize,
    /// Transactions posted again because their answer was lost.
    pub(crate) repeated_after_loss: usize,
    /// Personalised pushes that a person has to look for.
    pub(crate) unknown: usize,
    /// Messages in the dead-letter queues.
    pub(crate) parked: usize,
}

/// Judges a run that has come to rest.
pub(crate) fn reconcile(load: &Load, evidence: &Evidence) -> Findings {
    let mut findings = Findings { parked: evidence.letters.len(), ..Findings::default() };
    rest(evidence, &mut findings.violations);
    let by_id = transactions(evidence);
    for (id, order) in &load.orders {
        let calls = by_id.get(id.as_str()).map(Vec::as_slice).unwrap_or_default();
        delivered(id, order, calls, evidence, &mut findings.violations);
        repeats(id, order, calls, evidence, &mut findings);
    }
    records(load, evidence, &mut findings.violations);
    decisions(load, evidence, &mut findings.violations);
    for (name, promotion) in &load.promotions {
        match evidence.rows.get(&promotion.row) {
            None => findings.violations.push(format!("{name} was accepted, and there is no row of it")),
            Some(row) if promotion.channel == Channel::Personalised => personalised(name, row, evidence, &mut findings),
            Some(row) => entry(name, row, promotion.channel, evidence, &mut findings.violations),
        }
    }
    unanswered(evidence, &mut findings);
    findings
}

/// Nothing is under way any more.
fn rest(evidence: &Evidence, violations: &mut Vec<String>) {
    if evidence.waiting > 0 {
        violations.push(format!("{} messages still wait", evidence.waiting));
    }
    for (key, row) in &evidence.rows {
        // Of a push whose outcome is unknown the lease's token is kept, for a worker who may yet say how it ended.
        let is_held = row.lease.is_some() && row.state != State::OutcomeUnknown;
        if !row.state.is_final() || is_held || !row.attempts.is_empty() {
            violations.push(format!("{key} is not settled: {row:?}"));
        }
        if row.state == State::Parked && row.last_error.as_ref().and_then(|error| error.status) != Some(422) {
            violations.push(format!("{key} is parked, and not for a 422: {:?}", row.last_error));
        }
    }
}

/// The calls of each transaction whose body arrived.
fn transactions(evidence: &Evidence) -> BTreeMap<&str, Vec<&Call>> {
    let mut by_id: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for call in evidence.calls("websand.transaction") {
        if let Some(id) = call.body["transaction"]["_id"].as_str() {
            by_id.entry(id).or_default().push(call);
        }
    }
    by_id
}

/// The last that Websand was told of an order is its newest version, unless that is in the dead-letter queue.
fn delivered(id: &str, order: &Order, calls: &[&Call], evidence: &Evidence, violations: &mut Vec<String>) {
    let told = calls.iter().rfind(|call| call.processed).and_then(|call| version(&call.body["transaction"]));
    let is_parked = |version: &u32| {
        let time = at(*version);
        evidence.letters.iter().any(|letter| {
            letter.row_key().is_some_and(|key| key.to_string() == order.row)
                && letter.time.is_some_and(|letter| letter.to_string() == time)
        })
    };
    let wanted = (0..=order.newest).rev().find(|version| !is_parked(version));
    if told < wanted || told > Some(order.newest) {
        violations.push(format!("{id} was told in version {told:?}, not {wanted:?}"));
    }
    let state = evidence.rows.get(&order.row).map(|row| row.state);
    let was_refused = calls.iter().any(|call| call.status == Some(422));
    if !(state == Some(State::Delivered) || state == Some(State::Parked) && was_refused) {
        violations.push(format!("{id} was accepted, and is {state:?}"));
    }
}

/// A call that tells again what took effect before has a cause, and no call comes before its time.
fn repeats(id: &str, order: &Order, calls: &[&Call], evidence: &Evidence, findings: &mut Findings) {
    for (position, again) in calls.iter().enumerate() {
        let Some(before) = calls[..position].last() else { continue };
        let was_killed = evidence.was_killed(&order.row, before.at, again.at);
        if before.status == Some(429) && again.at < before.at + RETRY_AFTER && !was_killed {
            findings.violations.push(format!("{id} was posted sooner than Retry-After allows"));
        }
        let same = |call: &&&Call| version(&call.body["transaction"]) == version(&again.body["transaction"]);
        let Some(first) = calls[..position].iter().filter(same).rfind(|call| call.processed) else { continue };
        if evidence.was_killed(&order.row, first.at, again.at) {
            findings.repeated_after_kill += 1;
        } else if first.status.is_none() {
            findings.repeated_after_loss += 1;
        } else {
            findings.violations.push(format!("{id} was posted again without a cause: {first:?}, {again:?}"));
        }
    }
}

/// The sandbox has one record of each `_id`, and none that no shop knows.
fn records(load: &Load, evidence: &Evidence, violations: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for record in evidence.state["websand"]["transactions"].as_array().into_iter().flatten() {
        let id = record["_id"].as_str().unwrap_or_default();
        if !seen.insert(id) || !load.orders.contains_key(id) {
            violations.push(format!("a record of {id:?} too many"));
        }
    }
}

/// The last decision that Websand was told of a person is the one they made last. What says nothing of it changes nothing.
fn decisions(load: &Load, evidence: &Evidence, violations: &mut Vec<String>) {
    let bodies =
        evidence.calls("websand.subscriber").filter(|call| call.processed).map(|call| &call.body["subscriber"]);
    let said = bodies.filter_map(|body| Some((body["email"].as_str()?, body["marketing_consent"].as_str()?)));
    let told: BTreeMap<_, _> = said.collect();
    for (email, decision) in &load.people {
        let wanted = format!("marketing_consent_{}", decision.granted);
        let told = told.get(email.as_str());
        if told != Some(&wanted.as_str()) {
            violations.push(format!("{email} decided {wanted}, and Websand was told {told:?}"));
        }
    }
}

/// A push went out once, news are shown, however many entries were made.
fn entry(title: &str, row: &Row, channel: Channel, evidence: &Evidence, violations: &mut Vec<String>) {
    let entries = evidence.state["websale"]["entries"].as_array().into_iter().flatten();
    let ids: Vec<&Value> = entries.filter(|entry| entry["title"] == title).map(|entry| &entry["id"]).collect();
    let sends = evidence.calls("websale.send").filter(|call| call.processed && ids.contains(&&call.subject["id"]));
    let (sends, wanted) = (sends.count(), usize::from(channel == Channel::Push));
    if row.state != State::Delivered || sends != wanted {
        violations.push(format!("{title} is {:?} and was sent {sends} times, not {wanted}", row.state));
    }
}

/// A personalised push went out once, or nobody can say. It is called again only if the answer proves that it did not.
fn personalised(name: &str, row: &Row, evidence: &Evidence, findings: &mut Findings) {
    let calls: Vec<_> = evidence.calls("websale.personalised").filter(|call| call.body["name"] == name).collect();
    let sent = calls.iter().filter(|call| call.processed).count();
    let last = calls.last().and_then(|call| call.status);
    let is_explained = match row.state {
        State::Delivered => sent == 1,
        State::OutcomeUnknown => match row.last_error.as_ref().map(|error| error.code.as_str()) {
            Some("worker_vanished") => {
                evidence.kills.iter().any(|kill| kill.in_hand.get(&row.key.to_string()) == Some(&State::Intended))
            }
            Some("no_answer") => last.is_none(),
            _ => last.is_some_and(|status| status >= 500),
        },
        _ => false,
    };
    findings.unknown += usize::from(row.state == State::OutcomeUnknown);
    let answers: Vec<_> = calls.iter().map(|call| call.status).collect();
    let repeated = answers.iter().rev().skip(1).any(|status| *status != Some(429));
    if !is_explained || sent > 1 || repeated {
        let (state, error) = (row.state, &row.last_error);
        findings.violations.push(format!("{name} is {state:?} ({error:?}), answers {answers:?}, sent {sent} times"));
    }
}

/// No more personalised pushes are unknown for the lack of an answer than calls were left without one.
fn unanswered(evidence: &Evidence, findings: &mut Findings) {
    let unknown = evidence.rows.values().filter(|row| row.state == State::OutcomeUnknown);
    let lost = unknown.filter(|row| row.last_error.as_ref().is_some_and(|error| error.code == "no_answer")).count();
    let unanswered = evidence.calls("websale.personalised").filter(|call| call.status.is_none()).count();
    if lost > unanswered {
        findings.violations.push(format!("{lost} pushes are unknown, but only {unanswered} calls without an answer"));
    }
}
