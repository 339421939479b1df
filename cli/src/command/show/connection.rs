//! A shop's connection to a destination, in plain words.

use jiff::Timestamp;
use relay::ledger::{Connection, connection::IN_A_ROW};

use crate::output;

/// Its state in one word.
pub(super) fn state_name(connection: &Connection) -> &'static str {
    let is_shut = connection.faults.values().any(|fault| fault.in_a_row >= IN_A_ROW);
    match connection.paused_at {
        Some(_) => "paused",
        None if is_shut => "shut",
        None => "open",
    }
}

/// What is known of it, a line each.
pub(super) fn lines(connection: &Connection, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut lines = vec![("State", state_name(connection).to_owned())];
    lines.extend(connection.paused_at.map(|at| ("Paused", output::distance(at, now))));
    for (matter, fault) in &connection.faults {
        let next = if fault.in_a_row < IN_A_ROW {
            String::new()
        } else {
            format!(", one delivery tries again {}", output::distance(fault.probe_at, now))
        };
        let (times, since) = (fault.in_a_row, output::distance(fault.since, now));
        lines.push((
            "Fault",
            format!("{matter}: {times} in a row, the first {since}{next}; look at {}", matter.settings()),
        ));
    }
    for (party, outage) in &connection.down {
        let (since, next) = (output::distance(outage.since, now), output::distance(outage.until, now));
        lines.push(("Down", format!("{party}: the first failures {since}, one delivery tries again {next}")));
    }
    if !connection.proven.is_empty() {
        let proven: Vec<&str> = connection.proven.iter().map(|call| call.name()).collect();
        lines.push(("Has worked", proven.join(", ")));
    }
    lines.extend(connection.silent_at.map(|at| ("Silent", format!("if nothing comes, {}", output::distance(at, now)))));
    lines
}
