use super::*;
use crate::destination::websale::stage::Script;

#[tokio::test]
async fn a_waiting_promotion_is_cancelled_and_its_due_message_is_void() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        play.advance_to(minute(24 * 60));
        dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
        play.cancels(1).await;
        for message in play.queued() {
            play.done(&message).await;
        }
        let expected: &[&str] = if channel == Channel::Push { &[r#"edit 64 {"active":false}"#] } else { &[] };
        assert_eq!(play.calls(), expected);
        let row = play.row();
        assert_eq!((row.state, row.due), (State::Cancelled, None));
        assert_eq!(play.stage.world.ledger.parts(), 0);
    }
}

#[tokio::test]
async fn a_shown_news_entry_is_taken_down() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::News, 0)).await;
    play.cancels(1).await;
    assert!(!play.stage.websale.entries()[&64].active);
    assert_eq!(play.state(), State::Cancelled);
}

#[tokio::test]
async fn a_cancellation_that_comes_first_stops_the_older_schedule_and_not_a_newer_one() {
    let play = Play::new();
    play.cancels(3).await;
    play.schedules(&tomorrow(Channel::News, 2)).await;
    assert_eq!((play.calls(), play.state()), (vec![], State::Cancelled));
    play.schedules(&tomorrow(Channel::News, 4)).await;
    assert_eq!((play.calls().len(), play.state()), (2, State::Delivered));
}

#[tokio::test]
async fn at_the_same_revision_the_cancellation_wins_in_either_order() {
    for cancel_first in [true, false] {
        let play = Play::new();
        if cancel_first {
            play.cancels(0).await;
        }
        play.schedules(&tomorrow(Channel::Push, 0)).await;
        if !cancel_first {
            play.cancels(0).await;
        }
        play.advance_to(minute(24 * 60));
        assert!(play.dispatches().await.is_empty());
        assert_eq!(play.state(), State::Cancelled);
    }
}

#[tokio::test]
async fn a_cancellation_after_sending_is_too_late() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&at_once(channel, 0)).await;
        let due = play.row().due;
        play.calls();
        play.cancels(1).await;
        assert_eq!((play.calls(), play.state()), (vec![], State::TooLate));
        assert_eq!(play.row().due, due);
        // And what follows never sends it again.
        play.schedules(&titled("Again", tomorrow(channel, 2))).await;
        play.advance_to(minute(24 * 60));
        play.dispatches().await;
        let sends: u32 = play.stage.websale.entries().values().map(|entry| entry.sends).sum();
        assert_eq!(sends as usize + play.stage.websale.dispatches().len(), 1, "{channel:?}");
    }
}

#[tokio::test]
async fn a_newer_schedule_after_a_cancellation_starts_again() {
    for channel in Channel::ALL {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.cancels(1).await;
        play.schedules(&titled("Again", tomorrow(channel, 2))).await;
        play.schedules(&tomorrow(channel, 0)).await;
        play.advance_to(minute(24 * 60));
        play.dispatches().await;
        assert!(matches!(play.state(), State::Delivered | State::Sent), "{channel:?}");
        let entries = play.stage.websale.entries();
        assert!(entries.values().all(|entry| entry.active), "{channel:?}");
        let sends: u32 = entries.values().map(|entry| entry.sends).sum();
        assert_eq!(sends as usize + play.stage.websale.dispatches().len(), usize::from(channel.is_sent()));
    }
}

#[tokio::test]
async fn a_cancellation_counts_while_the_promotion_waits_for_another_try() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.stage.websale.will("login", Script::Answer(423, Value::Null));
        let schedule = play.schedule(&at_once(channel, 0));
        let Settlement::Back { after } = play.handle(&schedule).await else { panic!("not back") };
        assert_eq!(after, Duration::from_mins(15));
        play.stage.world.advance(60);
        let cancellation = play.cancellation(1);
        assert!(matches!(play.handle(&cancellation).await, Settlement::Back { .. }));
        assert_eq!(play.state(), State::Cancelled);
        play.stage.world.advance(900);
        play.done(&schedule).await;
        play.dispatches().await;
        play.done(&cancellation).await;
        let row = play.row();
        assert_eq!((row.state, row.attempts.len(), row.attention), (State::Cancelled, 0, None));
        assert_eq!((play.calls(), play.stage.world.ledger.parts()), (vec![], 0));
    }
}

#[tokio::test]
async fn a_cancellation_that_fails_is_tried_again() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::News, 0)).await;
    play.stage.websale.will("edit", Script::Answer(503, Value::Null));
    let cancellation = play.cancellation(1);
    assert!(matches!(play.handle(&cancellation).await, Settlement::Back { .. }));
    play.stage.world.advance(10);
    play.done(&cancellation).await;
    assert!(!play.stage.websale.entries()[&64].active);
    assert_eq!(play.state(), State::Cancelled);
}
