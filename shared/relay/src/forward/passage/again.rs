//! One message, several calls.

use jiff::Timestamp;

use super::{PAUSE_WAIT, Passage, after};
use crate::{
    ledger::{LedgerError, connection::Gate},
    retry::Call,
};

use std::time::Duration;

impl Passage {
    /// Lets a message in for one more call. It may have been at work for a while, so the ledger is asked anew whether the
    /// connection was paused, or its destination went down. `Err` in it: when to come back.
    pub(crate) async fn enter_again(&self, call: Call, rate: Option<f64>) -> Result<Result<(), Duration>, LedgerError> {
        let (now, party) = (self.now(), call.party());
        let connection = self.ports.ledger.get(&self.row.key).await?.and_then(|row| row.connection).unwrap_or_default();
        let held = |until: Timestamp, spread| Ok(Err(self.held(until, spread)));
        if connection.paused_at.is_some() {
            return held(after(now, PAUSE_WAIT), self.spread());
        }
        // While it is tried whether a destination is back, it is shut for all others.
        if let Gate::Shut(until) = connection.health(party, now)
            && !self.tries().contains(&party)
        {
            return held(until, self.spread());
        }
        match self.traffic.admit((&self.shop, party), rate, now) {
            Ok(pass) => {
                self.passes().push(pass);
                Ok(Ok(()))
            }
            Err(until) => held(until, Duration::ZERO),
        }
    }
}
