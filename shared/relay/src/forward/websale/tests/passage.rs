//! Promotions that may not go to WEBSALE now.

use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::Script,
    ledger::{self, Attention, Change, connection},
    message::RowKey,
    poll::Poller,
};

impl Play {
    fn connection_key() -> RowKey {
        connection::row_key(&"acme".parse().unwrap(), crate::shop::Destination::Websale)
    }

    pub(super) async fn set(&self, change: fn(Row, Timestamp) -> Row) {
        let (ports, key, now) = (&self.stage.ports, Self::connection_key(), self.now());
        let decide = |row: Option<&Row>| {
            let row = row.cloned().unwrap_or_else(|| Row::new(Self::connection_key(), now));
            Change::Write(Box::new(change(row, now)), ())
        };
        ledger::update(&*ports.ledger, &*ports.random, &key, ledger::Guess::Unknown, decide).await.unwrap();
    }
}

#[tokio::test]
async fn while_paused_nothing_is_sent_and_what_was_called_off_meanwhile_never_is() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        play.set(connection::paused).await;
        play.advance_to(minute(24 * 60 + 1));
        assert_eq!(play.dispatches().await, [], "the dispatcher leaves it where it is");
        let due = play.schedule(&tomorrow(channel, 0));
        assert_eq!(play.handle(&due).await, Settlement::Done, "nothing new: superseded");
        let called_off = play.cancellation(5);
        assert!(matches!(play.handle(&called_off).await, Settlement::Back { .. }));
        assert_eq!((play.calls(), play.state()), (vec![], State::Cancelled));
        play.set(connection::resumed).await;
        assert_eq!(play.dispatches().await, []);
        play.done(&called_off).await;
        assert_eq!(play.state(), State::Cancelled);
        assert!(!play.calls().iter().any(|call| call == "send" || call.starts_with("personalised")));
    }
}

#[tokio::test]
async fn a_cancellation_that_comes_first_while_paused_is_remembered() {
    let play = Play::new();
    play.set(connection::paused).await;
    assert!(matches!(play.handle(&play.cancellation(5)).await, Settlement::Back { .. }));
    assert_eq!(play.state(), State::Cancelled);
    play.set(connection::resumed).await;
    play.schedules(&at_once(Channel::Push, 0)).await;
    assert_eq!((play.calls(), play.state()), (vec![], State::Cancelled));
}

#[tokio::test]
async fn a_resumed_push_goes_out_within_minutes_and_an_open_one_is_asked_about_again() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::PersonalisedPush, 0)).await;
    play.advance_to(minute(24 * 60));
    play.set(connection::paused).await;
    assert_eq!(play.dispatches().await, []);
    play.stage.world.advance(60);
    play.set(connection::resumed).await;
    play.stage.world.advance(60);
    assert_eq!(play.dispatches().await, [Settlement::Done]);
    assert_eq!(play.state(), State::Sent);
    play.set(connection::paused).await;
    play.stage.world.advance(3600);
    let poller = Poller::new(play.stage.ports.clone(), play.stage.ports.http.clone(), play.stage.world.config.clone());
    let run = async || poller.run(play.now() + Duration::from_mins(1)).await.asked;
    assert_eq!(run().await, 0);
    play.set(connection::resumed).await;
    assert_eq!(run().await, 1);
}

#[tokio::test]
async fn a_wrong_path_is_shown_with_its_setting_and_does_not_drain_the_shop() {
    for (channel, call, setting) in [
        (Channel::News, "create", "endpoints.create"),
        (Channel::News, "edit", "endpoints.edit"),
        (Channel::Push, "send", "endpoints.send"),
        (Channel::PersonalisedPush, "personalised", "endpoints.personalised"),
    ] {
        for status in [400, 404, 405, 410, 302] {
            let play = Play::new();
            let message = play.schedule(&at_once(channel, 0));
            for _ in 0..3 {
                play.stage.websale.will(call, Script::Answer(status, json!({"reason": "unknown action"})));
                assert!(matches!(play.handle(&message).await, Settlement::Back { .. }), "{call}: {status}");
                play.stage.world.advance(901);
            }
            let row = play.row();
            assert_eq!(row.attention, Some(Attention::ConfigurationFault), "{call}: {status}");
            let detail = row.last_error.unwrap().detail;
            assert!(detail.contains(setting) && detail.contains("unknown action"), "{call}: {status}: {detail}");
            let connection = play.stage.world.ledger.rows().remove(&Play::connection_key().to_string()).unwrap();
            assert_eq!(connection.attention, Some(Attention::ConfigurationFault), "no other delivery tries it now");
            let matter = *connection.connection.unwrap().faults.keys().next().unwrap();
            assert!(matter.settings().contains(setting), "{matter}");
            assert!(play.parked().is_empty());
            // The probe.
            play.done(&message).await;
            assert!(matches!(play.state(), State::Sent | State::Delivered), "{call}: {status}");
        }
    }
}
