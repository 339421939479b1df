use super::*;
use crate::ledger::Attention;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn key() -> RowKey {
    "acme#websand#order#1001".parse().unwrap()
}

fn claimant<'a>(key: &'a RowKey, token: &str, now: i64) -> Claimant<'a> {
    let lease = Lease { token: token.into(), until: at(now + 75) };
    Claimant { key, event_id: "e1", lease, held_until: None, sent_at: at(0), now: at(now) }
}

fn granted(change: Change<Claim>) -> Row {
    match change {
        Change::Write(row, Claim::Granted) => *row,
        other => panic!("not granted: {other:?}"),
    }
}

fn failure() -> Failure {
    Failure { code: "http_503".into(), status: Some(503), detail: "sorry bob@example.com".into() }
}

#[test]
fn a_lease_keeps_others_away_until_it_lapses() {
    let key = key();
    let row = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    let busy = claim(Some(&row), &claimant(&key, "b", 10), |_| Relevance::Open);
    assert!(matches!(busy, Change::Keep(Claim::Leased(until)) if until == at(75)));
    let row = granted(claim(Some(&row), &claimant(&key, "b", 75), |_| Relevance::Open));
    assert_eq!(row.lease.unwrap().token, "b");
}

#[test]
fn an_event_that_never_ends_is_poison_after_five_starts() {
    let key = key();
    let mut row = None;
    for start in 0..5 {
        row = Some(granted(claim(row.as_ref(), &claimant(&key, "a", start * 100), |_| Relevance::Open)));
    }
    let sixth = claim(row.as_ref(), &claimant(&key, "a", 600), |_| Relevance::Open);
    assert!(matches!(sixth, Change::Keep(Claim::Crashed)));
}

#[test]
fn an_event_that_is_put_back_starts_anew_wherever_it_had_begun() {
    let key = key();
    let mut row = None;
    for start in 0..5 {
        row = Some(granted(claim(row.as_ref(), &claimant(&key, "a", start * 100), |_| Relevance::Open)));
    }
    let put_back = Claimant { sent_at: at(601), ..claimant(&key, "b", 602) };
    let row = granted(claim(row.as_ref(), &put_back, |_| Relevance::Open));
    assert_eq!(row.attempts["e1"], Attempts { unfinished: 1, ..Attempts::default() });
    let again = granted(claim(Some(&row), &Claimant { now: at(700), ..put_back }, |_| Relevance::Open));
    assert_eq!(again.attempts["e1"].unfinished, 2, "it is the same message");
}

#[test]
fn an_event_that_is_put_back_and_overtaken_needs_nobody() {
    let key = key();
    let claimed = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    let parked = parked(claimed, "e1", &failure(), Attention::Parked, at(10));
    let back = crate::ledger::dead::put_back(parked, "e1", at(20)).unwrap();
    let Change::Write(row, Claim::Superseded) = claim(Some(&back), &claimant(&key, "b", 30), |_| Relevance::Superseded)
    else {
        panic!("kept")
    };
    assert_eq!((row.letter, row.attention), (None, None));
}

#[test]
fn an_event_overtaken_by_a_newer_one_leaves_nothing_behind() {
    let key = key();
    let claimed = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    let failing = failed(claimed, "e1", &failure(), at(50), None, at(1));
    let Change::Write(row, Claim::Superseded) =
        claim(Some(&failing), &claimant(&key, "b", 60), |_| Relevance::Superseded)
    else {
        panic!("kept")
    };
    assert!(row.attempts.is_empty());
    let again = claim(Some(&row), &claimant(&key, "b", 60), |_| Relevance::Superseded);
    assert!(matches!(again, Change::Keep(Claim::Superseded)));
}

#[test]
fn a_process_killed_amid_many_events_does_not_make_each_of_them_poison() {
    let starts = |in_company: bool| {
        let key = key();
        let mut row = None;
        for start in 0..20 {
            let claimed = match claim(row.as_ref(), &claimant(&key, "a", start), |_| Relevance::Open) {
                Change::Write(row, Claim::Granted) => *row,
                Change::Keep(Claim::Crashed) => return start,
                other => panic!("{other:?}"),
            };
            row = Some(restart(claimed, in_company, at(start)));
        }
        20
    };
    assert_eq!((starts(false), starts(true)), (5, 9));
}

#[test]
fn orderly_failures_are_no_poison_and_are_counted_for_the_back_off() {
    let key = key();
    let mut row = None;
    for attempt in 0..20 {
        let now = attempt * 100;
        let claimed = granted(claim(row.as_ref(), &claimant(&key, "a", now), |_| Relevance::Open));
        row = Some(failed(claimed, "e1", &failure(), at(now + 50), None, at(now + 1)));
    }
    let row = row.unwrap();
    assert_eq!(row.attempts["e1"], Attempts { failed: 20, ..Attempts::default() });
    assert_eq!(row.last_error.as_ref().unwrap().detail, "sorry ***");
    let early = claim(Some(&row), &claimant(&key, "a", 1920), |_| Relevance::Open);
    assert!(matches!(early, Change::Keep(Claim::NotBefore(instant)) if instant == at(1950)));
}

#[test]
fn a_parked_event_needs_its_person_whatever_fails_after_it() {
    use Attention::{ConfigurationFault, Parked, WithdrawalNotExpressible};
    let after = |parked, failing| {
        let row = parked_row(parked);
        failed(row, "e2", &failure(), at(50), failing, at(20)).attention
    };
    assert_eq!(after(Parked, None), Some(Parked));
    assert_eq!(after(Parked, Some(ConfigurationFault)), Some(ConfigurationFault));
    assert_eq!(after(WithdrawalNotExpressible, None), Some(WithdrawalNotExpressible));
    assert_eq!(after(WithdrawalNotExpressible, Some(ConfigurationFault)), Some(WithdrawalNotExpressible));
    let settings = Row { state: State::Open, ..parked_row(ConfigurationFault) };
    assert_eq!(failed(settings, "e2", &failure(), at(50), None, at(20)).attention, None, "that is mended");
}

fn parked_row(attention: Attention) -> Row {
    parked(granted(claim(None, &claimant(&key(), "a", 0), |_| Relevance::Open)), "e1", &failure(), attention, at(10))
}

#[test]
fn a_worker_whose_lease_was_taken_over_changes_nothing() {
    let key = key();
    let first = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    let second = granted(claim(Some(&first), &claimant(&key, "b", 80), |_| Relevance::Open));
    assert!(matches!(finish(Some(&second), "a", |row| row), Change::Keep(false)));
    let done = finish(Some(&second), "b", |row| settled(row, "e1", State::Delivered, at(81)));
    let Change::Write(row, true) = done else { panic!("{done:?}") };
    assert_eq!((row.state, row.lease.is_none(), row.attempts.len()), (State::Delivered, true, 0));
    assert_eq!(row.expires_at, Some(at(81 + 90 * 86_400)));
}

#[test]
fn a_vanished_worker_leaves_an_announced_call_with_unknown_outcome() {
    let key = key();
    let mut row = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    row.state = State::Intended;
    let change = claim(Some(&row), &claimant(&key, "b", 80), |_| Relevance::Open);
    let Change::Write(lapsed, Claim::OutcomeUnknown) = change else { panic!("{change:?}") };
    assert_eq!((lapsed.state, lapsed.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
    assert_eq!(lapsed.expires_at, None);
    // The worker was only late after all, and says so.
    let late = finish(Some(&lapsed), "a", |row| settled(row, "e1", State::Sent, at(90)));
    assert!(matches!(late, Change::Write(row, true) if row.state == State::Sent));
}

#[test]
fn a_restart_voids_leases_but_not_announced_calls() {
    let key = key();
    let row = granted(claim(None, &claimant(&key, "a", 0), |_| Relevance::Open));
    assert_eq!(restart(row.clone(), false, at(1)).lease, None);
    let intended = Row { state: State::Intended, ..row };
    assert_eq!(restart(intended, true, at(1)).state, State::OutcomeUnknown);
}

#[test]
fn what_is_recorded_needs_no_lease() {
    let key = key();
    let revision = Revision { time: Some(at(5)), received_at: at(6), rank: 0, sequence: None };
    let change = claim(None, &claimant(&key, "a", 7), |_| Relevance::Record(revision));
    let Change::Write(row, Claim::Recorded) = change else { panic!("{change:?}") };
    assert_eq!((row.revision, row.lease), (Some(revision), None));
    assert!(matches!(claim(None, &claimant(&key, "a", 7), |_| Relevance::Superseded), Change::Keep(Claim::Superseded)));
}
