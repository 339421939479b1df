//! Whoever ends a promotion notes what the shop is to be told, in the same write.

use super::*;
use crate::{destination::websale::stage::Script, ledger::CallbackStatus};

/// What the shop is owed: status, revision in minutes after the start, and reason.
fn owed(play: &Play) -> Vec<(CallbackStatus, i64, Option<String>)> {
    let callbacks = play.row().callbacks.map(|callbacks| callbacks.owed).unwrap_or_default();
    let minutes = |at: Timestamp| at.duration_since(minute(0)).as_secs() / 60;
    callbacks.into_iter().map(|owed| (owed.status, minutes(owed.updated_at), owed.reason)).collect()
}

fn one(status: CallbackStatus, revision: i64, reason: Option<&str>) -> Vec<(CallbackStatus, i64, Option<String>)> {
    vec![(status, revision, reason.map(str::to_owned))]
}

#[tokio::test]
async fn the_shop_hears_that_a_promotion_is_out_in_each_of_its_revisions() {
    for channel in Channel::ALL {
        let play = Play::new();
        play.schedules(&at_once(channel, 1)).await;
        assert_eq!(owed(&play), one(CallbackStatus::Sent, 1, None), "{channel:?}");
        assert_eq!(play.row().expires_at, None, "{channel:?}: what is owed is not forgotten");
        if channel != Channel::PersonalisedPush {
            play.schedules(&titled("New", at_once(channel, 2))).await;
            assert_eq!(owed(&play), one(CallbackStatus::Sent, 2, None), "{channel:?}");
        }
    }
}

#[tokio::test]
async fn a_draft_and_a_promotion_that_waits_are_no_news() {
    for channel in Channel::ALL {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 1)).await;
        if channel.is_sent() {
            assert_eq!(owed(&play), [], "{channel:?}");
        }
    }
    let play = Play::new();
    play.schedules(&Promotion { draft: true, ..tomorrow(Channel::News, 1) }).await;
    assert_eq!(owed(&play), []);
}

#[tokio::test]
async fn a_promotion_called_off_is_cancelled_or_it_is_too_late() {
    for channel in Channel::ALL {
        let play = Play::new();
        play.cancels(2).await;
        assert_eq!(owed(&play), one(CallbackStatus::Cancelled, 2, None), "{channel:?}, never heard of");
        let play = Play::new();
        play.schedules(&at_once(channel, 1)).await;
        play.cancels(2).await;
        let last = if channel.is_sent() { CallbackStatus::TooLate } else { CallbackStatus::Cancelled };
        let told = [one(CallbackStatus::Sent, 1, None), one(last, 2, None)].concat();
        assert_eq!(owed(&play), told, "{channel:?}");
    }
}

#[tokio::test]
async fn the_shop_hears_why_a_promotion_was_given_up_and_of_doubt() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::Push, 1)).await;
    play.schedules(&tomorrow(Channel::News, 2)).await;
    assert_eq!(owed(&play), one(CallbackStatus::Parked, 2, Some("channel_changed")));
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Lost);
    play.schedules(&at_once(Channel::PersonalisedPush, 1)).await;
    assert_eq!(owed(&play), one(CallbackStatus::OutcomeUnknown, 1, Some("no_answer")));
    let play = Play::new();
    play.stage.websale.will("personalised", Script::Answer(200, serde_json::json!({})));
    play.schedules(&at_once(Channel::PersonalisedPush, 1)).await;
    assert_eq!(owed(&play), one(CallbackStatus::Sent, 1, Some("no_dispatch_id")));
}

#[tokio::test]
async fn a_promotion_goes_out_in_time_though_the_shop_has_yet_to_be_told_something() {
    let play = Play::new();
    play.cancels(1).await;
    play.schedules(&tomorrow(Channel::Push, 2)).await;
    assert_eq!(play.row().index().map(|due| due.purpose), Some(crate::ledger::Purpose::Poll));
    play.advance_to(minute(24 * 60));
    assert_eq!(play.dispatches().await, [Settlement::Done]);
    assert_eq!(play.state(), State::Delivered);
}

#[tokio::test]
async fn where_the_shop_wants_to_be_told_is_kept_and_follows_changes() {
    let play = Play::new();
    let to = |url: &str, revision| {
        let callback_url = Some(url.to_owned());
        Promotion { callback_url, ..tomorrow(Channel::Push, revision) }
    };
    for (revision, url) in [(1, "https://shop.example/a"), (2, "https://shop.example/b")] {
        play.schedules(&to(url, revision)).await;
        assert_eq!(play.row().promotion.unwrap().callback_url.as_deref(), Some(url));
    }
}
