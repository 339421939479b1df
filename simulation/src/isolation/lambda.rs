//! Functions: so many invocations at a time, each with a batch that ends as a whole.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use relay::{
    batch,
    queue::{Handler, Settlement},
    shop::Destination,
};

use super::{
    Flaw, Outcome, Trial, Workers,
    mail::{Room, Stored},
    worker,
};
use crate::{tasks::Tasks, world::Process};

/// Messages of one batch.
const BATCH: usize = 10;
/// How long SQS can hide a message, counted from its receipt, less what lies between that and the invocation.
const LONGEST_HOLD: SignedDuration = SignedDuration::from_mins(12 * 60 - 1);

/// Invocations at a time: the template's defaults.
const fn at_once(destination: Destination) -> usize {
    match destination {
        Destination::Websand => 10,
        Destination::Websale => 5,
    }
}

/// A function's environments.
pub(super) struct Lambda {
    flaw: Flaw,
    environments: Vec<Environment>,
}

/// One process; the next invocation goes to the first that is free.
struct Environment {
    process: Process,
    handler: Arc<dyn Handler>,
    began: Option<Timestamp>,
}

impl Lambda {
    pub(super) fn new(room: &Room, trial: &Trial) -> Self {
        let count = at_once(trial.destination);
        let environment = |number| Environment {
            process: room.world.process(number),
            handler: worker::handler(room, trial, number, count),
            began: None,
        };
        let environments = (1..).take(count).map(environment).collect();
        Self { flaw: trial.flaw, environments }
    }

    fn batch(&self, room: &Room) -> Vec<Stored> {
        let next = || if self.flaw == Flaw::Unfair { room.next_in_order() } else { room.next_by_noise() };
        std::iter::from_fn(next).take(BATCH).collect()
    }
}

impl Workers for Lambda {
    fn start(&mut self, room: &Room, tasks: &mut Tasks<Outcome>) {
        while let Some(worker) = self.environments.iter().position(|environment| environment.began.is_none()) {
            let batch = self.batch(room);
            if batch.is_empty() {
                return;
            }
            let (now, limit) = (room.now(), worker::time_limit(room.destination));
            let environment = &mut self.environments[worker];
            environment.began = Some(now);
            let (process, handler) = (environment.process.clone(), Arc::clone(&environment.handler));
            tasks.start(process.id, async move {
                // From the queue to the function.
                process.pause(5, 20).await;
                let numbers: Vec<u64> = batch.iter().map(|stored| stored.number).collect();
                let received = batch.into_iter().map(|stored| worker::received(stored, now, limit)).collect();
                let settled = batch::settle(&*handler, received).await;
                Outcome::Settled { worker, settlements: numbers.into_iter().zip(settled).collect() }
            });
        }
    }

    fn ended(&mut self, worker: usize, settlements: Vec<(u64, Settlement)>, room: &Room) {
        let began = self.environments[worker].began.take().unwrap_or_default();
        let longest = LONGEST_HOLD - room.now().duration_since(began);
        for (number, settlement) in settlements {
            room.settle(number, worker::back(settlement).map(|after| whole_seconds(after).min(longest)));
        }
    }
}

fn whole_seconds(after: SignedDuration) -> SignedDuration {
    let rounded_up = after.as_secs() + i64::from(after.subsec_nanos() > 0);
    SignedDuration::from_secs(rounded_up)
}
