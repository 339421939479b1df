//! What makes a row forget what was delivered, so that it is delivered again. Pure: a backfill with `--force` applies it.

use jiff::Timestamp;

use super::{Row, State};
use crate::message::Kind;

/// What becomes of the wish to have something delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redo {
    /// The row as it is to be stored: as if nothing had been delivered.
    Forget(Box<Row>),
    /// This run has made it forget before; what is known now was delivered since.
    Forgotten,
    /// Somebody is at work on it.
    Held,
    /// It is nothing that may be done twice: a promotion, or what a person decided.
    Never,
}

/// Makes a row forget what was delivered. The same `run` does so once, however often it is started anew: the row
/// remembers the last run that did. What is under way besides, and what a person has to look at, stays.
pub fn forget_delivered(row: &Row, run: &str, now: Timestamp) -> Redo {
    if !matches!(row.key.kind, Kind::Order | Kind::Customer) {
        return Redo::Never;
    }
    if row.forgot_for.as_deref() == Some(run) {
        return Redo::Forgotten;
    }
    if row.lease.as_ref().is_some_and(|lease| lease.until > now) {
        return Redo::Held;
    }
    let state = if row.state == State::Delivered { State::Open } else { row.state };
    Redo::Forget(Box::new(Row {
        state,
        revision: None,
        content_hash: None,
        order_status: None,
        forgot_for: Some(run.to_owned()),
        lease: None,
        last_at: now,
        ..row.clone()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::OrderStatus,
        ledger::{Attempts, Lease},
        revision::Revision,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn delivered(key: &str) -> Row {
        let mut row = Row::new(key.parse().unwrap(), at(0));
        row.state = State::Delivered;
        row.revision = Some(Revision { time: Some(at(0)), received_at: at(1), rank: 9, sequence: None });
        row.content_hash = Some("hash".into());
        row.order_status = Some(OrderStatus::Paid);
        row.order_number = Some("1001".into());
        row.customer = Some("key".into());
        row.expires_at = Some(at(1000));
        row
    }

    fn forgotten(row: &Row, run: &str) -> Row {
        match forget_delivered(row, run, at(10)) {
            Redo::Forget(row) => *row,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_forgets_what_was_delivered_and_nothing_else() {
        let before = delivered("acme#websand#order#1");
        let row = forgotten(&before, "run");
        assert_eq!((row.revision, &row.content_hash, row.order_status, row.state), (None, &None, None, State::Open));
        let again = Row {
            state: before.state,
            revision: before.revision,
            content_hash: before.content_hash.clone(),
            order_status: before.order_status,
            forgot_for: None,
            last_at: before.last_at,
            ..row
        };
        assert_eq!(again, before);
    }

    #[test]
    fn one_run_makes_it_forget_once_and_another_run_again() {
        let row = forgotten(&delivered("acme#websand#customer#k"), "first");
        assert_eq!(forget_delivered(&row, "first", at(11)), Redo::Forgotten);
        let since = Row { forgot_for: row.forgot_for, ..delivered("acme#websand#customer#k") };
        assert_eq!(forget_delivered(&since, "first", at(12)), Redo::Forgotten);
        assert_eq!(forgotten(&since, "second").revision, None);
    }

    #[test]
    fn nothing_is_taken_from_a_worker_and_a_lapsed_lease_holds_nobody_up() {
        let mut row = delivered("acme#websand#order#1");
        row.attempts.insert("other".into(), Attempts::default());
        row.lease = Some(Lease { token: "t".into(), until: at(11) });
        assert_eq!(forget_delivered(&row, "run", at(10)), Redo::Held);
        row.lease = Some(Lease { token: "t".into(), until: at(10) });
        assert_eq!(forgotten(&row, "run").attempts, row.attempts, "what is under way goes on");
    }

    #[test]
    fn promotions_and_decisions_never_forget() {
        for key in ["acme#websale#promotion#summer", "acme#websand#consent#k", "acme#websand#reference#order/1"] {
            assert_eq!(forget_delivered(&delivered(key), "run", at(10)), Redo::Never, "{key}");
        }
    }
}
