//! What is foretold is compared with what the forwarder then does.

use super::*;
use crate::{
    destination::websale::stage::Script,
    forward::websale::tests::{Play, at_once, minute, titled, tomorrow},
    queue::Settlement,
};

impl Play {
    /// What is foretold, then what comes of it: the calls, and the state.
    async fn foretold(&self, message: &Message) -> (Outlook, Vec<String>, State) {
        self.calls();
        let rows = self.stage.world.ledger.rows();
        let outlook = Outlook::of(message, rows.values().find(|row| row.key == message.row_key().unwrap()));
        assert_eq!(self.handle(message).await, Settlement::Done);
        (outlook, self.calls(), self.state())
    }
}

const SENT: [Channel; 2] = [Channel::Push, Channel::PersonalisedPush];

#[tokio::test]
async fn what_is_new_or_waits_is_scheduled_changed_and_called_off() {
    for channel in SENT {
        let play = Play::new();
        let first = play.schedule(&tomorrow(channel, 0));
        let (outlook, _, state) = play.foretold(&first).await;
        assert_eq!((outlook, state), (Outlook::New, State::Scheduled));
        play.stage.world.advance(600);
        assert_eq!(play.foretold(&first).await.0, Outlook::NotNewer);
        let (outlook, _, state) = play.foretold(&play.schedule(&titled("New", tomorrow(channel, 1)))).await;
        assert_eq!((outlook, state), (Outlook::Changes, State::Scheduled));
        let (outlook, _, state) = play.foretold(&play.cancellation(2)).await;
        assert_eq!((outlook, state), (Outlook::CallsOff, State::Cancelled));
        for again in [play.cancellation(2), play.cancellation(3)] {
            let (outlook, _, state) = play.foretold(&again).await;
            assert_eq!((outlook, state), (Outlook::CalledOff, State::Cancelled));
        }
        assert_eq!(play.foretold(&first).await.0, Outlook::CalledOff, "an older schedule does not bring it back");
        let (outlook, _, state) = play.foretold(&play.schedule(&tomorrow(channel, 4))).await;
        assert_eq!((outlook, state), (Outlook::New, State::Scheduled));
    }
}

#[tokio::test]
async fn what_is_out_is_not_sent_again_and_cannot_be_called_off() {
    for channel in SENT {
        let play = Play::new();
        play.done(&play.schedule(&at_once(channel, 0))).await;
        play.stage.world.advance(600);
        let (outlook, calls, _) = play.foretold(&play.schedule(&titled("New", tomorrow(channel, 1)))).await;
        match channel {
            Channel::Push => {
                assert_eq!(outlook, Outlook::EditsOnly);
                assert!(calls.len() == 1 && calls[0].starts_with("edit"), "{calls:?}");
            }
            _ => assert_eq!((outlook, calls), (Outlook::TooLate, vec![])),
        }
        let (outlook, calls, state) = play.foretold(&play.cancellation(2)).await;
        assert_eq!((outlook, calls, state), (Outlook::TooLate, vec![], State::TooLate));
    }
}

#[tokio::test]
async fn what_is_shown_can_be_taken_off() {
    for channel in [Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.done(&play.schedule(&at_once(channel, 0))).await;
        play.stage.world.advance(600);
        let (outlook, _, state) = play.foretold(&play.schedule(&titled("New", tomorrow(channel, 1)))).await;
        assert_eq!((outlook, state), (Outlook::Changes, State::Delivered));
        let (outlook, _, state) = play.foretold(&play.cancellation(2)).await;
        assert_eq!((outlook, state), (Outlook::CallsOff, State::Cancelled));
        assert!(!play.stage.websale.entries()[&64].active);
    }
}

#[tokio::test]
async fn a_channel_is_kept_a_doubt_is_settled_first_and_what_is_unknown_is_called_off_ahead() {
    let play = Play::new();
    play.done(&play.schedule(&tomorrow(Channel::Push, 0))).await;
    play.stage.world.advance(600);
    let (outlook, _, state) = play.foretold(&play.schedule(&tomorrow(Channel::PersonalisedPush, 1))).await;
    assert_eq!((outlook, state), (Outlook::OtherChannel(Channel::Push), State::Parked));

    let play = Play::new();
    play.stage.websale.will("personalised", Script::Lost);
    play.done(&play.schedule(&at_once(Channel::PersonalisedPush, 0))).await;
    play.stage.world.advance(600);
    for message in [play.schedule(&tomorrow(Channel::PersonalisedPush, 1)), play.cancellation(2)] {
        let (outlook, calls, state) = play.foretold(&message).await;
        assert_eq!((outlook, calls, state), (Outlook::Undecided, vec![], State::OutcomeUnknown));
    }

    let play = Play::new();
    play.advance_to(minute(5));
    let (outlook, _, state) = play.foretold(&play.cancellation(4)).await;
    assert_eq!((outlook, state), (Outlook::CallsOffUnknown, State::Cancelled));
}
