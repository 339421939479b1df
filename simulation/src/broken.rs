//! Deliberately broken products: each breaks one rule by wrapping a port, and the simulation has to notice. A check that
//! cannot fail proves nothing.

use std::sync::Arc;

use relay::{ledger::Meddled, ports::Ports};

use client::{Confident, Doubling, Forgetful, Repeating};
use ledger::{Altered, Fault};

mod client;
mod ledger;

/// Writes whatever is stored: two workers may hold a row at the same time.
pub fn unconditional_writes(ports: Ports) -> Ports {
    altered(ports, Fault::Unconditional)
}

/// The rows of customers cannot be written.
pub fn unwritable_rows(ports: Ports) -> Ports {
    altered(ports, Fault::Unwritable)
}

/// Rows forget which revision they have: whatever arrives last wins.
pub fn forgotten_revisions(ports: Ports) -> Ports {
    altered(ports, Fault::NoRevision)
}

/// Rows forget that their promotion was called off.
pub fn forgotten_cancellations(ports: Ports) -> Ports {
    altered(ports, Fault::NotCancelled)
}

/// A person's decision is looked up in vain.
pub fn forgotten_decisions(ports: Ports) -> Ports {
    altered(ports, Fault::NoConsent)
}

/// A decision that is written down counts as told.
pub fn presumed_decisions(ports: Ports) -> Ports {
    altered(ports, Fault::PresumedTold)
}

/// Nobody knows any more who was forgotten.
pub fn forgotten_tombstones(ports: Ports) -> Ports {
    altered(ports, Fault::NoTombstone)
}

/// An announced call counts as one that was never made.
pub fn forgotten_intents(ports: Ports) -> Ports {
    altered(ports, Fault::NoIntent)
}

/// Calls are made without being announced.
pub fn unannounced_calls(ports: Ports) -> Ports {
    altered(ports, Fault::NoAnnouncement)
}

/// A push that went out has left no trace but its revision.
pub fn forgotten_steps(ports: Ports) -> Ports {
    altered(ports, Fault::NoSteps)
}

/// How the delivery of a customer's data ended is not written.
pub fn unwritten_ends(ports: Ports) -> Ports {
    altered(ports, Fault::NoEnd)
}

/// Who comes to an end because something did not answer gives nothing back.
pub fn kept_claims(ports: Ports) -> Ports {
    altered(ports, Fault::NoGivingBack)
}

/// Nobody is ever called.
pub fn uncalled_people(ports: Ports) -> Ports {
    altered(ports, Fault::NoCall)
}

/// Nobody sees that a connection is paused.
pub fn unseen_pauses(ports: Ports) -> Ports {
    altered(ports, Fault::NoPause)
}

/// What was given up is so for good.
pub fn unheard_redrives(ports: Ports) -> Ports {
    altered(ports, Fault::NoWayBack)
}

/// The HTTP client repeats what was not answered, or with a failure.
pub fn repeating_client(ports: Ports) -> Ports {
    Ports { http: Arc::new(Repeating(Arc::clone(&ports.http))), ..ports }
}

/// The HTTP client sends orders twice.
pub fn doubling_client(ports: Ports) -> Ports {
    Ports { http: Arc::new(Doubling(Arc::clone(&ports.http))), ..ports }
}

/// The HTTP client says of a personalised push that was not answered that it was taken.
pub fn confident_client(ports: Ports) -> Ports {
    Ports { http: Arc::new(Confident(Arc::clone(&ports.http))), ..ports }
}

/// The queue says that it has stored a message before it has.
pub fn forgetful_queue(ports: Ports) -> Ports {
    Ports { queue: Arc::new(Forgetful(Arc::clone(&ports.queue))), ..ports }
}

fn altered(ports: Ports, fault: Fault) -> Ports {
    let ledger = Arc::clone(&ports.ledger);
    Ports { ledger: Arc::new(Meddled { ledger, by: Altered(fault) }), ..ports }
}
