//! Personalised pushes: one call that must not be made twice.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::{Step, content, standing::newest, work::Work};
use crate::{
    destination::websale::{answer, audience::Addressed, login::Session},
    forward::attempt::failure,
    http::Response,
    ledger::{CallbackStatus, Due, LastError, Plan, Poll, Purpose, Row, State, transition::last_error},
    message::Kind,
    queue::Settlement,
    retry::{Call, Decision},
};

/// WEBSALE took the push and did not say under which number: how it goes cannot be asked.
const NO_DISPATCH_ID: &str = "no_dispatch_id";

impl Work<'_> {
    /// Stores the body until the promotion is due. The row names what is stored before it is, so that nothing is left
    /// behind that nobody knows of.
    pub(super) async fn store_content(&mut self, wanted: &super::wanted::Content, body: &Bytes) -> Step<()> {
        let ports = &self.forwarder.ports;
        let (name, count) = wanted.stored_as();
        let stored = self.row.promotion.as_ref().and_then(|promotion| promotion.content.clone());
        if stored != name {
            content::delete(&*ports.ledger, &self.row).await.map_err(|error| self.attempt.ledger_failed(&error))?;
            self.remember(|mut row| {
                if let Some(promotion) = &mut row.promotion {
                    promotion.content.clone_from(&name);
                    promotion.parts = count;
                }
                row
            })
            .await?;
        }
        let stored = content::store(&*ports.ledger, &self.row, body, self.attempt.now()).await;
        stored.map_err(|error| self.attempt.ledger_failed(&error))
    }

    /// Sends a personalised push that is due: token first, then the intent, then the call.
    pub(super) async fn send_personalised(&mut self) -> Step<Settlement> {
        let loaded = match self.row.key.kind {
            Kind::Chunk => self.body_of_chunk().await,
            _ => content::load(&*self.forwarder.ports.ledger, &self.row).await,
        };
        let Some(body) = loaded.map_err(|error| self.attempt.ledger_failed(&error))? else {
            return Err(self.park("content_missing", "the stored content is gone; schedule the promotion again").await);
        };
        self.gate(Call::WebsalePersonalised).await?;
        let session = self.session().await?;
        let audience = if self.row.key.kind == Kind::Chunk { None } else { Addressed::read(&body) };
        let Some(audience) = audience else { return self.send_whole(body, session).await };
        let split = || Plan::of(audience.places(), session.secret.emails_per_push);
        if let Some(plan) = self.plan().or_else(split) {
            return self.send_in_chunks(plan, &audience, session).await;
        }
        let Some(body) = audience.whole() else {
            return Err(self.park("audience_erased", "everybody in the audience was forgotten").await);
        };
        self.send_whole(body, session).await
    }

    /// Sends it in one call.
    async fn send_whole(&mut self, body: Bytes, mut session: Session) -> Step<Settlement> {
        loop {
            self.needs_time_for(self.forwarder.config.send_timeout).await?;
            self.intend().await?;
            let request = self.calls(&session).personalised(body.clone());
            let outcome = self.forwarder.ports.http.call(request).await;
            let decision = self.attempt.judge(Call::WebsalePersonalised, &outcome, &self.row, self.refreshed);
            match (decision, outcome) {
                (Decision::Delivered, Ok(response)) => return self.sent(&response, &session).await,
                (Decision::Refresh, _) => {
                    self.unintend().await?;
                    session = self.another_session(&session).await?;
                }
                (decision @ (Decision::Retry { .. } | Decision::Mend { .. }), _) => {
                    self.unintend().await?;
                    return Err(self.attempt.fail(&self.row, &decision).await);
                }
                (decision, _) => return Err(self.attempt.fail(&self.row, &decision).await),
            }
        }
    }

    /// Announces the call. If the announcement may or may not be stored, it is taken back: no call was made.
    async fn intend(&mut self) -> Step<()> {
        let now = self.attempt.now();
        let intended = self.remember(|mut row| {
            row.state = State::Intended;
            row.last_at = now;
            row
        });
        if let Err(back) = intended.await {
            let _ = self.unintend().await;
            return Err(back);
        }
        Ok(())
    }

    /// The answer proves that the call was not processed, or it was not made.
    async fn unintend(&mut self) -> Step<()> {
        self.remember(|mut row| {
            row.state = State::Scheduled;
            row
        })
        .await
    }

    pub(super) async fn sent(&self, response: &Response, session: &Session) -> Step<Settlement> {
        let id = answer::dispatch_id(response);
        let now = self.attempt.now();
        let interval = SignedDuration::try_from(session.secret.poll_interval).unwrap_or(SignedDuration::MAX);
        let next = |row: Row| {
            let mut row = self.ended(row, State::Delivered);
            row.steps.sent = true;
            row.revision = newest(&row);
            match &id {
                Some(id) => {
                    row.state = State::Sent;
                    row.remote_id = Some(id.clone());
                    row.poll = Some(Poll { since: Some(now), ..Poll::default() });
                    row.due = now.checked_add(interval).ok().map(|at| Due { purpose: Purpose::Poll, at });
                    row.expires_at = None;
                }
                None => row.last_error = Some(without_id(now)),
            }
            let without_end = id.is_none().then_some(NO_DISPATCH_ID);
            self.told(row, CallbackStatus::Sent, without_end)
        };
        self.attempt.store_end(&self.row, next).await.map_err(|error| self.attempt.ledger_failed(&error))?;
        if id.is_none() {
            // Nobody asks about this dispatch, so nobody deletes its content later.
            if let Err(error) = content::delete(&*self.forwarder.ports.ledger, &self.row).await {
                tracing::warn!(row = %self.attempt.key, %error, "the content of a sent push is still stored");
            }
        }
        Ok(self.attempt.log_done("sent"))
    }
}

fn without_id(now: Timestamp) -> LastError {
    let failure = failure(NO_DISPATCH_ID, "WEBSALE took the push and named no dispatch: how it went cannot be asked");
    last_error(&failure, now)
}
