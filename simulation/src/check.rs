//! What must hold when everything has come to rest.

use relay::{
    ledger::{Row, State as Standing},
    message::Kind,
};

use crate::{
    host::Host,
    invariant::{Found, Invariant},
    scenario::{Order, Promotion, Scenario},
    world::{State, World},
};

/// Notes every violation.
pub(crate) fn check(world: &World, host: &Host, scenario: &Scenario) {
    let mut state = world.state();
    let mut found = Found::default();
    if host.accepted.len() != scenario.hooks.len() {
        let what = format!("{} of {} webhooks were taken", host.accepted.len(), scenario.hooks.len());
        found.note(Invariant::Rest, what);
    }
    state.is_put_right(&mut found);
    let rows = state.ledger.rows.values();
    found.0.extend(rows.filter_map(|row| unfinished(&state, row)).map(|what| (Invariant::FinalState, what)));
    for order in &scenario.orders {
        check_order(&state, order, &mut found);
    }
    for promotion in &scenario.promotions {
        check_promotion(&state, promotion, &mut found);
    }
    for person in &scenario.people {
        person.check(&state, &scenario.erasures, &mut found);
    }
    for (of, what) in found.0 {
        state.violated(of, what);
    }
}

/// Every row ends in a final state; or its event was given up on behalf of its other row, and ends when a person puts
/// it back.
fn unfinished(state: &State, row: &Row) -> Option<String> {
    let is_account = matches!(row.key.kind, Kind::Login | Kind::Connection);
    let is_given_up = || row.key.shop.as_ref().is_some_and(|shop| has_letter(state, shop.as_str(), &row.key.subject));
    (!is_account && !row.state.is_final() && !is_given_up()).then(|| format!("{} ends {}", row.key, row.state.name()))
}

fn check_order(state: &State, order: &Order, found: &mut Found) {
    let Order { shop, id, statuses } = order;
    let Some(row) = state.ledger.rows.get(&format!("{shop}#websand#order#{id}")) else {
        found.note(Invariant::FinalState, format!("order {id} of {shop} has no row"));
        return;
    };
    let name = format!("{shop}/{shop}-{id}");
    let told: Vec<_> = state.websand.transactions.iter().filter(|known| known.id == name).collect();
    if row.state != Standing::Delivered {
        found.note(Invariant::FinalState, format!("order {id} of {shop} ends {}", row.state.name()));
        return;
    }
    let newest = statuses.last().copied().unwrap_or_default();
    match told.last() {
        None => found.note(Invariant::NewestOrder, format!("order {id} of {shop} was never told")),
        Some(last) if shop != "none" && last.status != newest => {
            let what = format!("order {id} of {shop} was last told as {}, not {newest}", last.status);
            found.note(Invariant::NewestOrder, what);
        }
        Some(_) => {}
    }
    // Heard of and repeated nevertheless: once in all, or once for each state.
    let mut heard: Vec<&str> = told.iter().filter(|known| known.heard).map(|known| known.status.as_str()).collect();
    let count = heard.len();
    heard.sort_unstable();
    heard.dedup();
    let most = if shop == "none" { 1 } else { heard.len() };
    if count > most + losses(state, &row.key.to_string()) {
        found.note(Invariant::OrderOnce, format!("order {id} of {shop} was told {count} times: {heard:?}"));
    }
}

/// Whether a message about this subject waits for a person.
fn has_letter(state: &State, shop: &str, subject: &str) -> bool {
    let about = format!("\"subject\":\"{subject}\"");
    let of_shop = |letter: &&relay::queue::DeadLetter| letter.shop.as_ref().is_some_and(|name| name.as_str() == shop);
    state.queue.dead.iter().filter(of_shop).any(|letter| letter.body.contains(&about))
}

/// How often an answer was heard and the note of it was lost, at most.
fn losses(state: &State, key: &str) -> usize {
    state.deaths.len().max(state.died()) + state.lost_notes.get(key).copied().unwrap_or_default()
}

fn check_promotion(state: &State, promotion: &Promotion, found: &mut Found) {
    let Promotion { shop, id, channel, is_cancelled, stays_off } = promotion;
    let Some(row) = state.ledger.rows.get(&format!("{shop}#websale#promotion#{id}")) else {
        found.note(Invariant::FinalState, format!("promotion {id} of {shop} has no row"));
        return;
    };
    let is_ours = |title: &str| title.split(' ').next() == Some(id);
    let dispatches =
        state.websale.dispatches.iter().filter(|known| known.subshop == *shop && is_ours(&known.title)).count();
    let entries = || state.websale.entries.iter().filter(|entry| entry.subshop == *shop && is_ours(entry.title()));
    let sends: u32 = entries().map(|entry| entry.sends).sum();
    let is_given_up =
        state.outdated.contains(&row.key.to_string()) || (row.state == Standing::Parked && state.is_late(row));
    if dispatches > 1 {
        found.note(Invariant::PersonalisedOnce, format!("{channel} {id} of {shop} went out {dispatches} times"));
    }
    if sends > 1 {
        found.note(Invariant::PushOnce, format!("{channel} {id} of {shop} went out {sends} times"));
    }
    let went_out = match *channel {
        "personalised_push" => dispatches == 1,
        "push" => sends == 1,
        _ => entries().any(|entry| entry.active),
    };
    if !went_out && !is_cancelled && !is_given_up {
        let what = format!("{channel} {id} of {shop} never went out and ends {}", row.state.name());
        found.note(Invariant::GoesOut, what);
    }
    if went_out && *stays_off {
        found.note(Invariant::CalledOff, format!("{channel} {id} of {shop} was called off in time and went out"));
    }
    if row.state == Standing::Cancelled
        && (dispatches + sends as usize > 0 || entries().any(|entry| entry.active && row.remote_id.is_some()))
    {
        found.note(Invariant::CalledOff, format!("{channel} {id} of {shop} ends cancelled and went out"));
    }
}
