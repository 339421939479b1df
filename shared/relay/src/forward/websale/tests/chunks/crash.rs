//! A worker may end at any call to a port.

use super::*;

fn check(play: &Play, told: &str) {
    let reached = play.reached();
    let mut once = reached.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), reached.len(), "{told}: nobody twice: {reached:?}");
    let unknown: Vec<u32> = (1..=3).filter(|n| play.chunk(*n).unwrap().state == State::OutcomeUnknown).collect();
    assert!(unknown.len() <= 1, "{told}: {unknown:?}");
    let missing = ALL.iter().filter(|one| !reached.contains(&(**one).to_owned())).count();
    let row = play.row();
    if unknown.is_empty() {
        assert_eq!((missing, row.state), (0, State::Delivered), "{told}");
        assert_eq!((row.poll.unwrap().receivers, play.stage.world.ledger.parts()), (Some(6), 0), "{told}");
    } else {
        assert!(missing <= 2 && row.state == State::Sent, "{told}: {missing} {:?}", row.state);
        assert_eq!(play.stage.world.ledger.parts(), 1, "{told}: a person may have it sent");
    }
}

#[tokio::test]
async fn every_address_is_reached_once_though_the_worker_ends_at_any_call() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let mut play = Play::by_twos();
            let message = play.schedule(&large_at_once());
            if !play.crashes(play.stage.world.received(&message), number, crash) {
                assert!(number > 15, "{number}");
                break;
            }
            play.restarted();
            play.goes_on(&[message]).await;
            check(&play, &format!("at once, {crash:?} call {number}"));
        }
    }
}

#[tokio::test]
async fn the_dispatcher_brings_back_what_no_message_brings_back() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let mut play = Play::by_twos();
            play.schedules(&large(tomorrow(Channel::PersonalisedPush, 0))).await;
            play.advance_to(minute(24 * 60));
            dispatch(&play.stage.ports, play.now() + Duration::from_secs(50)).await;
            let [due] = play.queued().try_into().unwrap();
            if !play.crashes(play.stage.world.received(&due), number, crash) {
                break;
            }
            play.restarted();
            play.goes_on(&[]).await;
            check(&play, &format!("due, {crash:?} call {number}"));
        }
    }
}

#[tokio::test]
async fn a_second_crash_while_the_rest_goes_out_changes_nothing() {
    for first in 0.. {
        let mut ended = false;
        for second in (0..).step_by(3) {
            let mut play = Play::by_twos();
            let message = play.schedule(&large_at_once());
            if !play.crashes(play.stage.world.received(&message), first, Crash::After) {
                ended = true;
                break;
            }
            play.restarted();
            play.stage.world.advance(200);
            let crashed = play.crashes(play.stage.world.received(&message), second, Crash::After);
            play.restarted();
            play.goes_on(&[message]).await;
            let reached = play.reached();
            let mut once = reached.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), reached.len(), "{first} {second}: {reached:?}");
            assert!(reached.len() + 2 * play.unknown() >= 5, "{first} {second}: {reached:?}");
            if !crashed {
                break;
            }
        }
        if ended {
            break;
        }
    }
}

impl Play {
    fn unknown(&self) -> usize {
        self.chunk_states().iter().filter(|state| **state == State::OutcomeUnknown).count()
    }
}

#[tokio::test]
async fn adding_up_survives_a_crash_at_any_call() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let play = Play::by_twos();
            play.schedules(&large_at_once()).await;
            play.stage.world.advance(60);
            for _ in 0..6 {
                let done = json!({"status": "finished", "countReceiver": 2, "countSent": 1, "countError": 1});
                play.stage.websale.will("status", Script::Answer(200, done));
            }
            let poller =
                Poller::new(play.stage.ports.clone(), play.stage.world.http.clone(), play.stage.world.config.clone());
            play.stage.fuse.set(number, crash);
            let crashed = tokio::select! {
                biased;
                _ = poller.run(play.now() + Duration::from_secs(50)) => false,
                () = async { while !play.stage.fuse.is_burnt() { tokio::task::yield_now().await; } } => true,
            };
            play.stage.fuse.clear();
            play.stage.websale.forgets("status");
            play.polls().await;
            check(&play, &format!("poller, {crash:?} call {number}"));
            if !crashed {
                break;
            }
        }
    }
}
