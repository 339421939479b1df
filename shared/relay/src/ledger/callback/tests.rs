use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::ledger::{Due, PendingPromotion, Poll, Purpose, State, transition};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn revision(second: i64) -> Revision {
    Revision { time: Some(at(second)), received_at: at(second + 1), rank: 0, sequence: None }
}

fn row() -> Row {
    let row = Row::new("acme#websale#promotion#summer-2026".parse().unwrap(), at(0));
    transition::settled(row, "e", State::Delivered, at(0))
}

fn lease(token: &str, second: i64) -> Lease {
    Lease { token: token.into(), until: at(second) }
}

fn claimed(row: &Row, token: &str, second: i64) -> Option<(Row, Owed)> {
    match claim(Some(row), lease(token, second + 60), at(second)) {
        Change::Write(row, Some(owed)) => Some((*row, owed)),
        _ => None,
    }
}

fn finished(row: &Row, token: &str, next: impl FnOnce(Row) -> Row) -> Option<Row> {
    match finish(Some(row), token, next) {
        Change::Write(row, true) => Some(*row),
        _ => None,
    }
}

fn statuses(row: &Row) -> Vec<CallbackStatus> {
    row.callbacks.iter().flat_map(|callbacks| &callbacks.owed).map(|owed| owed.status).collect()
}

#[test]
fn what_is_owed_is_told_in_order_and_only_then_may_the_row_be_forgotten() {
    use CallbackStatus::{Finished, Sent};
    let row = owe(owe(row(), Sent, revision(1), None, at(2)), Finished, revision(1), None, at(5));
    assert_eq!((statuses(&row), row.expires_at), (vec![Sent, Finished], None));
    assert_eq!(row.index(), Some(Due { purpose: Purpose::Poll, at: at(2) }));
    let (row, first) = claimed(&row, "a", 10).unwrap();
    assert_eq!((first.status, first.updated_at), (Sent, at(1)));
    assert_eq!(row.index().unwrap().at, at(70), "if its teller vanishes, the row is found when the lease is over");
    assert_eq!(claimed(&row, "b", 69), None);
    let row = finished(&row, "a", |row| told(row, &first, at(11))).unwrap();
    assert_eq!((statuses(&row), row.index().unwrap().at, row.expires_at), (vec![Finished], at(11), None));
    let (row, second) = claimed(&row, "c", 12).unwrap();
    let row = finished(&row, "c", |row| told(row, &second, at(13))).unwrap();
    assert_eq!((&row.callbacks, row.index()), (&None, None));
    assert_eq!(row.expires_at, Some(at(13) + transition::RETENTION));
}

#[test]
fn whoever_lost_the_lease_changes_nothing_and_what_came_meanwhile_is_kept() {
    let owing = owe(row(), CallbackStatus::Sent, revision(1), None, at(2));
    let (row, first) = claimed(&owing, "a", 10).unwrap();
    let row = owe(row, CallbackStatus::Sent, revision(11), None, at(12));
    assert_eq!(finished(&row, "b", |row| told(row, &first, at(13))), None);
    let row = finished(&row, "a", |row| told(row, &first, at(13))).unwrap();
    assert_eq!(row.callbacks.unwrap().owed[0].updated_at, at(11), "another revision went out meanwhile");
}

#[test]
fn a_failure_puts_it_off_and_giving_up_calls_a_person_unless_there_is_worse() {
    let failure = Failure { code: "retries_exhausted".into(), status: Some(503), detail: String::new() };
    let owing = owe(row(), CallbackStatus::Sent, revision(1), None, at(2));
    let owing = owe(owing, CallbackStatus::TooLate, revision(3), None, at(4));
    let (row, first) = claimed(&owing, "a", 10).unwrap();
    let row = finished(&row, "a", |row| put_off(row, at(15))).unwrap();
    let callbacks = row.callbacks.clone().unwrap();
    assert_eq!((callbacks.at, callbacks.since, callbacks.failed), (at(15), at(2), 1));
    let row = given_up(row, &first, &failure, at(20));
    let callbacks = row.callbacks.clone().unwrap();
    assert_eq!((callbacks.at, callbacks.since, callbacks.failed), (at(20), at(20), 0), "the next one is tried anew");
    assert_eq!((row.attention, statuses(&row)), (Some(Attention::CallbackFailed), vec![CallbackStatus::TooLate]));
    let worse = Row { attention: Some(Attention::Parked), ..owing };
    assert_eq!(given_up(worse, &first, &failure, at(20)).attention, Some(Attention::Parked));
}

#[test]
fn a_promotion_to_send_and_a_callback_are_both_found_when_they_are_due() {
    let owing = owe(row(), CallbackStatus::Parked, revision(1), Some("permanent"), at(20));
    for (send, found) in [(10, Purpose::Send), (30, Purpose::Poll)] {
        let due = Some(Due { purpose: Purpose::Send, at: at(send) });
        let row = Row { due, ..owing.clone() };
        assert_eq!(row.index(), Some(Due { purpose: found, at: at(send.min(20)) }));
    }
}

#[test]
fn only_promotions_are_told_of_and_a_shop_that_wants_nothing_is_owed_nothing() {
    let order = Row::new("acme#websand#order#1".parse().unwrap(), at(0));
    assert_eq!(owe(order.clone(), CallbackStatus::Parked, revision(1), None, at(1)), order);
    let row = unwanted(owe(row(), CallbackStatus::Sent, revision(1), None, at(1)), at(2));
    assert_eq!((&row.callbacks, row.expires_at.is_some()), (&None, true));
    let open = Row { state: State::Sent, due: Some(Due { purpose: Purpose::Poll, at: at(9) }), ..row };
    let open = unwanted(owe(open, CallbackStatus::Sent, revision(1), None, at(1)), at(2));
    assert_eq!(open.expires_at, None, "it is still going out");
}

#[test]
fn a_row_that_owes_something_does_not_expire_whatever_ends_meanwhile() {
    let owing = owe(row(), CallbackStatus::Sent, revision(1), None, at(1));
    let row = transition::settled(owing, "f", State::Cancelled, at(2));
    assert_eq!((row.expires_at, row.callbacks.is_some()), (None, true));
}

#[test]
fn a_usual_row_stays_below_a_kilobyte() {
    let mut row = owe(row(), CallbackStatus::Sent, revision(1), None, at(2));
    row = owe(row, CallbackStatus::Finished, revision(1), None, at(3));
    row.revision = Some(revision(1));
    row.content_hash = Some("0".repeat(64));
    row.remote_id = Some("123456".into());
    row.write = "0".repeat(16);
    row.promotion = Some(PendingPromotion {
        revision: revision(1),
        channel: crate::event::Channel::PersonalisedPush,
        send_at: Some(at(1)),
        send_before: Some(at(9)),
        content: None,
        parts: 0,
        former: None,
        quiet_hours: None,
        draft: false,
        plan: None,
        callback_url: None,
    });
    row.poll = Some(Poll { status: Some("finished".into()), sent: Some(10), asked: 9, ..Poll::default() });
    let text = serde_json::to_string(&row).unwrap();
    assert!(text.len() < 1024, "{} {text}", text.len());
    assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
}

proptest! {
    #[test]
    fn whatever_happens_the_newest_is_owed_and_never_too_much(
        happened in prop::collection::vec(prop::sample::select(&CallbackStatus::ALL[..]), 1..12)
    ) {
        let mut row = row();
        for (number, status) in happened.iter().enumerate() {
            let now = at(0) + SignedDuration::from_secs(i64::try_from(number).unwrap());
            row = owe(row, *status, revision(0), None, now);
        }
        let owed = row.callbacks.unwrap().owed;
        prop_assert!(owed.len() <= MOST_OWED);
        prop_assert!(owed.windows(2).all(|two| two[0].status != two[1].status && two[0].at < two[1].at));
        prop_assert_eq!(owed.last().map(|owed| owed.status), happened.last().copied());
    }
}
