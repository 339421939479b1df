//! Calls that fail, or whose outcome nobody knows.

use super::*;
use crate::ledger::Unfit;

#[tokio::test]
async fn what_websale_refuses_for_one_chunk_stops_all_until_a_person_puts_it_back() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    play.interrupted(&message, 2, async || play.stage.websale.will("personalised", Script::Answer(422, json!({}))))
        .await;
    assert_eq!((play.parked(), play.state()), (vec!["permanent".to_owned()], State::Parked));
    assert_eq!((play.reached().len(), play.chunk(2).unwrap().state), (2, State::Scheduled));
    // What the shop changes meanwhile is too late, and does not send the rest by the way.
    play.done(&play.schedule(&titled("Changed", large(at_once(Channel::PersonalisedPush, 1))))).await;
    assert_eq!((play.reached().len(), play.state()), (2, State::Parked));
    play.stage.world.advance(600);
    play.done(&message).await;
    play.goes_on(&[]).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::TooLate));
}

#[tokio::test]
async fn chunks_that_are_too_large_for_websale_are_made_smaller_and_put_back() {
    let play = Play::by_twos();
    play.stage.websale.will("personalised", Script::Answer(422, json!({"reason": "too many addresses"})));
    let message = play.schedule(&large_at_once());
    play.done(&message).await;
    assert_eq!((play.state(), play.row().promotion.unwrap().plan), (State::Parked, None));
    play.limits(&json!(1));
    play.stage.world.advance(600);
    play.done(&message).await;
    assert_eq!((play.reached(), play.names().len()), (ALL.map(str::to_owned).to_vec(), 5));
}

#[tokio::test]
async fn a_chunk_that_was_provably_not_processed_is_sent_later_and_the_others_after_it() {
    for script in [Script::NotSent, Script::Answer(429, json!({})), Script::Answer(403, json!({}))] {
        for failing in 0..3 {
            let play = Play::by_twos();
            let message = play.schedule(&large_at_once());
            if failing == 0 {
                play.stage.websale.will("personalised", script.clone());
                play.handle(&message).await;
            } else {
                let fails = async || play.stage.websale.will("personalised", script.clone());
                play.interrupted(&message, failing + 1, fails).await;
            }
            assert_eq!((play.state(), play.names().len()), (State::Scheduled, usize::try_from(failing).unwrap()));
            play.stage.world.advance(3600);
            play.done(&message).await;
            assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Sent));
        }
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_in_the_middle() {
    for during in [1, 2, 3] {
        let play = Play::by_twos();
        let message = play.schedule(&large_at_once());
        play.interrupted(&message, during, async || play.stage.websale.expire_tokens()).await;
        assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Sent));
    }
    let play = Play::by_twos();
    play.stage.websale.will("personalised", Script::Answer(401, json!({})));
    play.schedules(&large_at_once()).await;
    assert_eq!(play.reached(), ALL);
}

async fn with_unknown_second(finding: Finding) -> Play {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    play.interrupted(&message, 2, async || play.stage.websale.will("personalised", Script::Answer(500, json!({}))))
        .await;
    assert_eq!(play.reached(), ["p0", "p1", "p4"], "the others go on");
    assert_eq!(play.chunk_states(), [State::Sent, State::OutcomeUnknown, State::Sent]);
    assert_eq!(play.chunk(2).unwrap().attention, Some(Attention::OutcomeUnknown));
    play.goes_on(&[message]).await;
    let row = play.row();
    assert_eq!((row.state, row.poll.unwrap().receivers, play.reached().len()), (State::Sent, Some(4), 3));
    assert_eq!(play.stage.world.ledger.parts(), 1);
    assert_eq!(crate::ledger::resolve(play.chunk(2).unwrap(), Finding::Done, play.now()), Err(Unfit::WasItSent));
    play.resolves(2, finding).await;
    play.goes_on(&[]).await;
    play
}

#[tokio::test]
async fn a_chunk_that_a_person_found_not_sent_is_sent_then() {
    let play = with_unknown_second(Finding::NotSent).await;
    assert_eq!(play.reached(), ["p0", "p1", "p4", "p2", "p3"]);
    let row = play.row();
    assert_eq!((row.state, row.poll.unwrap().receivers), (State::Delivered, Some(6)));
    assert_eq!(play.stage.world.ledger.parts(), 0);
}

#[tokio::test]
async fn a_chunk_that_a_person_found_sent_is_not_sent_again() {
    let play = with_unknown_second(Finding::Sent).await;
    let row = play.row();
    assert_eq!((row.state, row.poll.unwrap().receivers, play.reached().len()), (State::Delivered, Some(4), 3));
    assert_eq!(play.stage.world.ledger.parts(), 0);
}

#[tokio::test]
async fn a_late_answer_still_settles_its_chunk() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    let received = play.stage.world.received(&message);
    let mut late = pin!(play.forwarder.handle(received));
    let mut context = Context::from_waker(std::task::Waker::noop());
    while play.state_of_chunk(1) != Some(State::Intended) {
        assert!(late.as_mut().poll(&mut context).is_pending());
    }
    play.stage.world.advance(200);
    play.done(&message).await;
    assert_eq!(play.chunk(1).unwrap().state, State::OutcomeUnknown);
    assert_eq!(play.reached(), ["p2", "p3", "p4"]);
    late.await;
    assert_eq!(play.chunk(1).unwrap().state, State::Sent);
    assert_eq!(play.reached().len(), 5);
}
