//! Watches a promotion until it has come to its end.

use std::{io::IsTerminal, time::Duration};

use relay::{
    clock::{Clock, SystemClock},
    ledger::{Ledger, Row, State},
    message::RowKey,
};

use super::words;
use crate::{
    command::{CommandError, show::words as rows},
    output,
    progress::Progress,
};

/// How often the ledger is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How long a promotion that was queued a moment ago is waited for.
const PATIENCE: u32 = 60;

/// Shows how far the promotion is, on a terminal with a bar, elsewhere a line for each change, until nothing more is to
/// come of it. Nothing if the ledger never hears of it.
pub(super) async fn to_the_end(ledger: &dyn Ledger, key: &RowKey, silent: bool) -> Result<Option<Row>, CommandError> {
    let is_terminal = std::io::stderr().is_terminal() && !silent;
    let (mut bar, mut last, mut missed) = (None::<(u64, Progress)>, String::new(), 0);
    loop {
        // A moment without an answer is no reason to leave.
        let row = ledger.get(key).await;
        match row {
            Ok(Some(row)) if is_over(&row) => return Ok(Some(row)),
            Ok(Some(row)) => {
                missed = 0;
                let line = line(&row);
                if is_terminal {
                    let (done, of) = words::progress(&row).unwrap_or((0, 1));
                    if bar.as_ref().is_none_or(|(whole, _)| *whole != of) {
                        bar = Some((of, Progress::new("Sending out", of)));
                    }
                    if let Some((_, bar)) = &mut bar {
                        bar.at(done, || line);
                    }
                } else if line != last && !silent {
                    output::print(&format!("{} {line}\n", output::time(SystemClock.now())))?;
                    last = line;
                }
            }
            Ok(None) if missed >= PATIENCE => return Ok(None),
            Err(error) if missed >= PATIENCE => return Err(CommandError(error.to_string())),
            Ok(None) | Err(_) => missed += 1,
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Where it is, in short.
fn line(row: &Row) -> String {
    let counts = Some(words::counts(row)).filter(|counts| !counts.is_empty());
    let next = row.due.filter(|_| row.state == State::Scheduled).map(|due| format!("until {}", output::time(due.at)));
    let why = Some(rows::why(row)).filter(|why| !why.is_empty());
    let parts = [Some(rows::state_name(row).to_owned()), counts, next, why];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Whether nothing more comes of it. What was changed or called off too late may still be going out.
fn is_over(row: &Row) -> bool {
    match row.state {
        State::TooLate => row.due.is_none(),
        state => state.is_final(),
    }
}
