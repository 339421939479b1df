//! Promotions in plain words.

use jiff::{Timestamp, tz::TimeZone};
use relay::{
    event::Promotion,
    forward::Outlook,
    ingest::{Plan, Scheduling, on_the_clock},
    ledger::{Plan as Split, Poll, Row, State},
};
use serde_json::Value;

use crate::{output, table::visible};

/// What is about to be queued, a line each.
pub(super) fn plan(scheduling: &Scheduling, outlook: Outlook, zone: Option<&TimeZone>, now: Timestamp) -> String {
    let Scheduling { promotion, plan, message } = scheduling;
    let mut lines = vec![("To", audience(plan))];
    if promotion.draft {
        lines.push(("Draft", "created inactive and left so".to_owned()));
    }
    lines.extend(plan.send_at.map(|at| ("Goes out", when(at, zone, now))));
    lines.extend(plan.send_before.map(|at| ("Not after", when(at, zone, now))));
    lines.extend(shown(promotion, zone, now).into_iter().flatten());
    lines.push(("Outlook", foretold(outlook)));
    let lines = lines.into_iter().map(|(label, text)| format!("  {label:<9}  {text}\n"));
    let channel = promotion.channel.name().replace('_', " ");
    format!("{channel} {} of {}\n{}", visible(&promotion.id), message.shop, lines.collect::<String>())
}

fn shown(promotion: &Promotion, zone: Option<&TimeZone>, now: Timestamp) -> [Option<(&'static str, String)>; 2] {
    let from = promotion.visible_from.map(|at| ("Shown", format!("from {}", when(at, zone, now))));
    let until = promotion.visible_until.map(|at| ("Until", when(at, zone, now)));
    [from, until]
}

/// On the shop's clock, if it has one, in UTC, and how far away.
pub(super) fn when(at: Timestamp, zone: Option<&TimeZone>, now: Timestamp) -> String {
    let local = zone.map(|zone| format!("{}, ", on_the_clock(at, zone))).unwrap_or_default();
    format!("{local}{} ({})", output::time(at), output::distance(at, now))
}

/// Who gets it: everyone, or how many of each filter.
fn audience(plan: &Plan) -> String {
    match &plan.audience {
        Value::Object(filters) => {
            let filters = filters.iter().map(|(name, value)| match value {
                Value::String(word) => format!("{name} {word}"),
                value => format!("{name} {value}"),
            });
            filters.collect::<Vec<_>>().join(", ")
        }
        other => other.as_str().unwrap_or("everyone").to_owned(),
    }
}

/// What will come of it, unless something happens first.
pub(super) fn foretold(outlook: Outlook) -> String {
    match outlook {
        Outlook::New => "it is new".to_owned(),
        Outlook::Changes => "it takes the place of the one that is there".to_owned(),
        Outlook::EditsOnly => "it was sent already: its entry is edited, and it is not sent again".to_owned(),
        Outlook::CallsOff => "it does not go out; what is shown is taken off".to_owned(),
        Outlook::CallsOffUnknown => {
            "the ledger knows nothing of it yet; if it is on its way, it does not go out".to_owned()
        }
        Outlook::TooLate => "too late: it was sent".to_owned(),
        Outlook::Undecided => "nobody knows whether it was sent: settle that with `shoprelay resolve` first".to_owned(),
        Outlook::NotNewer => {
            "the same or something newer is known: raise updated_at, or leave it out to have it be now".to_owned()
        }
        Outlook::CalledOff => "it was called off; a schedule with a newer updated_at starts it again".to_owned(),
        Outlook::OtherChannel(channel) => {
            format!("it is a {} already, and a promotion keeps its channel: use another id", channel.name())
        }
    }
}

/// How far a push has come: how many are done, of how many.
pub(super) fn progress(row: &Row) -> Option<(u64, u64)> {
    if let Some(plan) = handing_over(row) {
        return Some((plan.begun.saturating_sub(1).into(), plan.chunks.into()));
    }
    let poll = row.poll.as_ref()?;
    let receivers = receivers(poll)?;
    Some((poll.sent.unwrap_or_default().saturating_add(poll.errors.unwrap_or_default()), receivers))
}

/// What is counted: chunks until all are out, and then receivers, once WEBSALE counts them.
pub(super) fn counted(row: &Row) -> &'static str {
    if handing_over(row).is_some() { "Chunks out" } else { "Reached" }
}

/// The counts of a push, in short: `640 of 1200, 3 failed`, or `chunk 2 of 3`.
pub(super) fn counts(row: &Row) -> String {
    let chunk = handing_over(row).map(|plan| format!("chunk {} of {}", plan.begun, plan.chunks));
    let poll = row.poll.as_ref().and_then(|poll| Some((poll, receivers(poll)?)));
    let reached = poll.map(|(poll, receivers)| {
        let failed = poll.errors.filter(|errors| *errors > 0).map(|errors| format!(", {errors} failed"));
        format!("{} of {receivers}{}", poll.sent.unwrap_or_default(), failed.unwrap_or_default())
    });
    let unknown = plan_of(row).map(|plan| plan.unknown).filter(|unknown| *unknown > 0);
    let unknown = unknown.map(|unknown| format!("nobody knows of {unknown} chunk(s), see `promotion show`"));
    [chunk, reached, unknown].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Before WEBSALE has counted them there are none.
fn receivers(poll: &Poll) -> Option<u64> {
    poll.receivers.filter(|receivers| *receivers > 0)
}

fn plan_of(row: &Row) -> Option<Split> {
    row.promotion.as_ref().and_then(|promotion| promotion.plan)
}

/// How the audience is split, as long as not all of it was handed to WEBSALE.
fn handing_over(row: &Row) -> Option<Split> {
    let is_over = matches!(row.state, State::Sent) || row.state.is_final() && row.state != State::Parked;
    plan_of(row).filter(|plan| !is_over && plan.begun > 0)
}
