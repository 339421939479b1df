//! Who was at work on what when processes died: only what went down with its workers may be taken for the cause.

use std::collections::BTreeMap;

use relay::{ledger::transition::MAX_UNFINISHED, queue::DeadLetter};
use serde_json::Value;

use crate::{invariant::Invariant, queue::Stored, world::State};

/// Events in hand, and how often those who had them died.
#[derive(Default)]
pub(crate) struct Suspects {
    in_hand: Vec<InHand>,
    deaths: BTreeMap<String, u8>,
}

struct InHand {
    process: u32,
    number: u64,
    event_id: String,
}

fn event_id(body: &str) -> String {
    let message: Value = serde_json::from_str(body).unwrap_or_default();
    message["id"].as_str().unwrap_or_default().to_owned()
}

impl State {
    /// A process begins with these messages.
    pub(crate) fn begun(&mut self, process: u32, taken: &[Stored]) {
        let in_hand = taken.iter().map(|Stored { number, body, .. }| (*number, event_id(body)));
        self.suspects.in_hand.extend(in_hand.map(|(number, event_id)| InHand { process, number, event_id }));
    }

    /// It has come to an end with one of them.
    pub(crate) fn ended(&mut self, process: u32, number: u64) {
        let in_hand = &mut self.suspects.in_hand;
        if let Some(place) = in_hand.iter().position(|held| (held.process, held.number) == (process, number)) {
            in_hand.swap_remove(place);
        }
    }

    /// It dies, with all that it has in hand.
    pub(crate) fn bury_with(&mut self, process: u32) {
        let Suspects { in_hand, deaths } = &mut self.suspects;
        for held in in_hand.extract_if(.., |held| held.process == process) {
            *deaths.entry(held.event_id).or_default() += 1;
        }
    }

    /// How often those who were at work on an event died.
    pub(crate) fn deaths_with(&self, event_id: &str) -> u8 {
        self.suspects.deaths.get(event_id).copied().unwrap_or_default()
    }

    /// Nothing may be given up as the cause of deaths that has not seen as many.
    pub(crate) fn is_suspect(&mut self, letter: &DeadLetter) {
        let deaths = self.deaths_with(&event_id(&letter.body));
        if letter.reason == "crashed" && deaths < MAX_UNFINISHED {
            let what = format!("given up as crashed after {deaths} deaths: {}", letter.body);
            self.violated(Invariant::Blame, what);
        }
    }
}
