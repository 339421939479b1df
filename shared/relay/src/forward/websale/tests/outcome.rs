//! What a personalised push becomes after every kind of answer, and a general one after lost answers.

use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::Script,
    ledger::{Attention, Expected, Finding, Resolution, resolve},
};

/// An hour later, whatever was put back is tried again.
async fn tried_again(play: &Play, message: &Message) {
    play.stage.world.advance(3600);
    play.handle(message).await;
    play.dispatches().await;
}

#[tokio::test]
async fn a_personalised_push_that_was_provably_not_processed_is_sent_later() {
    let answers = [
        Script::NotSent,
        Script::Answer(425, json!({})),
        Script::Answer(429, json!({})),
        Script::Answer(403, json!({})),
        Script::Answer(404, json!({})),
    ];
    for script in answers {
        let play = Play::new();
        play.stage.websale.will("personalised", script);
        let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
        assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
        assert_eq!(play.state(), State::Scheduled);
        tried_again(&play, &message).await;
        assert_eq!((play.state(), play.stage.websale.dispatches().len()), (State::Sent, 1));
    }
}

#[tokio::test]
async fn a_personalised_push_of_unknown_outcome_is_never_repeated_by_any_message() {
    let answers = [
        Script::Lost,
        Script::Answer(408, json!({})),
        Script::Answer(409, json!({})),
        Script::Answer(500, json!({})),
        Script::Answer(503, json!({})),
    ];
    for script in answers {
        let play = Play::new();
        play.stage.websale.will("personalised", script);
        let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
        play.done(&message).await;
        let row = play.row();
        assert_eq!((row.state, row.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
        assert_eq!(row.expires_at, None);
        tried_again(&play, &message).await;
        play.done(&play.schedule(&titled("New", tomorrow(Channel::PersonalisedPush, 1)))).await;
        play.cancels(2).await;
        play.advance_to(minute(25 * 60));
        play.dispatches().await;
        assert_eq!(play.calls(), ["personalised"]);
        let row = play.row();
        assert_eq!((row.state, row.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
        assert_eq!(row.revision.unwrap().time, Some(minute(2)));
        assert_eq!(play.stage.world.ledger.parts(), 1, "an operator may have it sent");
        let days = play.stage.world.ledger.parts_expire_at().unwrap().duration_since(minute(0)).as_hours() / 24;
        assert_eq!(days, 7, "but not for ever");
    }
}

#[tokio::test]
async fn a_refused_personalised_push_is_parked_with_websales_reason() {
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Answer(422, json!({"reason": "no such batch"})));
    play.schedules(&at_once(Channel::PersonalisedPush, 0)).await;
    assert_eq!((play.parked(), play.state()), (vec!["permanent".to_owned()], State::Parked));
    assert!(play.row().last_error.unwrap().detail.contains("no such batch"));
}

#[tokio::test]
async fn a_refused_token_clears_the_intent_and_the_push_goes_out_with_a_new_one() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&Promotion { id: "summer-2026".into(), ..tomorrow(channel, 0) }).await;
        play.advance_to(minute(24 * 60));
        play.stage.ports.secrets.websale(&"acme".parse().unwrap()).await.unwrap();
        play.stage.websale.expire_tokens();
        let before = play.stage.websale.log_ins();
        play.dispatches().await;
        assert!(matches!(play.state(), State::Delivered | State::Sent), "{channel:?}");
        assert!(play.stage.websale.log_ins() <= before + 2);
    }
}

#[tokio::test]
async fn a_token_refused_twice_waits_for_a_person() {
    let play = Play::new();
    for _ in 0..2 {
        play.stage.websale.will("personalised", Script::Answer(401, json!({})));
    }
    let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
    let Settlement::Back { after } = play.handle(&message).await else { panic!("not back") };
    assert_eq!(after, Duration::from_mins(15));
    let row = play.row();
    assert_eq!((row.state, row.attention), (State::Scheduled, Some(Attention::CredentialsRefused)));
    assert_eq!(play.stage.websale.log(), ["login", "personalised", "login", "personalised"]);
    tried_again(&play, &message).await;
    assert_eq!((play.state(), play.row().attention), (State::Sent, None));
}

#[tokio::test]
async fn a_push_whose_first_send_got_through_unanswered_is_not_sent_twice() {
    let play = Play::new();
    play.stage.websale.will("send", Script::Lost);
    let message = play.schedule(&at_once(Channel::Push, 0));
    assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
    tried_again(&play, &message).await;
    assert_eq!((play.state(), play.stage.websale.entries()[&64].sends), (State::Delivered, 1));
    let expected = ["create", r#"edit 64 {"active":true}"#, "send", "send", r#"edit 64 {"active":true}"#];
    assert_eq!(play.calls(), expected);
}

#[tokio::test]
async fn a_push_refused_though_not_sent_is_sent_once_more_and_then_parked() {
    let play = Play::new();
    play.stage.websale.will("send", Script::Answer(406, json!({})));
    play.schedules(&at_once(Channel::Push, 0)).await;
    assert_eq!((play.state(), play.stage.websale.entries()[&64].sends), (State::Delivered, 1));

    let play = Play::new();
    for _ in 0..2 {
        play.stage.websale.will("send", Script::Answer(406, json!({})));
    }
    play.schedules(&at_once(Channel::Push, 0)).await;
    assert_eq!((play.parked(), play.state()), (vec!["permanent".to_owned()], State::Parked));
}

#[tokio::test]
async fn a_push_refused_by_a_websale_that_does_not_tell_why_is_for_a_person() {
    let play = Play::new();
    play.stage.websale.will("send", Script::Answer(406, json!({})));
    play.stage.websale.will("edit", Script::Answer(200, json!({"id": 64})));
    play.stage.websale.will("edit", Script::Answer(200, json!({"id": 64})));
    play.schedules(&at_once(Channel::Push, 0)).await;
    let row = play.row();
    assert_eq!((row.state, row.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
    assert!(play.parked().is_empty());
}

#[tokio::test]
async fn an_entry_without_an_id_is_parked_before_anything_is_shown() {
    let play = Play::new();
    play.stage.websale.will("create", Script::Answer(200, json!({"ok": true})));
    play.schedules(&at_once(Channel::Push, 0)).await;
    assert_eq!((play.parked(), play.calls()), (vec!["no_entry_id".to_owned()], vec!["create".to_owned()]));
}

#[tokio::test]
async fn a_log_in_that_fails_after_a_refused_token_leaves_no_intent() {
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Answer(401, json!({})));
    let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
    play.stage.websale.will("login", Script::Answer(200, json!({"token": "1"})));
    play.stage.websale.will("login", Script::Answer(503, json!({})));
    assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
    assert_eq!((play.state(), play.stage.websale.dispatches().len()), (State::Scheduled, 0));
    tried_again(&play, &message).await;
    assert_eq!((play.state(), play.stage.websale.dispatches().len()), (State::Sent, 1));
}

/// Handles `message` until the row is intended; then its lease ends, and `other` finds it so. Then the answer arrives.
async fn overtaken(play: &Play, message: &Message, other: &Message) {
    let received = play.stage.world.received(message);
    let mut late = pin!(play.forwarder.handle(received));
    let mut context = Context::from_waker(std::task::Waker::noop());
    while play.stage.world.ledger.rows().is_empty() || play.state() != State::Intended {
        assert!(late.as_mut().poll(&mut context).is_pending());
    }
    play.stage.world.advance(200);
    play.done(other).await;
    assert_eq!(play.state(), State::OutcomeUnknown);
    late.await;
}

#[tokio::test]
async fn an_answer_that_comes_after_the_lease_still_settles_the_push() {
    let play = Play::new();
    let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
    overtaken(&play, &message, &message).await;
    let row = play.row();
    assert_eq!((row.state, row.attention, row.remote_id.as_deref()), (State::Sent, None, Some("101")));
    assert_eq!(play.stage.websale.dispatches().len(), 1);
}

#[tokio::test]
async fn a_refusal_that_comes_after_the_lease_leaves_the_push_to_the_person_who_was_called() {
    for status in [401, 429] {
        let play = Play::new();
        play.stage.websale.will("personalised", Script::Answer(status, json!({})));
        let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
        let cancellation = play.cancellation(1);
        overtaken(&play, &message, &cancellation).await;
        let row = play.row();
        assert_eq!((row.state, row.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)), "{status}");
        play.stage.world.advance(3600);
        play.done(&message).await;
        assert_eq!(play.stage.websale.dispatches().len(), 0, "{status}: it was called off");
    }
}

#[tokio::test]
async fn a_cancellation_that_finds_a_vanished_worker_is_remembered_for_the_person_who_decides() {
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Lost);
    let message = play.schedule(&at_once(Channel::PersonalisedPush, 0));
    let cancellation = play.cancellation(1);
    overtaken(&play, &message, &cancellation).await;
    let row = play.row();
    assert_eq!((row.state, row.attention), (State::OutcomeUnknown, Some(Attention::OutcomeUnknown)));
    assert_eq!(row.revision, Some(cancellation.revision()));
}

#[tokio::test]
async fn a_push_that_was_scheduled_again_as_it_was_goes_out_after_all_when_a_person_says_it_did_not() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::PersonalisedPush, 0)).await;
    // Nothing new, so nothing is outdated by it.
    play.schedules(&tomorrow(Channel::PersonalisedPush, 5)).await;
    play.advance_to(minute(24 * 60));
    play.stage.websale.will("personalised", Script::Answer(500, json!({})));
    play.dispatches().await;
    let row = play.row();
    assert_eq!(row.state, State::OutcomeUnknown);
    let (next, resolution) = resolve(row.clone(), Finding::NotSent, play.now()).unwrap();
    assert_eq!(resolution, Resolution::DueNow);
    let next = Row { version: row.version + 1, ..next };
    play.stage.ports.ledger.put(&next, Expected::Version(row.version)).await.unwrap();
    play.dispatches().await;
    assert_eq!((play.state(), play.stage.websale.dispatches().len()), (State::Sent, 1));
    assert_eq!(play.row().revision.unwrap().time, Some(minute(5)));
}
