//! WEBSALE as it is at the end of the year, beside what it must be.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    calendar::Calendar,
    model::{self, Outcome},
    script::{Audience, Content, Promotion},
};
use crate::{
    trouble::{Matter, Trouble},
    websale::{Dispatch, Entry},
    world::State,
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is not as it must be.
    pub(super) differences: Vec<String>,
    /// Entries that nobody sees and nobody remembers: of each a create was done whose answer was lost.
    pub(super) left_over: usize,
}

/// Compares one promotion.
pub(super) fn promotion(
    state: &State,
    calendar: &Calendar,
    promotion: &Promotion,
    outcome: &Outcome,
    found: &mut Found,
) {
    let shop = &calendar.shops[promotion.shop];
    let is_ours = |subshop: &str, title: &str| subshop == shop.name && title.split(' ').next() == Some(&promotion.id);
    let name = format!("{}/{}", shop.name, promotion.id);
    let mut entries: Vec<&Entry> =
        state.websale.entries.iter().filter(|entry| is_ours(&entry.subshop, entry.title())).collect();
    if let Some(wanted) = &outcome.entry {
        match entries.iter().position(|entry| is_same(entry, wanted)) {
            Some(index) => drop(entries.remove(index)),
            None => found.differences.push(format!("{name}: there is no entry {wanted:?} among {entries:?}")),
        }
    }
    found.left_over += entries.len();
    let shown = entries.into_iter().filter(|entry| entry.active || entry.sends > 0);
    found.differences.extend(shown.map(|entry| format!("{name}: shown or sent besides: {entry:?}")));

    let dispatches: Vec<&Dispatch> =
        state.websale.dispatches.iter().filter(|known| is_ours(&known.subshop, &known.title)).collect();
    if let Err(what) = dispatched(&dispatches, outcome.dispatched.as_ref(), shop.emails_per_push) {
        found.differences.push(format!("{name}: {what}"));
    }
    // Who has not heard its number, or died before it was noted, cannot ask.
    let is_noted = |dispatch: &Dispatch| {
        let may_die = |trouble: &Trouble| trouble.matter != Matter::Unreachable && trouble.covers(dispatch.at);
        dispatch.heard && !calendar.troubles.iter().any(may_die)
    };
    let unasked = dispatches.iter().filter(|dispatch| is_noted(dispatch) && dispatch.told.1 == 0);
    found.differences.extend(unasked.map(|dispatch| format!("{name}: not asked about until it ended: {dispatch:?}")));
}

fn is_same(entry: &Entry, wanted: &model::Entry) -> bool {
    let empty = json!("");
    let says = |(name, value): (&String, &Value)| entry.fields.get(name).unwrap_or(&empty) == value;
    entry.active == wanted.active && entry.sends == u32::from(wanted.sent) && wanted.fields.iter().all(says)
}

/// Everybody got it once, in calls no larger than the shop allows, and it says what it must.
fn dispatched(dispatches: &[&Dispatch], wanted: Option<&Content>, most: usize) -> Result<(), String> {
    let Some(content) = wanted else {
        return if dispatches.is_empty() { Ok(()) } else { Err(format!("went out nevertheless: {dispatches:?}")) };
    };
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    let mut filters: Vec<Map<String, Value>> = Vec::new();
    for dispatch in dispatches {
        if dispatch.body["message"] != message(content) {
            return Err(format!("{:?} is not {content:?}", dispatch.body));
        }
        let mut filter = dispatch.body["filter"].as_object().cloned().unwrap_or_default();
        filter.remove("email");
        filters.push(filter);
        let emails = dispatch.body["filter"]["email"].as_array().map(Vec::as_slice).unwrap_or_default();
        if emails.len() > most {
            return Err(format!("{} addresses in one call", emails.len()));
        }
        for email in emails {
            *told.entry(email.as_str().unwrap_or_default()).or_default() += 1;
        }
    }
    let (filter, people): (Value, Vec<&str>) = match &content.audience {
        Audience::Connected => (json!({"connected": true}), Vec::new()),
        Audience::Postcodes(from, to) => {
            (json!({"connected": true, "zip_area": [{"from": from, "to": to}]}), Vec::new())
        }
        Audience::Addresses(emails) => (json!({}), emails.iter().map(String::as_str).collect()),
    };
    let calls = people.len().div_ceil(most).max(1);
    let once: BTreeMap<&str, u32> = people.into_iter().map(|email| (email, 1)).collect();
    if told != once || filters.len() != calls || filters.iter().any(|other| Some(other) != filter.as_object()) {
        return Err(format!("{calls} calls to {once:?} with {filter} were to be made, not {dispatches:?}"));
    }
    Ok(())
}

fn message(content: &Content) -> Value {
    let mut message = json!({"title": content.title, "text": content.text, "validUntil": 7});
    if content.link.is_some() {
        let (url, kind) = model::link(content);
        message["url"] = json!(url);
        message["urlType"] = json!(kind);
    }
    message
}
