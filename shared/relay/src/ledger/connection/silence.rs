//! Shops that should have been heard of.

use jiff::{SignedDuration, Timestamp};

use super::changed;
use crate::ledger::Row;

/// The shop sent a webhook at `at`, and should send another within so many hours. That is written down anew only when a
/// twelfth of them is over, and nobody is called earlier for that: so a shop costs a few writes a day.
pub fn heard(row: Row, at: Timestamp, hours: u64, now: Timestamp) -> Row {
    let hours = i64::try_from(hours).unwrap_or(i64::MAX).min(24 * 366);
    let slack = SignedDuration::from_mins(5 * hours);
    let later = |at: Timestamp, by: SignedDuration| at.saturating_add(by).unwrap_or(Timestamp::MAX);
    let silent_at = later(later(at, SignedDuration::from_hours(hours)), slack);
    let is_known = |known: Timestamp| silent_at < later(known, slack);
    if row.connection.as_ref().and_then(|connection| connection.silent_at).is_some_and(is_known) {
        return row;
    }
    changed(row, now, |connection| connection.silent_at = Some(silent_at))
}

/// Whether this is a shop that should have been heard of by now.
pub fn silent(row: &Row, now: Timestamp) -> bool {
    row.connection.as_ref().and_then(|connection| connection.silent_at).is_some_and(|at| at <= now)
}

/// Somebody was called. Not again, until the shop is heard of and falls silent once more.
pub fn told_silent(row: Row, now: Timestamp) -> Row {
    changed(row, now, |connection| connection.silent_at = None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Attention, Due, Purpose, connection},
        shop::Destination,
    };

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + 60 * minute).unwrap()
    }

    fn row() -> Row {
        Row::new(connection::row_key(&"acme".parse().unwrap(), Destination::Websand), at(0))
    }

    #[test]
    fn a_shop_is_silent_when_its_hours_are_over_and_not_once_it_is_heard_of() {
        let first = heard(row(), at(0), 24, at(0));
        assert_eq!(first.index(), Some(Due { purpose: Purpose::Send, at: at(26 * 60) }));
        assert_eq!([24 * 60 + 119, 26 * 60].map(|minute| silent(&first, at(minute))), [false, true]);
        let second = heard(first.clone(), at(120), 24, at(120));
        assert_eq!([26 * 60, 28 * 60].map(|minute| silent(&second, at(minute))), [false, true]);
        assert_eq!(heard(first.clone(), at(119), 24, at(119)), first, "nothing is written for it");
        let told = told_silent(second, at(28 * 60));
        assert_eq!((silent(&told, at(99_999)), told.index()), (false, None));
    }

    /// However dense the webhooks are, nobody is called within the hours after any of them.
    #[test]
    fn nobody_is_called_too_early() {
        let mut row = row();
        for minute in 0..600 {
            row = heard(row, at(minute), 1, at(minute));
            assert!(!silent(&row, at(minute + 60)), "{minute}");
        }
        assert!(silent(&row, at(600 + 65)));
    }

    #[test]
    fn a_message_that_was_late_changes_nothing_and_a_person_who_is_needed_comes_first() {
        let row = heard(row(), at(600), 24, at(600));
        assert_eq!(heard(row.clone(), at(0), 24, at(601)), row);
        let paused = connection::paused(row, at(700));
        assert_eq!((paused.attention, paused.index().unwrap().purpose), (Some(Attention::Paused), Purpose::Attention));
        assert!(silent(&connection::resumed(paused, at(800)), at(600 + 26 * 60)), "it is known again");
    }
}
