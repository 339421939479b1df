//! What becomes of a message whose shop's secret cannot be used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Attempt, failure};
use crate::{
    event::Event,
    ledger::{Attention, Guess, Matter, Row, transition::Relevance},
    message::Payload,
    queue::Settlement,
    retry::{Decision, Failure, MEND_FOR, MEND_WAIT, PUT_BACK},
    secret::SecretError,
};

impl Attempt<'_> {
    /// The shop's secret cannot be used: the delivery waits until a person has mended it, up to ten days.
    ///
    /// Where the secrets cannot be reached that passes soon, and nothing is noted: another copy of the message, whose
    /// worker had read the secret before, may find that there is nothing to deliver and leave no row; one that is made
    /// now would then stay open for ever.
    pub(crate) async fn secret_failed(&self, error: &SecretError) -> Settlement {
        match self.passage.gate(Matter::Secret).await {
            Ok(Ok(())) => {}
            Ok(Err(after)) => return Settlement::Back { after },
            Err(error) => return self.ledger_failed(&error),
        }
        if !is_wrong(error) && self.now().duration_since(self.received.sent_at) <= MEND_FOR {
            tracing::warn!(row = %self.key, event_id = self.event_id, %error, "comes back");
            return Settlement::Back { after: PUT_BACK };
        }
        let newer = |row: &Row| match row.revision {
            Some(known) if !self.outlives_newer && !self.revision.is_newer_than(&known) => Relevance::Superseded,
            _ => Relevance::Open,
        };
        match self.claim(Guess::Unknown, newer).await {
            Ok(row) => self.secret_failed_after_claim(&row, error).await,
            Err(settlement) => settlement,
        }
    }

    /// The same, with the row claimed already.
    pub(crate) async fn secret_failed_after_claim(&self, row: &Row, error: &SecretError) -> Settlement {
        let wait = if is_wrong(error) { MEND_WAIT } else { PUT_BACK };
        self.wait_up_to_ten_days(row, described(error), wait).await
    }

    /// The shop's other deliveries need the same secret.
    pub(crate) fn note_secret(&self, matter: Matter, error: &SecretError) {
        if is_wrong(error) {
            self.passage.wrong(matter, &described(error));
        }
    }

    /// The shop's settings do not fit: the same wait.
    pub(crate) async fn wait_for_mending(&self, row: &Row, failure: Failure) -> Settlement {
        self.wait_up_to_ten_days(row, failure, MEND_WAIT).await
    }

    async fn wait_up_to_ten_days(&self, row: &Row, failure: Failure, wait: Duration) -> Settlement {
        let now = self.now();
        let waited = now.duration_since(self.received.sent_at);
        let decision = if waited > MEND_FOR {
            Decision::Park { failure }
        } else {
            let at = now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX);
            if wait == MEND_WAIT { Decision::Mend { at, failure } } else { Decision::Retry { at, failure } }
        };
        self.fail(row, &decision).await
    }
}

/// An untold decision is not outdated by newer data, be they a customer's or those of the order it came with; nor is a
/// reference by the last fetching, which may have been for a change and told of no decision.
pub(super) const fn outlives_newer(payload: &Payload) -> bool {
    match payload {
        Payload::Event(Event::CustomerUpdated(customer)) => customer.marketing_consent.is_some(),
        Payload::Event(Event::OrderPlaced(order)) => matches!(order.customer.marketing_consent, Some(true)),
        Payload::Referenced(_) => true,
        _ => false,
    }
}

/// Whether a person has to mend it, rather than that the store is away.
const fn is_wrong(error: &SecretError) -> bool {
    !matches!(error, SecretError::Unreachable { .. })
}

fn described(error: &SecretError) -> Failure {
    let code = match error {
        SecretError::NotFound { .. } => "secret_missing",
        SecretError::Malformed { .. } => "secret_malformed",
        SecretError::Denied { .. } => "secret_denied",
        SecretError::Unreachable { .. } => "secret_unreachable",
    };
    failure(code, &error.to_string())
}

/// Refused credentials are mended in the shop's secret, everything else in its settings.
pub(super) fn attention_for(failure: &Failure) -> Attention {
    match failure.status {
        Some(401 | 403 | 423) => Attention::CredentialsRefused,
        _ => Attention::ConfigurationFault,
    }
}
