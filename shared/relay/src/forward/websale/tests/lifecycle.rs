use super::*;
use crate::{
    event::{Audience, AudienceFilter},
    ledger::{Due, Purpose},
};

const ACTIVATED: &str = r#"edit 64 {"active":true}"#;

#[tokio::test]
async fn a_push_is_created_inactive_on_receipt_and_sent_once_when_it_is_due() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::Push, 0)).await;
    assert_eq!(play.calls(), ["create"]);
    assert!(!play.stage.websale.entries()[&64].active);
    let row = play.row();
    assert_eq!(row.state, State::Scheduled);
    assert_eq!(row.due, Some(Due { purpose: Purpose::Send, at: minute(24 * 60) }));
    assert_eq!(row.expires_at, None);

    play.advance_to(minute(24 * 60 - 1));
    assert!(play.dispatches().await.is_empty());
    play.advance_to(minute(24 * 60));
    assert_eq!(play.dispatches().await, [Settlement::Done]);
    assert_eq!(play.calls(), [ACTIVATED, "send"]);
    let row = play.row();
    assert_eq!((row.state, row.due, row.steps.sent), (State::Delivered, None, true));
    assert!(row.lease.is_none() && row.attempts.is_empty());

    play.stage.world.advance(3600);
    assert!(play.dispatches().await.is_empty());
    assert_eq!(play.stage.websale.entries()[&64].sends, 1);
}

#[tokio::test]
async fn a_push_without_a_time_goes_out_at_once() {
    let play = Play::new();
    play.schedules(&at_once(Channel::Push, 0)).await;
    assert_eq!(play.calls(), ["create", ACTIVATED, "send"]);
    assert_eq!(play.state(), State::Delivered);
}

#[tokio::test]
async fn news_and_teasers_are_created_and_activated_on_receipt() {
    for channel in [Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        assert_eq!(play.calls(), ["create", ACTIVATED]);
        assert_eq!((play.state(), play.row().due), (State::Delivered, None));
    }
}

#[tokio::test]
async fn a_draft_stays_inactive_until_a_newer_revision_publishes_it() {
    for channel in [Channel::Push, Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.schedules(&Promotion { draft: true, ..tomorrow(channel, 0) }).await;
        assert_eq!(play.calls(), ["create"]);
        assert_eq!((play.state(), play.row().due), (State::Delivered, None));
        play.stage.world.advance(60);
        play.schedules(&tomorrow(channel, 1)).await;
        play.advance_to(minute(24 * 60));
        play.dispatches().await;
        let entry = &play.stage.websale.entries()[&64];
        assert!(entry.active);
        assert_eq!(entry.sends, u32::from(channel == Channel::Push));
        assert_eq!(play.state(), State::Delivered);
    }
}

#[tokio::test]
async fn a_publication_taken_back_to_draft_is_hidden_and_a_waiting_push_is_not_sent() {
    let news = Play::new();
    news.schedules(&tomorrow(Channel::News, 0)).await;
    news.schedules(&Promotion { draft: true, ..tomorrow(Channel::News, 1) }).await;
    assert!(!news.stage.websale.entries()[&64].active);

    let push = Play::new();
    push.schedules(&tomorrow(Channel::Push, 0)).await;
    push.schedules(&Promotion { draft: true, ..tomorrow(Channel::Push, 1) }).await;
    push.advance_to(minute(24 * 60));
    assert!(push.dispatches().await.is_empty());
    assert_eq!(push.stage.websale.entries()[&64].sends, 0);
}

#[tokio::test]
async fn nothing_of_a_personalised_push_reaches_websale_before_its_time() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::PersonalisedPush, 0)).await;
    assert!(play.stage.websale.log().is_empty());
    assert_eq!((play.state(), play.stage.world.ledger.parts()), (State::Scheduled, 1));
    let shown = serde_json::to_string(&play.row()).unwrap();
    assert!(!shown.contains('@') && shown.len() < 1024, "{} bytes: {shown}", shown.len());

    play.advance_to(minute(24 * 60));
    play.dispatches().await;
    assert_eq!(play.stage.websale.log(), ["login", "personalised"]);
    let row = play.row();
    assert_eq!((row.state, row.remote_id.as_deref()), (State::Sent, Some("101")));
    assert_eq!(row.due, Some(Due { purpose: Purpose::Poll, at: minute(24 * 60) + Duration::from_secs(30) }));
    assert_eq!(row.poll.unwrap().since, Some(minute(24 * 60)));
    let body = &play.stage.websale.dispatches()[0];
    assert_eq!(body["filter"]["email"], serde_json::json!(["ann@example.org", "bob@example.org"]));
}

#[tokio::test]
async fn an_audience_of_any_size_is_stored_in_parts_and_sent_whole() {
    let play = Play::new();
    let emails: Vec<_> = (0..20_000).map(|n| format!("customer-{n}@shop.example").parse().unwrap()).collect();
    let filter = AudienceFilter { connected: Some(true), emails: Some(emails), ..AudienceFilter::default() };
    let promotion = tomorrow(Channel::PersonalisedPush, 0);
    play.schedules(&Promotion { audience: Some(Audience::Filtered(filter)), ..promotion }).await;
    assert_eq!(play.stage.world.ledger.parts(), 2);
    play.advance_to(minute(24 * 60));
    play.dispatches().await;
    assert_eq!(play.stage.websale.dispatches()[0]["filter"]["email"].as_array().unwrap().len(), 20_000);
}

#[tokio::test]
async fn a_push_whose_dispatch_has_no_usable_id_is_delivered_and_not_polled() {
    let play = Play::new();
    play.stage.websale.will("personalised", crate::destination::websale::stage::Script::Answer(200, Value::Null));
    play.schedules(&at_once(Channel::PersonalisedPush, 0)).await;
    let row = play.row();
    assert_eq!((row.state, row.due, row.remote_id), (State::Delivered, None, None));
    assert_eq!(row.last_error.unwrap().code, "no_dispatch_id");
    assert_eq!(play.stage.world.ledger.parts(), 0);
}

#[tokio::test]
async fn a_webhook_delivered_twice_is_sent_once_for_every_channel() {
    for channel in Channel::ALL {
        for promotion in [at_once(channel, 0), tomorrow(channel, 0)] {
            let play = Play::new();
            let first = play.schedule(&promotion);
            play.done(&first).await;
            let calls = play.calls();
            // The queue delivers it again, then the shop does.
            play.done(&first).await;
            play.stage.world.advance(600);
            play.done(&play.schedule(&promotion)).await;
            assert_eq!(play.calls(), [""; 0], "{channel:?} after {calls:?}");
            play.advance_to(minute(24 * 60 + 20));
            play.dispatches().await;
            let entries = play.stage.websale.entries();
            assert!(entries.len() <= 1 && entries.values().all(|entry| entry.sends <= 1));
            assert!(play.stage.websale.dispatches().len() <= 1);
            assert!(matches!(play.state(), State::Delivered | State::Sent), "{channel:?}: {:?}", play.state());
        }
    }
}

#[tokio::test]
async fn two_dispatchers_at_once_send_a_push_once() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        play.advance_to(minute(24 * 60));
        let deadline = play.now() + Duration::from_secs(50);
        tokio::join!(dispatch(&play.stage.ports, deadline), dispatch(&play.stage.ports, deadline));
        let mut queued = play.queued();
        queued.push(queued[0].clone());
        let together = queued.iter().map(|message| play.handle(message));
        futures_util::future::join_all(together).await;
        for message in &queued {
            play.stage.world.advance(60);
            play.handle(message).await;
        }
        let sends = play.calls().iter().filter(|call| ["send", "personalised"].contains(&call.as_str())).count();
        assert_eq!(sends, 1, "{channel:?}");
    }
}
