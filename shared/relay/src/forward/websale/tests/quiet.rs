//! Pushes that are delayed into the shop's quiet hours: two of them, four of the hours in which these pushes may go out.

use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::Script,
    ledger::{Attention, Change, Due, Finding, Guess, Purpose, connection, resolve, update},
};

const SENT: [Channel; 2] = [Channel::Push, Channel::PersonalisedPush];
const DAY: i64 = 24 * 60;
/// Quiet from two to four hours after these pushes are due.
const QUIET: &str = "12:00-14:00 Europe/Berlin";
const BEGIN: i64 = DAY + 120;
const END: i64 = DAY + 240;

impl Play {
    fn quiet(&self, promotion: &Promotion) -> Message {
        Message { quiet_hours: Some(QUIET.parse().unwrap()), ..self.schedule(promotion) }
    }

    /// How often a push went out.
    fn sends(&self) -> usize {
        let entries: u32 = self.stage.websale.entries().values().map(|entry| entry.sends).sum();
        self.stage.websale.dispatches().len() + usize::try_from(entries).unwrap()
    }

    /// The push waits for the end of the quiet hours and then goes out, once.
    async fn waits_and_goes_out(&self) {
        assert_eq!((self.state(), self.sends()), (State::Scheduled, 0));
        let row = self.row();
        assert_eq!(row.due, Some(Due { purpose: Purpose::Send, at: minute(END) }));
        assert!(row.lease.is_none() && row.attempts.is_empty(), "{row:?}");
        assert!(serde_json::to_string(&row).unwrap().len() < 1024);
        self.advance_to(minute(END - 1));
        assert_eq!((self.dispatches().await, self.sends()), (vec![], 0));
        self.advance_to(minute(END));
        assert_eq!(self.dispatches().await, [Settlement::Done]);
        assert!(matches!(self.state(), State::Delivered | State::Sent));
        assert_eq!((self.sends(), self.parked()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_push_that_nobody_dispatched_in_time_waits_for_the_end_of_the_quiet_hours() {
    for channel in SENT {
        let play = Play::new();
        play.done(&play.quiet(&tomorrow(channel, 0))).await;
        play.advance_to(minute(BEGIN));
        assert_eq!(play.dispatches().await, [Settlement::Done]);
        play.waits_and_goes_out().await;
    }
}

#[tokio::test]
async fn a_push_outside_of_them_is_not_delayed() {
    for channel in SENT {
        for now in [DAY, BEGIN - 1, END] {
            let play = Play::new();
            play.done(&play.quiet(&tomorrow(channel, 0))).await;
            play.advance_to(minute(now));
            play.dispatches().await;
            assert_eq!(play.sends(), 1, "{channel:?} at {now}");
        }
    }
}

#[tokio::test]
async fn so_does_one_whose_webhook_lay_on_the_queue() {
    for channel in SENT {
        let play = Play::new();
        let message = play.quiet(&tomorrow(channel, 0));
        play.advance_to(minute(BEGIN + 30));
        play.done(&message).await;
        play.waits_and_goes_out().await;
    }
}

#[tokio::test]
async fn so_does_one_that_an_outage_delayed_whichever_message_brings_it_back() {
    for channel in SENT {
        let play = Play::new();
        let call = if channel == Channel::Push { "send" } else { "personalised" };
        let at_due = Promotion { send_at: Some(minute(BEGIN - 1)), ..tomorrow(channel, 0) };
        let message = play.quiet(&at_due);
        play.advance_to(minute(BEGIN - 1));
        play.stage.websale.will(call, Script::Answer(429, json!({})));
        assert!(matches!(play.handle(&message).await, Settlement::Back { .. }));
        play.stage.world.advance(600);
        // The message that failed comes back, and the dispatcher finds the promotion due, too.
        play.done(&message).await;
        play.dispatches().await;
        play.waits_and_goes_out().await;
    }
}

#[tokio::test]
async fn so_does_one_that_was_paused() {
    let play = Play::new();
    play.done(&play.quiet(&tomorrow(Channel::PersonalisedPush, 0))).await;
    play.set(connection::paused).await;
    play.advance_to(minute(DAY));
    assert_eq!(play.dispatches().await, []);
    play.advance_to(minute(BEGIN + 5));
    play.set(connection::resumed).await;
    assert_eq!(play.dispatches().await, [Settlement::Done]);
    play.waits_and_goes_out().await;
}

#[tokio::test]
async fn what_may_not_go_out_after_them_is_parked_when_it_would_have_to_wait() {
    for channel in SENT {
        for send_before in [END - 30, END] {
            let play = Play::new();
            let promotion = Promotion { send_before: Some(minute(send_before)), ..tomorrow(channel, 0) };
            play.done(&play.quiet(&promotion)).await;
            play.advance_to(minute(BEGIN));
            assert_eq!(play.dispatches().await, [Settlement::Done]);
            assert_eq!((play.parked(), play.sends()), (vec!["too_late_to_send".to_owned()], 0));
            let row = play.row();
            assert_eq!((row.state, row.attention), (State::Parked, Some(Attention::Parked)));
            assert!(row.last_error.unwrap().detail.contains("quiet hours"));
            // There is time to plan it anew.
            let newer = Promotion { send_before: Some(minute(END + 60)), ..tomorrow(channel, DAY + 121) };
            play.advance_to(minute(BEGIN + 5));
            play.done(&play.quiet(&newer)).await;
            play.stage.world.queue.parked.lock().unwrap().clear();
            play.waits_and_goes_out().await;
        }
    }
}

#[tokio::test]
async fn what_an_operator_puts_back_waits_too() {
    for channel in SENT {
        let play = Play::new();
        let call = if channel == Channel::Push { "send" } else { "personalised" };
        play.done(&play.quiet(&tomorrow(channel, 0))).await;
        play.advance_to(minute(DAY));
        play.stage.websale.will(call, Script::Answer(422, json!({})));
        dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
        let [due] = play.queued().try_into().unwrap();
        play.done(&due).await;
        assert_eq!(play.state(), State::Parked);
        play.stage.world.queue.parked.lock().unwrap().clear();
        play.advance_to(minute(BEGIN + 1));
        play.done(&due).await;
        play.waits_and_goes_out().await;
    }
}

#[tokio::test]
async fn what_a_person_says_was_not_sent_waits_too() {
    let play = Play::new();
    play.done(&play.quiet(&tomorrow(Channel::PersonalisedPush, 0))).await;
    play.advance_to(minute(DAY));
    play.stage.websale.will("personalised", Script::Answer(500, json!({})));
    play.dispatches().await;
    assert_eq!(play.state(), State::OutcomeUnknown);
    play.advance_to(minute(BEGIN + 1));
    let (row, ports) = (play.row(), &play.stage.ports);
    let decide = |row: Option<&Row>| {
        let (row, _) = resolve(row.unwrap().clone(), Finding::NotSent, play.now()).unwrap();
        Change::Write(Box::new(row), ())
    };
    update(&*ports.ledger, &*ports.random, &row.key, Guess::Unknown, decide).await.unwrap();
    assert_eq!(play.dispatches().await, [Settlement::Done]);
    play.waits_and_goes_out().await;
}

#[tokio::test]
async fn what_waits_for_their_end_can_be_changed_and_called_off() {
    for channel in SENT {
        let play = Play::new();
        play.done(&play.quiet(&tomorrow(channel, 0))).await;
        play.advance_to(minute(BEGIN));
        play.dispatches().await;
        play.advance_to(minute(DAY + 130));
        play.done(&play.quiet(&titled("New", tomorrow(channel, DAY + 130)))).await;
        assert_eq!(play.row().due.unwrap().at, minute(END));
        play.advance_to(minute(DAY + 140));
        play.cancels(DAY + 140).await;
        play.advance_to(minute(END));
        assert_eq!((play.dispatches().await, play.sends(), play.state()), (vec![], 0, State::Cancelled));
    }
}

#[tokio::test]
async fn a_shop_that_changes_its_quiet_hours_says_so_by_scheduling_again() {
    for channel in SENT {
        let play = Play::new();
        play.done(&play.schedule(&tomorrow(channel, 0))).await;
        assert_eq!(play.row().promotion.unwrap().quiet_hours, None);
        play.done(&play.quiet(&tomorrow(channel, 1))).await;
        assert_eq!(play.row().promotion.unwrap().quiet_hours, Some(QUIET.parse().unwrap()));
        play.advance_to(minute(BEGIN));
        play.dispatches().await;
        play.waits_and_goes_out().await;
    }
}

#[tokio::test]
async fn what_is_not_sent_knows_no_quiet_hours() {
    for channel in [Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.advance_to(minute(BEGIN - DAY));
        play.done(&play.quiet(&at_once(channel, 0))).await;
        assert_eq!(play.state(), State::Delivered);
    }
}
