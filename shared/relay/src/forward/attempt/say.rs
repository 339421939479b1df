//! What is said of an attempt in the log. Its lines are counted, too ([`crate::metric`]).

use super::Attempt;
use crate::{alarm::Alarm, queue::Settlement, retry::Failure};

impl Attempt<'_> {
    /// Notes the end of a message, the one line a person looks for.
    pub(crate) fn log_done(&self, outcome: &'static str) -> Settlement {
        let destination = self.key.destination;
        let latency_ms = u64::try_from(self.now().duration_since(self.received.sent_at).as_millis()).unwrap_or(0);
        tracing::info!(row = %self.key, event_id = self.event_id, %destination, outcome, latency_ms, "settled");
        Settlement::Done
    }

    /// Notes that a call or the message failed, and what follows.
    pub(super) fn log_failure(&self, outcome: &'static str, failure: &Failure) {
        let (destination, Failure { code, status, detail }) = (self.key.destination, failure);
        tracing::warn!(row = %self.key, event_id = self.event_id, %destination, outcome, code, status, detail, "failed");
    }

    /// Calls a person.
    pub(super) fn sound_alarm(&self, alarm: Alarm, failure: &Failure) {
        let Failure { code, status, detail } = failure;
        tracing::error!(%alarm, row = %self.key, event_id = self.event_id, code, status, detail, "a person is needed");
    }
}
