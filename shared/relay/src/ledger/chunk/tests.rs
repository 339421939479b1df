use super::*;
use crate::{event::Channel, ledger::Attention, revision::Revision};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn pending(second: i64) -> PendingPromotion {
    PendingPromotion {
        revision: Revision { time: Some(at(second)), received_at: at(second), rank: 0, sequence: None },
        channel: Channel::PersonalisedPush,
        send_at: None,
        send_before: None,
        content: Some("c".into()),
        parts: 1,
        former: None,
        draft: false,
        quiet_hours: None,
        callback_url: None,
        plan: Plan::of(5, Some(2)),
    }
}

fn parent() -> Row {
    let key = "acme#websale#promotion#a/b#1".parse().unwrap();
    Row { state: State::Sent, promotion: Some(pending(0)), ..Row::new(key, at(0)) }
}

fn chunk(number: u32, state: State) -> Row {
    let promotion = Some(of_chunk(&pending(0)));
    Row { state, promotion, ..Row::new(key(&parent().key, number), at(0)) }
}

#[test]
fn a_chunk_is_named_after_its_promotion_whatever_that_is_called() {
    let named = key(&parent().key, 12);
    assert_eq!(named.to_string(), "acme#websale#chunk#a/b#1/12");
    assert_eq!(promotion_of(&named), Some((parent().key, 12)));
    assert_eq!(promotion_of(&parent().key), None, "a promotion may be called so itself");
    assert_eq!(named.to_string().parse::<RowKey>().unwrap(), named);
}

#[test]
fn only_what_does_not_fit_is_split() {
    assert_eq!([None, Some(0), Some(5), Some(9)].map(|size| Plan::of(5, size)), [None; 4]);
    let plan = Plan::of(20_000, Some(3)).unwrap();
    assert_eq!((plan.chunks, plan.places(1), plan.places(plan.chunks)), (6667, 0..3, 19_998..20_001));
}

#[test]
fn totals_are_those_of_the_chunks_and_end_with_the_last() {
    let poll = |sent| Some(Poll { receivers: Some(2), sent: Some(sent), ..Poll::default() });
    let done = |number, sent| Row { poll: poll(sent), ..chunk(number, State::Delivered) };
    let running = Row { poll: poll(0), ..chunk(3, State::Sent) };
    let totals = Totals::of(&pending(0), &[done(1, 2), done(2, 1), running]);
    assert_eq!((totals.sent, totals.running, totals.counts.receivers, totals.counts.sent), (3, 1, Some(6), Some(3)));
    let row = totalled(parent(), &totals, at(30), at(5));
    assert_eq!((row.state, row.due.unwrap().at, row.expires_at), (State::Sent, at(30), None));
    let totals = Totals::of(&pending(0), &[done(1, 2), done(2, 1), done(3, 1)]);
    let row = totalled(row, &totals, at(60), at(35));
    assert_eq!((row.state, row.due, row.poll.as_ref().unwrap().sent), (State::Delivered, None, Some(4)));
    assert_eq!(row.poll.as_ref().unwrap().since, Some(at(5)));
    let owed: Vec<_> = row.callbacks.unwrap().owed.into_iter().map(|owed| owed.status).collect();
    assert!(row.steps.sent && owed == [CallbackStatus::Finished]);
}

#[test]
fn a_chunk_without_counts_leaves_the_sum_of_the_others() {
    let told = Row { poll: Some(Poll { sent: Some(2), ..Poll::default() }), ..chunk(1, State::Delivered) };
    let totals = Totals::of(&pending(0), &[told, chunk(2, State::Delivered)]);
    assert_eq!((totals.counts.sent, totals.counts.errors), (Some(2), None));
}

#[test]
fn a_chunk_that_waits_for_a_person_keeps_its_promotion_open() {
    for state in [State::OutcomeUnknown, State::Parked] {
        let waiting = Row { attention: Some(Attention::OutcomeUnknown), ..chunk(1, state) };
        let totals = Totals::of(&pending(0), &[waiting, chunk(2, State::Delivered)]);
        assert!(!totals.is_over());
        assert_eq!(totalled(parent(), &totals, at(30), at(5)).state, State::Sent);
    }
}

#[test]
fn the_shop_is_told_once_of_each_chunk_that_nobody_knows_of() {
    use State::{Delivered, OutcomeUnknown, Parked, Sent};
    let told = |row: &Row| {
        let owed = row.callbacks.iter().flat_map(|callbacks| callbacks.owed.iter());
        owed.map(|owed| (owed.status, owed.reason.clone().unwrap_or_default(), owed.at)).collect::<Vec<_>>()
    };
    let added_up = |row: Row, states: [State; 3], second| {
        let chunks: Vec<_> = (1..).zip(states).map(|(number, state)| chunk(number, state)).collect();
        totalled(row, &Totals::of(&pending(0), &chunks), at(90), at(second))
    };
    let row = added_up(parent(), [Sent, OutcomeUnknown, Parked], 5);
    let first = [(CallbackStatus::OutcomeUnknown, "chunk".to_owned(), at(5))];
    assert_eq!(told(&row), first);
    let row = added_up(row, [Sent, OutcomeUnknown, Sent], 6);
    assert_eq!(told(&row), first, "not once more");
    let row = added_up(row, [OutcomeUnknown, OutcomeUnknown, Sent], 7);
    assert_eq!(told(&row), [(CallbackStatus::OutcomeUnknown, "chunk".to_owned(), at(7))], "of another one");
    let row = added_up(row, [Delivered; 3], 8);
    assert_eq!(told(&row).last().unwrap(), &(CallbackStatus::Finished, String::new(), at(8)));
}

#[test]
fn with_a_chunk_whose_end_was_not_seen_the_end_of_the_whole_is_not_known() {
    let unseen = Row { attention: Some(Attention::PollDeadline), ..chunk(1, State::Delivered) };
    let totals = Totals::of(&pending(0), &[unseen, chunk(2, State::Delivered)]);
    let row = totalled(parent(), &totals, at(30), at(5));
    let owed = &row.callbacks.unwrap().owed[0];
    assert_eq!((row.state, owed.status), (State::Delivered, CallbackStatus::OutcomeUnknown));
    assert_eq!(owed.reason.as_deref(), Some("poll_deadline"));
}

#[test]
fn what_went_out_decides_how_a_stopped_promotion_ends() {
    let stopped = Row { state: State::TooLate, ..parent() };
    let some = Totals::of(&pending(0), &[chunk(1, State::Delivered), chunk(2, State::Scheduled)]);
    assert_eq!(totalled(stopped.clone(), &some, at(30), at(5)).state, State::TooLate);
    let none = Totals::of(&pending(0), &[chunk(1, State::Scheduled)]);
    let row = totalled(stopped, &none, at(30), at(5));
    assert_eq!((row.state, row.steps.sent, row.promotion.unwrap().plan), (State::Cancelled, false, None));
}

#[test]
fn chunks_of_an_earlier_promotion_with_the_same_id_do_not_count() {
    assert_eq!(Totals::of(&pending(9), &[chunk(1, State::Delivered)]), Totals::default());
    assert!(matches!(emptied(Some(&chunk(1, State::Delivered)), &parent(), 1, at(5)), Change::Keep(())));
}
