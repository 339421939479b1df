//! Outages, missing settings, too little time.

use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::{destination::websale::stage::Script, ledger::Attention};

#[tokio::test]
async fn while_the_account_is_blocked_no_promotion_logs_in() {
    let mut play = Play::new();
    play.stage.websale.will("login", Script::Answer(423, json!({})));
    let message = play.schedule(&at_once(Channel::News, 0));
    for _ in 0..3 {
        assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
        play.restarted();
        play.stage.world.advance(299);
    }
    assert_eq!(play.stage.websale.log(), ["login"]);
    let row = play.row();
    assert_eq!((row.state, row.attention), (State::Open, Some(Attention::CredentialsRefused)));
    play.stage.world.advance(10);
    play.done(&message).await;
    assert_eq!((play.state(), play.row().attention), (State::Delivered, None));
}

#[tokio::test]
async fn ten_sends_at_once_after_the_token_has_expired_make_one_log_in() {
    let play = Play::new();
    play.schedules(&at_once(Channel::PersonalisedPush, 0)).await;
    let sends = |round: &str| {
        let named = |number: usize| format!("{round}-{number}");
        let message = |number| {
            let promotion = Promotion { id: named(number), ..at_once(Channel::PersonalisedPush, 0) };
            Message { id: named(number), subject: named(number), ..play.schedule(&promotion) }
        };
        (0..10).map(message).collect::<Vec<_>>()
    };
    let expire = || play.stage.websale.expire_tokens();
    let grow_old = || play.stage.world.advance(25 * 60);
    for (round, expires, log_ins) in [("refused", &expire as &dyn Fn(), 2), ("old", &grow_old, 3)] {
        expires();
        let messages = sends(round);
        let settled = join_all(messages.iter().map(|message| play.handle(message))).await;
        assert_eq!(settled, [Settlement::Done; 10], "{round}");
        assert_eq!(play.stage.websale.log_ins(), log_ins, "{round}");
    }
    assert_eq!(play.stage.websale.dispatches().len(), 21, "each is sent once");
}

#[tokio::test]
async fn an_outage_is_waited_out_and_what_was_done_before_it_is_not_done_again() {
    let play = Play::new();
    play.stage.websale.will("send", Script::Answer(503, json!({})));
    let message = play.schedule(&at_once(Channel::Push, 0));
    assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
    assert_eq!(play.row().last_error.unwrap().code, "http_503");
    play.stage.world.advance(10);
    play.done(&message).await;
    assert_eq!(play.calls(), ["create", r#"edit 64 {"active":true}"#, "send", "send"]);
    assert_eq!(play.state(), State::Delivered);
}

#[tokio::test]
async fn a_promotion_not_out_in_time_is_parked_and_does_not_go_out_later() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        // Nobody dispatched for a day and six hours.
        play.advance_to(minute(24 * 60 + 360));
        assert_eq!(play.dispatches().await, [Settlement::Done]);
        assert_eq!((play.parked(), play.calls()), (vec!["too_late_to_send".to_owned()], vec![]));
        let row = play.row();
        assert_eq!((row.state, row.attention, row.due), (State::Parked, Some(Attention::Parked), None));
        play.stage.world.advance(3600);
        assert!(play.dispatches().await.is_empty());
    }
}

#[tokio::test]
async fn a_promotion_due_during_an_outage_goes_out_after_it() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.advance_to(minute(24 * 60 + 359));
        play.dispatches().await;
        assert!(matches!(play.state(), State::Delivered | State::Sent));
    }
}

#[tokio::test]
async fn a_schedule_that_comes_too_late_is_parked_before_anything_is_created() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        let message = play.schedule(&tomorrow(channel, 0));
        play.advance_to(minute(24 * 60 + 360));
        play.done(&message).await;
        assert_eq!((play.parked(), play.calls()), (vec!["too_late_to_send".to_owned()], vec![]));
        assert_eq!(play.stage.world.ledger.parts(), 0);
    }
}

#[tokio::test]
async fn a_message_with_too_little_time_comes_back_at_once_and_counts_as_no_attempt() {
    let at_once_again = Settlement::Back { after: Duration::ZERO };
    for (channel, seconds) in [(Channel::News, 14), (Channel::PersonalisedPush, 64)] {
        let play = Play::new();
        let mut received = play.stage.world.received(&play.schedule(&at_once(channel, 0)));
        received.deadline = play.now() + Duration::from_secs(seconds);
        for _ in 0..7 {
            assert_eq!(play.forwarder.handle(received.clone()).await, at_once_again);
        }
        assert_eq!(play.calls(), [""; 0]);
        received.deadline = play.now() + Duration::from_mins(2);
        assert_eq!(play.forwarder.handle(received).await, Settlement::Done);
    }
}

#[tokio::test]
async fn a_missing_secret_is_waited_for() {
    let play = Play::new();
    play.stage.world.secrets.0.lock().unwrap().remove("shoprelay/acme/websale");
    let message = play.schedule(&tomorrow(Channel::PersonalisedPush, 0));
    assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
    assert_eq!(play.row().attention, Some(Attention::ConfigurationFault));
    let secret = json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "api", "password": "p"});
    play.stage.world.secret("acme/websale", secret);
    play.stage.world.advance(901);
    play.done(&message).await;
    assert_eq!((play.state(), play.row().attention), (State::Scheduled, None));
    assert_eq!(play.stage.world.ledger.parts(), 1);
}

#[tokio::test]
async fn a_parked_promotion_that_is_put_back_goes_on_where_it_ended() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let call = if channel == Channel::Push { "send" } else { "personalised" };
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.advance_to(minute(24 * 60));
        play.stage.websale.will(call, Script::Answer(422, json!({})));
        dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
        let [due] = play.queued().try_into().unwrap();
        let first = play.stage.world.received(&due);
        assert_eq!(play.forwarder.handle(first.clone()).await, Settlement::Done);
        assert_eq!(play.state(), State::Parked);
        // A second copy of the message changes nothing, an operator's redrive does.
        assert_eq!(play.forwarder.handle(first).await, Settlement::Done);
        assert_eq!(play.state(), State::Parked);
        play.stage.world.advance(600);
        play.done(&due).await;
        assert!(matches!(play.state(), State::Delivered | State::Sent));
    }
}

#[tokio::test]
async fn a_promotion_that_was_put_back_outlasts_an_outage_like_any_other() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let call = if channel == Channel::Push { "send" } else { "personalised" };
        let mut play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.advance_to(minute(24 * 60));
        play.stage.websale.will(call, Script::Answer(422, json!({})));
        dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
        let [due] = play.queued().try_into().unwrap();
        play.done(&due).await;
        play.stage.world.advance(600);
        play.restarted();
        play.stage.websale.will("login", Script::Answer(503, json!({})));
        let redriven = play.stage.world.received(&due);
        assert!(matches!(play.forwarder.handle(redriven.clone()).await, Settlement::Back { .. }));
        play.stage.world.advance(60);
        let again = Received { deadline: play.now() + Duration::from_mins(2), ..redriven };
        assert_eq!(play.forwarder.handle(again).await, Settlement::Done);
        assert!(matches!(play.state(), State::Delivered | State::Sent), "{channel:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_or_is_for_another_queue_is_parked() {
    let play = Play::new();
    for body in ["{}".to_owned(), "not json".to_owned()] {
        let received = play.stage.world.received_text(body);
        assert_eq!(play.forwarder.handle(received).await, Settlement::Done);
    }
    assert_eq!(play.parked(), ["unreadable", "unreadable"]);
    assert!(play.stage.world.ledger.rows().is_empty());
}

#[tokio::test]
async fn a_ledger_row_carries_no_address_after_any_failure() {
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Answer(422, json!({"reason": "ann@example.org is unknown"})));
    play.schedules(&at_once(Channel::PersonalisedPush, 0)).await;
    let shown = serde_json::to_string(&play.row()).unwrap();
    assert!(!shown.contains("ann@"), "{shown}");
}

#[tokio::test]
async fn a_webhook_sent_again_between_two_attempts_leaves_nothing_to_the_dispatcher() {
    // The same webhook, and a newer one that asks for nothing new.
    for is_newer in [false, true] {
        let play = Play::new();
        let first = play.schedule(&at_once(Channel::Push, 0));
        play.stage.websale.will("edit", Script::Lost);
        assert!(matches!(play.handle(&first).await, Settlement::Back { .. }));
        play.stage.world.advance(1);
        let mut again = Message { received_at: play.now(), ..first.clone() };
        if is_newer {
            (again.id, again.time) = ("another".into(), Some(play.now()));
        }
        let mut settled = play.handle(&again).await;
        play.stage.world.advance(60);
        for message in [&first, &again, &first] {
            settled = play.handle(message).await;
        }
        assert_eq!((settled, play.state()), (Settlement::Done, State::Delivered));
        assert!(play.stage.websale.entries().values().all(|entry| entry.sends == 1), "sent, and not ten minutes later");
        assert!(play.row().attempts.is_empty());
    }
}
