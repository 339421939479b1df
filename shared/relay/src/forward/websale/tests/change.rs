use super::*;
use crate::destination::websale::stage::Script;

#[tokio::test]
async fn a_push_changed_before_its_time_is_edited_and_goes_out_as_changed() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::Push, 0)).await;
    play.schedules(&Promotion { link: None, ..titled("New", tomorrow(Channel::Push, 1)) }).await;
    let calls = play.calls();
    assert_eq!(calls.len(), 2);
    let edit = calls[1].strip_prefix("edit 64 ").unwrap();
    let edit: Value = serde_json::from_str(edit).unwrap();
    assert_eq!((&edit["title"], &edit["url"], &edit["urlType"]), (&"New".into(), &"".into(), &"".into()));
    play.advance_to(minute(24 * 60));
    play.dispatches().await;
    assert_eq!(play.calls(), [r#"edit 64 {"active":true}"#, "send"]);
    assert_eq!(play.title(), "New");
}

#[tokio::test]
async fn a_due_message_of_an_older_revision_is_void() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.advance_to(minute(24 * 60));
        dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
        let [old] = play.queued().try_into().unwrap();
        let later = Promotion {
            send_at: Some(minute(25 * 60)),
            send_before: Some(minute(26 * 60)),
            ..titled("Later", tomorrow(channel, 1))
        };
        play.schedules(&later).await;
        play.calls();
        play.done(&old).await;
        assert_eq!((play.calls(), play.state()), (vec![], State::Scheduled));
        play.advance_to(minute(25 * 60));
        play.done(&old).await;
        assert_eq!((play.calls(), play.state()), (vec![], State::Scheduled));
        play.dispatches().await;
        assert!(matches!(play.state(), State::Delivered | State::Sent));
    }
}

#[tokio::test]
async fn the_stored_content_of_a_changed_personalised_push_is_replaced() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::PersonalisedPush, 0)).await;
    play.schedules(&titled("New", tomorrow(Channel::PersonalisedPush, 1))).await;
    assert_eq!(play.stage.world.ledger.parts(), 1);
    play.advance_to(minute(24 * 60));
    play.dispatches().await;
    let dispatches = play.stage.websale.dispatches();
    assert_eq!(dispatches.len(), 1);
    assert_eq!(dispatches[0]["message"]["title"], "New");
}

#[tokio::test]
async fn a_push_changed_after_it_was_sent_is_edited_and_never_sent_again() {
    let play = Play::new();
    play.schedules(&at_once(Channel::Push, 0)).await;
    play.schedules(&titled("New", tomorrow(Channel::Push, 1))).await;
    play.advance_to(minute(24 * 60));
    assert!(play.dispatches().await.is_empty());
    assert_eq!(play.title(), "New");
    assert_eq!((play.stage.websale.entries()[&64].sends, play.state()), (1, State::Delivered));
}

#[tokio::test]
async fn a_personalised_push_changed_after_it_was_sent_is_too_late_and_still_polled() {
    let play = Play::new();
    play.schedules(&at_once(Channel::PersonalisedPush, 0)).await;
    let due = play.row().due;
    assert!(due.is_some());
    play.schedules(&titled("New", tomorrow(Channel::PersonalisedPush, 1))).await;
    let row = play.row();
    assert_eq!((row.state, row.due, row.expires_at), (State::TooLate, due, None));
    assert_eq!(play.stage.websale.dispatches().len(), 1);
}

#[tokio::test]
async fn a_newer_revision_with_the_same_content_is_recorded_and_not_sent() {
    for channel in Channel::ALL {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        play.schedules(&tomorrow(channel, 5)).await;
        assert_eq!(play.calls(), [""; 0], "{channel:?}");
        play.schedules(&titled("Old", tomorrow(channel, 4))).await;
        assert_eq!(play.calls(), [""; 0], "{channel:?}");
        play.advance_to(minute(24 * 60));
        play.dispatches().await;
        assert!(matches!(play.state(), State::Delivered | State::Sent), "{channel:?}");
    }
}

#[tokio::test]
async fn webhooks_in_the_wrong_order_end_with_the_newest() {
    for channel in [Channel::Push, Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.schedules(&titled("Third", tomorrow(channel, 3))).await;
        play.schedules(&titled("First", tomorrow(channel, 1))).await;
        play.schedules(&titled("Second", tomorrow(channel, 2))).await;
        assert_eq!(play.title(), "Third");
    }
}

#[tokio::test]
async fn a_changed_channel_is_parked_and_what_waited_does_not_go_out() {
    let play = Play::new();
    let first = play.schedule(&tomorrow(Channel::Push, 0));
    play.done(&first).await;
    play.schedules(&tomorrow(Channel::News, 1)).await;
    assert_eq!((play.parked(), play.state()), (vec!["channel_changed".to_owned()], State::Parked));
    play.done(&first).await;
    play.schedules(&tomorrow(Channel::News, 1)).await;
    play.advance_to(minute(24 * 60));
    assert!(play.dispatches().await.is_empty());
    assert_eq!(play.calls(), ["create"]);
    // The shop thinks better of it.
    play.schedules(&Promotion { send_before: Some(minute(26 * 60)), ..tomorrow(Channel::Push, 2) }).await;
    assert_eq!((play.state(), play.row().attention), (State::Delivered, None));
}

#[tokio::test]
async fn an_entry_that_websale_does_not_know_any_more_is_parked() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::News, 0)).await;
    play.stage.websale.will("edit", Script::Answer(404, Value::Null));
    play.schedules(&titled("New", tomorrow(Channel::News, 1))).await;
    assert_eq!((play.parked(), play.state()), (vec!["permanent".to_owned()], State::Parked));
}
