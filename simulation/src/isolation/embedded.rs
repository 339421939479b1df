//! The one process: every message by itself, shops take turns, and one shop has only so many at work.

use std::sync::Arc;

use relay::{
    batch,
    queue::{Handler, Settlement},
};

use super::{Flaw, Outcome, Trial, Workers, mail::Room, worker};
use crate::{tasks::Tasks, world::Process};

/// Messages of one destination at work.
const AT_ONCE: usize = 256;
/// Of them, those of one shop.
const SHOP: usize = 16;

pub(super) struct Embedded {
    flaw: Flaw,
    process: Process,
    handler: Arc<dyn Handler>,
    at_work: usize,
    /// The shop served last.
    last: String,
}

impl Embedded {
    pub(super) fn new(room: &Room, trial: &Trial) -> Self {
        let handler = worker::handler(room, trial, 1, 1);
        Self { flaw: trial.flaw, process: room.world.process(1), handler, at_work: 0, last: String::new() }
    }
}

impl Workers for Embedded {
    fn start(&mut self, room: &Room, tasks: &mut Tasks<Outcome>) {
        while self.at_work < AT_ONCE {
            let next =
                if self.flaw == Flaw::Unfair { room.next_in_order() } else { room.next_in_turn(&self.last, SHOP) };
            let Some(stored) = next else { return };
            self.last.clone_from(&stored.shop);
            self.at_work += 1;
            let (process, handler) = (self.process.clone(), Arc::clone(&self.handler));
            let (now, limit) = (room.now(), worker::time_limit(room.destination));
            tasks.start(process.id, async move {
                process.pause(1, 5).await;
                let number = stored.number;
                let settled = batch::settle(&*handler, vec![worker::received(stored, now, limit)]).await;
                Outcome::Settled { worker: 0, settlements: std::iter::once(number).zip(settled).collect() }
            });
        }
    }

    fn ended(&mut self, _: usize, settlements: Vec<(u64, Settlement)>, room: &Room) {
        for (number, settlement) in settlements {
            self.at_work -= 1;
            room.settle(number, worker::back(settlement));
        }
    }
}
