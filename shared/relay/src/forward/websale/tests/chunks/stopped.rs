//! Called off, changed, paused or too late in the middle; and somebody is forgotten.

use super::*;
use crate::{
    forward::WebsandForwarder,
    ledger::{self, Change, connection},
};

#[tokio::test]
async fn a_cancellation_in_the_middle_stops_the_rest_at_once() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    let cancellation = play.cancellation(1);
    let settlement = play
        .interrupted(&message, 1, async || {
            let back = play.handle(&cancellation).await;
            assert!(matches!(back, Settlement::Back { .. }), "the row is held");
        })
        .await;
    assert_eq!((settlement, play.reached().len()), (Settlement::Done, 2));
    play.stage.world.advance(60);
    play.done(&cancellation).await;
    assert_eq!(play.state(), State::TooLate);
    play.goes_on(&[message, cancellation]).await;
    let row = play.row();
    assert_eq!((row.state, row.poll.unwrap().receivers), (State::TooLate, Some(2)));
    assert_eq!((play.reached().len(), play.stage.world.ledger.parts()), (2, 0));
}

#[tokio::test]
async fn a_cancellation_between_two_messages_stops_the_rest() {
    for again in [true, false] {
        let play = Play::by_twos();
        let message = play.schedule(&large_at_once());
        play.interrupted(&message, 2, async || play.stage.world.advance(70)).await;
        play.cancels(1).await;
        assert_eq!(play.state(), State::TooLate);
        let messages = if again { vec![message] } else { vec![] };
        play.goes_on(&messages).await;
        let row = play.row();
        assert_eq!((row.state, row.poll.unwrap().receivers, play.reached().len()), (State::TooLate, Some(4), 4));
    }
}

#[tokio::test]
async fn a_cancellation_survives_a_crash_at_any_call() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let mut play = Play::by_twos();
            let message = play.schedule(&large_at_once());
            play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
            let cancellation = play.cancellation(1);
            let came_so_far = play.crashes(play.stage.world.received(&cancellation), number, crash);
            play.restarted();
            play.stage.world.advance(200);
            play.handle(&cancellation).await;
            play.goes_on(&[message, cancellation]).await;
            assert_eq!((play.state(), play.reached().len()), (State::TooLate, 2), "{crash:?} call {number}");
            if !came_so_far {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_worker_that_vanished_before_the_cancellation_leaves_a_question_and_not_a_push() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    // The call of the second chunk is announced and not made.
    {
        let received = play.stage.world.received(&message);
        let mut vanishing = pin!(play.forwarder.handle(received));
        let mut context = Context::from_waker(std::task::Waker::noop());
        while play.state_of_chunk(2) != Some(State::Intended) {
            assert!(vanishing.as_mut().poll(&mut context).is_pending());
        }
    }
    play.stage.world.advance(200);
    play.cancels(1).await;
    play.goes_on(&[message]).await;
    assert_eq!(play.chunk(2).unwrap().attention, Some(Attention::OutcomeUnknown));
    play.resolves(2, Finding::NotSent).await;
    play.goes_on(&[]).await;
    assert_eq!((play.chunk(2).unwrap().state, play.state()), (State::Cancelled, State::TooLate));
    assert_eq!(play.reached().len(), 2);
}

#[tokio::test]
async fn a_promotion_none_of_whose_chunks_was_sent_can_be_changed_and_called_off() {
    let play = Play::by_twos();
    play.stage.websale.will("personalised", Script::NotSent);
    let message = play.schedule(&large_at_once());
    assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
    assert_eq!((play.state(), play.row().promotion.unwrap().plan), (State::Scheduled, None));
    play.stage.world.advance(60);
    play.schedules(&titled("Changed", large(at_once(Channel::PersonalisedPush, 1)))).await;
    assert_eq!(play.reached(), ALL);
    assert!(play.stage.websale.dispatches().iter().all(|body| body["message"]["title"] == "Changed"));

    let play = Play::by_twos();
    play.stage.websale.will("personalised", Script::NotSent);
    play.handle(&play.schedule(&large_at_once())).await;
    play.stage.world.advance(60);
    play.cancels(1).await;
    play.goes_on(&[]).await;
    assert_eq!((play.state(), play.reached().len(), play.stage.world.ledger.parts()), (State::Cancelled, 0, 0));
}

#[tokio::test]
async fn a_change_in_the_middle_is_too_late_and_the_rest_goes_out_as_it_was() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
    play.schedules(&titled("Changed", large(at_once(Channel::PersonalisedPush, 1)))).await;
    assert_eq!(play.state(), State::Scheduled);
    play.goes_on(&[]).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::TooLate));
    assert!(play.stage.websale.dispatches().iter().all(|body| body["message"]["title"] == "Summer sale"));
}

#[tokio::test]
async fn a_repetition_in_the_middle_is_no_change() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
    play.schedules(&large(at_once(Channel::PersonalisedPush, 1))).await;
    play.goes_on(&[message]).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Delivered));
}

#[tokio::test]
async fn quiet_hours_that_begin_in_the_middle_hold_the_rest_until_they_end() {
    let play = Play::by_twos();
    let promotion = large(Promotion { send_before: None, ..tomorrow(Channel::PersonalisedPush, 0) });
    let schedule = Message { quiet_hours: Some("10:30-12:00 UTC".parse().unwrap()), ..play.schedule(&promotion) };
    play.done(&schedule).await;
    play.advance_to(minute(24 * 60));
    dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
    let [due] = play.queued().try_into().unwrap();
    let settlement = play.interrupted(&due, 1, async || play.stage.world.advance(3 * 3600)).await;
    assert_eq!((settlement, play.reached().len(), play.state()), (Settlement::Done, 2, State::Scheduled));
    play.advance_to(minute(24 * 60 + 239));
    assert_eq!((play.dispatches().await.len(), play.reached().len()), (0, 2));
    play.goes_on(&[]).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Delivered));
}

#[tokio::test]
async fn a_pause_in_the_middle_holds_the_rest_until_it_ends() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    let pauses = |change: fn(Row, Timestamp) -> Row| {
        let (ports, now) = (&play.stage.ports, play.now());
        let key = connection::row_key(&"acme".parse().unwrap(), crate::shop::Destination::Websale);
        async move {
            let decide = |row: Option<&Row>| {
                let row = row.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
                Change::Write(Box::new(change(row, now)), ())
            };
            ledger::update(&*ports.ledger, &*ports.random, &key, ledger::Guess::Unknown, decide).await.unwrap();
        }
    };
    let settlement = play.interrupted(&message, 1, async || pauses(connection::paused).await).await;
    let Settlement::Back { after } = settlement else { panic!("not back") };
    assert!(after >= Duration::from_mins(5), "{after:?}");
    play.goes_on(std::slice::from_ref(&message)).await;
    assert_eq!((play.reached().len(), play.state()), (2, State::Scheduled));
    pauses(connection::resumed).await;
    play.goes_on(&[message]).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Delivered));
}

#[tokio::test]
async fn what_is_not_out_by_send_before_does_not_go_out() {
    let play = Play::by_twos();
    play.schedules(&large(tomorrow(Channel::PersonalisedPush, 0))).await;
    play.advance_to(minute(24 * 60));
    dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
    let [due] = play.queued().try_into().unwrap();
    let settlement = play.interrupted(&due, 2, async || play.stage.world.advance(6 * 3600)).await;
    assert_eq!((settlement, play.parked()), (Settlement::Done, vec!["too_late_to_send".to_owned()]));
    assert_eq!((play.reached().len(), play.state()), (4, State::Parked));
}

#[tokio::test]
async fn who_is_forgotten_in_the_middle_gets_nothing_and_nobody_moves() {
    for forgotten in [vec!["p0"], vec!["p2"], vec!["p4"], vec!["p0", "p3", "p4"], ALL.to_vec()] {
        let play = Play::by_twos();
        let message = play.schedule(&large_at_once());
        play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
        let forwarder = WebsandForwarder::new(play.stage.ports.clone(), play.stage.world.config.clone());
        for name in &forgotten {
            let email = format!("{name}@example.org").parse().unwrap();
            let person = Person { email: Some(email), customer_id: None, orders: vec![], requested_at: play.now() };
            let erase = Message {
                id: format!("erase-{name}"),
                time: None,
                payload: Payload::Erase(Whose::Person(person)),
                subject: "erase".into(),
                ..play.schedule(&large_at_once())
            };
            let received = play.stage.world.received(&erase);
            assert_eq!(forwarder.handle(received).await, Settlement::Done);
            assert!(!play.stage.world.ledger.contents().values().any(|text| text.contains(&format!("{name}@"))));
        }
        play.goes_on(&[message]).await;
        let expected =
            ["p0", "p1"].into_iter().chain(ALL[2..].iter().copied().filter(|name| !forgotten.contains(name)));
        assert_eq!(play.reached(), expected.collect::<Vec<_>>(), "{forgotten:?}");
        // The schedule that comes back with nobody in it counts as called off.
        let expected = if forgotten.len() == 5 { State::TooLate } else { State::Delivered };
        assert_eq!(play.state(), expected, "{forgotten:?}");
        let rows = play.stage.world.ledger.rows();
        let chunks = rows.values().filter(|row| row.key.kind == Kind::Chunk).count();
        assert_eq!(chunks, if forgotten.len() == 5 { 1 } else { 3 });
    }
}
