//! Everything a worker is given by its host.

use std::sync::Arc;

use crate::{
    clock::Clock,
    http::{Discreet, Http},
    ledger::Ledger,
    queue::Queue,
    random::Random,
    secret::Secrets,
};

/// The ports of a forwarder, the dispatcher and the poller.
#[derive(Clone)]
pub struct Ports {
    /// The queues (to park on, and to send due promotions to).
    pub queue: Arc<dyn Queue>,
    /// One row a subject.
    pub ledger: Arc<dyn Ledger>,
    /// The shops' secrets, cached.
    pub secrets: Arc<Secrets>,
    /// HTTP to destinations.
    pub http: Arc<dyn Http>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for lease tokens and jitter.
    pub random: Arc<dyn Random>,
}

impl Ports {
    /// The same with refusals that do not repeat what was sent: a destination's words are kept, and must not hold what
    /// it was told about a person.
    #[must_use]
    pub(crate) fn discreet(self) -> Self {
        Self { http: Arc::new(Discreet(Arc::clone(&self.http))), ..self }
    }
}
