//! Calls to Websand.

use std::sync::Arc;

use serde_json::Value;

use super::{Step, WebsandForwarder};
use crate::{
    config::Destinations,
    forward::attempt::Attempt,
    http::{CallError, Request},
    ledger::{Matter, Row},
    retry::{Call, Decision},
    secret::WebsandSecret,
};

/// One call.
pub(super) struct Post {
    pub(super) call: Call,
    pub(super) request: fn(&Destinations, &WebsandSecret, &Value) -> Result<Request, CallError>,
    pub(super) body: Value,
}

impl WebsandForwarder {
    /// Makes the call, with fresh credentials once more if they are refused. `Err`: it did not get through, and what
    /// follows from that is settled.
    pub(super) async fn post(
        &self,
        attempt: &Attempt<'_>,
        claimed: &Row,
        mut secret: Arc<WebsandSecret>,
        post: &Post,
    ) -> Step<()> {
        let mut refreshed = false;
        loop {
            if !attempt.has_time_for(self.config.http_timeout) {
                return Err(attempt.release(claimed).await);
            }
            let outcome = match (post.request)(&self.config, &secret, &post.body) {
                Ok(request) => self.ports.http.call(request).await,
                Err(error) => Err(error),
            };
            match attempt.judge(post.call, &outcome, claimed, refreshed) {
                Decision::Delivered => return Ok(()),
                Decision::Refresh => match self.ports.secrets.websand_again(attempt.shop).await {
                    Ok(again) => (secret, refreshed) = (again, true),
                    Err(error) => {
                        attempt.note_secret(Matter::Secret, &error);
                        return Err(attempt.secret_failed_after_claim(claimed, &error).await);
                    }
                },
                decision => return Err(attempt.fail(claimed, &decision).await),
            }
        }
    }
}
