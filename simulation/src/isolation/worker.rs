//! What the hosts' workers have in common.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use relay::{
    config::Destinations,
    forward::{WebsaleForwarder, WebsandForwarder},
    ports::Ports,
    queue::{Handler, Received, Settlement},
    shop::Destination,
};

use super::{
    Flaw, Trial, config,
    flaw::Forgetful,
    mail::{Room, Stored},
    process,
};

/// A process's handler; `workers` of them share a shop's rate.
pub(super) fn handler(room: &Room, trial: &Trial, number: u32, workers: usize) -> Arc<dyn Handler> {
    let (ports, config) = (trial.flaw.alter(process(room, number)), config(workers));
    match trial.flaw {
        Flaw::Forgetful => Arc::new(Forgetful { ports, config, destination: trial.destination }),
        _ => forwarder(trial.destination, ports, config),
    }
}

pub(super) fn forwarder(destination: Destination, ports: Ports, config: Destinations) -> Arc<dyn Handler> {
    match destination {
        Destination::Websand => Arc::new(WebsandForwarder::new(ports, config)),
        Destination::Websale => Arc::new(WebsaleForwarder::new(ports, config)),
    }
}

/// How long a handler may take.
pub(super) const fn time_limit(destination: Destination) -> SignedDuration {
    SignedDuration::from_secs(match destination {
        Destination::Websand => 60,
        Destination::Websale => 120,
    })
}

pub(super) fn received(stored: Stored, now: Timestamp, limit: SignedDuration) -> Received {
    let deadline = now.saturating_add(limit).unwrap_or(Timestamp::MAX);
    Received { body: stored.body, sent_at: stored.sent_at, taken_at: now, deadline }
}

/// After what time a message comes back; nothing if it is settled.
pub(super) fn back(settlement: Settlement) -> Option<SignedDuration> {
    match settlement {
        Settlement::Done => None,
        Settlement::Back { after } => Some(SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX)),
    }
}
