//! A worker may end at any call to a port, before or after the call was made. Whoever comes next ends the same way.

use super::*;

/// What is delivered, in this order.
type Story = fn(&Play) -> Vec<Message>;

/// The state of the world is right: everything went out once, at most one entry is left over, and that is invisible.
fn check(play: &Play, channel: Channel, told: &str) {
    let entries = play.stage.websale.entries();
    let (shown, left): (Vec<_>, Vec<_>) = entries.values().partition(|entry| entry.active);
    let dispatches = play.stage.websale.dispatches().len();
    assert!(left.len() <= 1 && left.iter().all(|entry| entry.sends == 0), "{told}: {entries:?}");
    match channel {
        Channel::Push => assert!(shown.len() == 1 && shown[0].sends == 1, "{told}: {entries:?}"),
        Channel::News | Channel::Teaser => assert_eq!(shown.len(), 1, "{told}: {entries:?}"),
        Channel::PersonalisedPush => match play.state() {
            State::Sent => assert_eq!(dispatches, 1, "{told}"),
            State::OutcomeUnknown => assert!(dispatches <= 1, "{told}"),
            other => panic!("{told}: {other:?}"),
        },
    }
    if channel != Channel::PersonalisedPush {
        assert_eq!(play.state(), State::Delivered, "{told}");
    }
    let row = play.row();
    assert!(row.attempts.is_empty() && row.last_error.is_none_or(|error| error.code == "worker_vanished"), "{told}");
}

/// The queue brings messages back until they are settled; the dispatcher runs in between.
async fn settle(play: &Play, messages: &[Message]) {
    for _ in 0..3 {
        for message in messages {
            play.stage.world.advance(200);
            play.handle(message).await;
        }
        play.stage.world.advance(700);
        play.dispatches().await;
    }
}

async fn survives(channel: Channel, story: Story) {
    for crash in [Crash::Before, Crash::After] {
        for victim in 0.. {
            let mut crashed_any = false;
            for number in 0.. {
                let told = format!("{channel:?}, message {victim}, {crash:?} call {number}");
                let mut play = Play::new();
                let messages = story(&play);
                let Some(message) = messages.get(victim) else { return assert!(victim > 0) };
                for earlier in &messages[..victim] {
                    play.done(earlier).await;
                }
                let received = play.stage.world.received(message);
                if !play.crashes(received, number, crash) {
                    break;
                }
                crashed_any = true;
                play.restarted();
                settle(&play, &messages[victim..]).await;
                play.advance_to(minute(24 * 60 + 60));
                settle(&play, &[]).await;
                check(&play, channel, &told);
            }
            assert!(crashed_any);
        }
    }
}

#[tokio::test]
async fn every_channel_sent_at_once_survives_a_crash_at_any_call() {
    for channel in Channel::ALL {
        let story: Story = match channel {
            Channel::Push => |play| vec![play.schedule(&at_once(Channel::Push, 0))],
            Channel::News => |play| vec![play.schedule(&at_once(Channel::News, 0))],
            Channel::Teaser => |play| vec![play.schedule(&at_once(Channel::Teaser, 0))],
            Channel::PersonalisedPush => |play| vec![play.schedule(&at_once(Channel::PersonalisedPush, 0))],
        };
        survives(channel, story).await;
    }
}

#[tokio::test]
async fn a_scheduled_and_changed_promotion_survives_a_crash_at_any_call() {
    survives(Channel::Push, |play| {
        let changed = titled("New", tomorrow(Channel::Push, 1));
        vec![play.schedule(&tomorrow(Channel::Push, 0)), play.schedule(&changed)]
    })
    .await;
    survives(Channel::PersonalisedPush, |play| {
        let changed = titled("New", tomorrow(Channel::PersonalisedPush, 1));
        vec![play.schedule(&tomorrow(Channel::PersonalisedPush, 0)), play.schedule(&changed)]
    })
    .await;
}

#[tokio::test]
async fn a_due_promotion_survives_a_crash_at_any_call() {
    for channel in [Channel::Push, Channel::PersonalisedPush] {
        for crash in [Crash::Before, Crash::After] {
            for number in 0.. {
                let mut play = Play::new();
                play.schedules(&tomorrow(channel, 0)).await;
                play.advance_to(minute(24 * 60));
                dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
                let [due] = play.queued().try_into().unwrap();
                if !play.crashes(play.stage.world.received(&due), number, crash) {
                    assert!(number > 5);
                    break;
                }
                play.restarted();
                settle(&play, &[due]).await;
                check(&play, channel, &format!("{channel:?} {crash:?} call {number}"));
            }
        }
    }
}

#[tokio::test]
async fn a_cancellation_survives_a_crash_at_any_call() {
    for channel in [Channel::Push, Channel::News, Channel::PersonalisedPush] {
        for crash in [Crash::Before, Crash::After] {
            for number in 0.. {
                let mut play = Play::new();
                play.schedules(&tomorrow(channel, 0)).await;
                let cancellation = play.cancellation(1);
                if !play.crashes(play.stage.world.received(&cancellation), number, crash) {
                    assert!(number > 2);
                    break;
                }
                play.restarted();
                settle(&play, &[cancellation]).await;
                play.advance_to(minute(24 * 60 + 60));
                settle(&play, &[]).await;
                let told = format!("{channel:?} {crash:?} call {number}");
                assert_eq!(play.state(), State::Cancelled, "{told}");
                assert!(play.stage.websale.entries().values().all(|entry| !entry.active && entry.sends == 0), "{told}");
                assert_eq!((play.stage.websale.dispatches().len(), play.stage.world.ledger.parts()), (0, 0), "{told}");
            }
        }
    }
}
