//! From a schedule to a promotion that is shown, or that waits for its time.

use super::{
    Step, standing,
    wanted::{Body, Content, Wanted},
    work::Work,
};
use jiff::Timestamp;

use crate::{
    destination::websale::body::Entry,
    dispatch::AGAIN_AFTER,
    event::Channel,
    ledger::{Departure, Due, Purpose, Row, State},
    queue::Settlement,
    retry::PUT_BACK,
};

impl Work<'_> {
    /// Does what a schedule asks for, as far as it can be done now.
    pub(super) async fn prepare(&mut self, wanted: &Wanted) -> Step<Settlement> {
        // Content is unknown only without the shop's secret, and then nobody gets here.
        let Some(content) = &wanted.content else { return Err(Settlement::Back { after: PUT_BACK }) };
        match &content.body {
            Body::Entry(entry) => self.prepare_entry(wanted, entry, &content.hash).await,
            Body::Personalised(body) => self.prepare_personalised(content, body).await,
        }
    }

    async fn prepare_entry(&mut self, wanted: &Wanted, entry: &Entry, hash: &str) -> Step<Settlement> {
        let waits = wanted.channel == Channel::Push && !wanted.draft && !self.row.steps.sent;
        if waits && self.is_too_late() {
            return Err(self.park_too_late().await);
        }
        self.write_entry(entry, hash).await?;
        if self.row.steps.sent {
            return Ok(self.delivered("edited", |_| {}).await);
        }
        if wanted.draft {
            if self.row.steps.activated {
                self.deactivate().await?;
            }
            return Ok(self.delivered("draft", |_| {}).await);
        }
        if !waits {
            self.activate().await?;
            return Ok(self.delivered("delivered", |_| {}).await);
        }
        self.wait_or_send(hash).await
    }

    async fn prepare_personalised(&mut self, content: &Content, body: &bytes::Bytes) -> Step<Settlement> {
        if standing::is_going_out(&self.row) {
            return self.go_on().await;
        }
        if standing::is_out(&self.row) {
            return Ok(self.too_late().await);
        }
        if self.is_too_late() {
            return Err(self.park_too_late().await);
        }
        if self.row.state != State::Scheduled {
            self.store_content(content, body).await?;
        }
        self.wait_or_send(&content.hash).await
    }

    /// The schedule of a promotion whose chunks are on their way: whoever sends them ended, or was stopped.
    async fn go_on(&mut self) -> Step<Settlement> {
        let later = self.attempt.now().saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        self.remember(|mut row| {
            standing::note_redrive(&mut row);
            row.due = Some(Due { purpose: Purpose::Send, at: later });
            row.attention = None;
            row
        })
        .await?;
        self.send_when_due().await
    }

    /// Everything is prepared: either the dispatcher brings the promotion back at its time, or that is now.
    async fn wait_or_send(&mut self, hash: &str) -> Step<Settlement> {
        let now = self.attempt.now();
        let prepared = |mut row: Row, due: Timestamp| {
            row.content_hash = Some(hash.to_owned());
            row.state = State::Scheduled;
            row.due = Some(Due { purpose: Purpose::Send, at: due });
            row.attention = None;
            row.last_error = None;
            row.last_at = now;
            row
        };
        if let Departure::At(then) = self.departure() {
            let next = |row| resting(prepared(row, then), self.attempt.event_id);
            return Ok(self.attempt.finish(&self.row, "scheduled", next).await);
        }
        let later = now.saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        self.remember(|row| prepared(row, later)).await?;
        self.send_when_due().await
    }

    /// Sends a prepared promotion, if its time has come and not passed, and it is not quiet at the shop.
    pub(super) async fn send_when_due(&mut self) -> Step<Settlement> {
        match self.departure() {
            Departure::Now => (),
            Departure::At(then) => return Ok(self.rest_until(then).await),
            Departure::TooLate => return Err(self.park_too_late().await),
        }
        match self.row.promotion.as_ref().map(|promotion| promotion.channel) {
            Some(Channel::PersonalisedPush) => self.send_personalised().await,
            _ => self.send_push().await,
        }
    }

    /// The dispatcher brings the promotion back then.
    pub(super) async fn rest_until(&self, then: Timestamp) -> Settlement {
        let next = |mut row: Row| {
            row.due = Some(Due { purpose: Purpose::Send, at: then });
            resting(row, self.attempt.event_id)
        };
        self.attempt.finish(&self.row, "scheduled", next).await
    }

    pub(super) async fn park_too_late(&self) -> Settlement {
        let now = self.attempt.now();
        let send_before = self.row.promotion.as_ref().and_then(|promotion| promotion.send_before);
        let detail = if send_before.is_some_and(|end| now < end) {
            "the shop's quiet hours end after send_before"
        } else {
            "the promotion was not out by send_before"
        };
        self.park("too_late_to_send", detail).await
    }
}

/// The event is settled; the row waits without it.
fn resting(mut row: Row, event_id: &str) -> Row {
    row.attempts.remove(event_id);
    row.lease = None;
    row
}
