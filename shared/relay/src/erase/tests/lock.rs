//! Where sweeps hide from others what they look at, one goes on after the other.

use std::sync::Arc;

use super::*;
use crate::{
    Async,
    forward::testing::TestQueue,
    queue::{Place, SWEEP_HIDES, Sweep, SweepEnd, Swept},
};

/// A queue that hides what it sweeps, and never comes to the end of the dead letters at first.
struct Hiding {
    queue: Arc<TestQueue>,
    ends: std::sync::Mutex<Vec<SweepEnd>>,
}

impl Queue for Hiding {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        self.queue.send(message)
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        self.queue.park(letter)
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(async move {
            let end = match sweep.place {
                Place::Waiting => SweepEnd::Unreachable,
                Place::Dead => self.ends.lock().unwrap().pop().unwrap_or(SweepEnd::Complete),
            };
            Ok(Swept { examined: 0, end })
        })
    }

    fn hides_what_it_sweeps(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_second_walk_waits_until_the_first_is_done_or_what_it_hid_is_seen_again() {
    let town = Town::new();
    let ends = std::sync::Mutex::new(vec![SweepEnd::OutOfTime]);
    let queue = Hiding { queue: town.world.queue.clone(), ends };
    let key = town.world.ports.secrets.installation().await.unwrap();
    let ports = &town.world.ports;
    let at =
        Surroundings { ledger: &*ports.ledger, queue: &queue, clock: &*ports.clock, random: &*ports.random, key: &key };
    let request =
        Request { shop: "acme".parse().unwrap(), whose: Whose::Person(person(CANARY, 30)), reach: Reach::Named };
    let until = || ports.clock.now() + std::time::Duration::from_mins(1);
    let Outcome::Later { progress: first, .. } = forget(at, &request, Progress::named("first"), until()).await.unwrap()
    else {
        panic!("there is more")
    };
    let Outcome::Later { progress: second, at: when } =
        forget(at, &request, Progress::named("second"), until()).await.unwrap()
    else {
        panic!("the first has the lock")
    };
    assert!(when > ports.clock.now());
    let Outcome::Done(receipt) = forget(at, &request, first.clone(), until()).await.unwrap() else { panic!("held up") };
    assert_eq!(receipt.not_reached, [Unreached::OtherOrders, Unreached::WaitingMessages]);
    assert!(matches!(forget(at, &request, second, until()).await, Ok(Outcome::Done(_))));
    assert!(town.rows().keys().all(|key| !key.contains("sweep")), "{:?}", town.rows().keys());
    // A first that never comes back.
    queue.ends.lock().unwrap().push(SweepEnd::OutOfTime);
    forget(at, &request, Progress::named("first"), until()).await.unwrap();
    town.world.advance(i64::try_from(SWEEP_HIDES.as_secs()).unwrap() + 61);
    assert!(matches!(forget(at, &request, Progress::named("third"), until()).await, Ok(Outcome::Done(_))));
}
