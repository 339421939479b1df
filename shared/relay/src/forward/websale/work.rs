//! One message at work on its row: calls with a token, steps remembered, ends.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    Step, WebsaleForwarder, content,
    standing::{self, newest},
};
use crate::{
    destination::websale::{
        call::Calls,
        login::{LoginError, Session},
    },
    forward::attempt::{Attempt, failure},
    http::{Request, Response},
    ledger::{
        Attention, CallbackStatus, Departure, Due, Matter, Purpose, Row, State,
        callback::owe,
        transition::{released, settled},
    },
    queue::Settlement,
    retry::{Call, Decision, MEND_FOR, PUT_BACK},
};

/// One message at work on the row it claimed.
pub(super) struct Work<'a> {
    pub(super) forwarder: &'a WebsaleForwarder,
    pub(super) attempt: Attempt<'a>,
    /// The row as last stored.
    pub(super) row: Row,
    /// Whether WEBSALE refused a token of this message already.
    pub(super) refreshed: bool,
}

/// Why a call did not succeed.
pub(super) enum Stop {
    /// Because of its outcome.
    Outcome(Decision),
    /// It was not made, or not by us: the message is dealt with.
    Early(Settlement),
}

impl From<Settlement> for Stop {
    fn from(settlement: Settlement) -> Self {
        Self::Early(settlement)
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(forwarder: &'a WebsaleForwarder, attempt: Attempt<'a>, row: Row) -> Self {
        Self { forwarder, attempt, row, refreshed: false }
    }

    /// Makes a call that may be repeated; what its outcome leads to is up to the caller.
    pub(super) async fn try_call(
        &mut self,
        call: Call,
        build: impl Fn(&Calls<'_>) -> Request,
    ) -> Result<Response, Stop> {
        self.gate(call).await?;
        let mut session = self.session().await?;
        loop {
            self.needs_time_for(self.forwarder.config.http_timeout).await?;
            let request = build(&self.calls(&session));
            let outcome = self.forwarder.ports.http.call(request).await;
            match (self.attempt.judge(call, &outcome, &self.row, self.refreshed), outcome) {
                (Decision::Delivered, Ok(response)) => return Ok(response),
                (Decision::Refresh, _) => session = self.another_session(&session).await?,
                (decision, _) => return Err(Stop::Outcome(decision)),
            }
        }
    }

    /// The same where every failure ends the attempt.
    pub(super) async fn call(&mut self, call: Call, build: impl Fn(&Calls<'_>) -> Request) -> Step<Response> {
        match self.try_call(call, build).await {
            Ok(response) => Ok(response),
            Err(stop) => Err(self.stopped(stop).await),
        }
    }

    pub(super) async fn stopped(&self, stop: Stop) -> Settlement {
        match stop {
            Stop::Outcome(decision) => self.attempt.fail(&self.row, &decision).await,
            Stop::Early(settlement) => settlement,
        }
    }

    pub(super) fn calls<'s>(&'s self, session: &'s Session) -> Calls<'s> {
        Calls { secret: &session.secret, config: &self.forwarder.config, token: session.token.text() }
    }

    /// Goes on only if the shop's settings let the call be made; else the promotion waits.
    pub(super) async fn gate(&self, call: Call) -> Step<()> {
        match self.attempt.gate(call).await? {
            Ok(()) => Ok(()),
            Err(after) => Err(self.wait(after).await),
        }
    }

    /// Gives the message back until then; this is no attempt.
    pub(super) async fn wait(&self, after: Duration) -> Settlement {
        let wait = SignedDuration::try_from(after).unwrap_or_default();
        let not_before = self.attempt.now().checked_add(wait).ok();
        let next = |row| Row { not_before, ..released(row, self.attempt.event_id) };
        match self.attempt.store(&self.row, next).await {
            Ok(_) => Settlement::Back { after },
            Err(error) => self.attempt.ledger_failed(&error),
        }
    }

    /// The account with a token.
    pub(super) async fn session(&self) -> Step<Session> {
        self.gate(Call::WebsaleLogin).await?;
        let session = self.forwarder.tokens.session(self.attempt.shop, self.attempt.received.deadline).await;
        self.logged_in(session).await
    }

    /// The account with another token, after this one was refused.
    pub(super) async fn another_session(&mut self, refused: &Session) -> Step<Session> {
        self.refreshed = true;
        let deadline = self.attempt.received.deadline;
        let session = self.forwarder.tokens.again(self.attempt.shop, refused, deadline).await;
        self.logged_in(session).await
    }

    async fn logged_in(&self, session: Result<Session, LoginError>) -> Step<Session> {
        let error = match session {
            Ok(session) => {
                self.attempt.passage.right(Matter::Secret);
                self.attempt.passage.right(Matter::Call(Call::WebsaleLogin));
                return Ok(session);
            }
            Err(error) => error,
        };
        Err(match error {
            LoginError::Secret(error) => {
                self.attempt.note_secret(Matter::Secret, &error);
                self.attempt.secret_failed_after_claim(&self.row, &error).await
            }
            LoginError::Ledger(error) => self.attempt.ledger_failed(&error),
            LoginError::NoTime => self.attempt.release(&self.row).await,
            LoginError::Failed(outcome) => {
                let decision = self.attempt.judge(Call::WebsaleLogin, &outcome, &self.row, true);
                self.attempt.fail(&self.row, &decision).await
            }
            LoginError::Blocked { until, status } => {
                let mut failure = failure("login_refused", "WEBSALE refused the account; its secret must be mended");
                failure.status = Some(status);
                let end = self.attempt.received.sent_at.saturating_add(MEND_FOR).unwrap_or(Timestamp::MAX);
                let decision =
                    if until > end { Decision::Park { failure } } else { Decision::Mend { at: until, failure } };
                self.attempt.fail(&self.row, &decision).await
            }
        })
    }

    /// Goes on only if a call with this time-out can end before the deadline; else the message comes back at once.
    pub(super) async fn needs_time_for(&self, timeout: Duration) -> Step<()> {
        if self.attempt.has_time_for(timeout) { Ok(()) } else { Err(self.attempt.release(&self.row).await) }
    }

    /// Remembers a step, if the row is still ours.
    pub(super) async fn remember(&mut self, next: impl Fn(Row) -> Row) -> Step<()> {
        match self.attempt.store(&self.row, next).await {
            Ok(Some(row)) => {
                self.row = row;
                Ok(())
            }
            Ok(None) => Err(Settlement::Back { after: PUT_BACK }),
            Err(error) => Err(self.attempt.ledger_failed(&error)),
        }
    }

    /// The promotion has reached WEBSALE and nothing more is to be done.
    pub(super) async fn delivered(&self, outcome: &'static str, step: impl Fn(&mut Row)) -> Settlement {
        let next = |mut row: Row| {
            step(&mut row);
            row.revision = newest(&row);
            let is_out = row.steps.sent || row.steps.activated;
            let row = self.ended(row, State::Delivered);
            if is_out { self.told(row, CallbackStatus::Sent, None) } else { row }
        };
        self.attempt.finish(&self.row, outcome, next).await
    }

    /// The promotion is called off, and nothing of it is shown or stored.
    pub(super) async fn cancelled(&self, reason: Option<&str>) -> Settlement {
        let next = |row| {
            let row = self.ended(content::deleted(row), State::Cancelled);
            self.told(row, CallbackStatus::Cancelled, reason)
        };
        self.attempt.finish(&self.row, "cancelled", next).await
    }

    /// The promotion was called off, and WEBSALE says that it had been sent before.
    pub(super) async fn too_late_after_all(&self) -> Settlement {
        let next = |mut row: Row| {
            row.steps.sent = true;
            self.told(self.ended(content::deleted(row), State::TooLate), CallbackStatus::TooLate, None)
        };
        self.attempt.finish(&self.row, "too_late", next).await
    }

    /// A change or a cancellation of what is out already: noted, nothing else. Polling goes on.
    pub(super) async fn too_late(&self) -> Settlement {
        let next = |mut row: Row| {
            let begins = Due { purpose: Purpose::Poll, at: self.attempt.now() };
            let polled = row.due.filter(|due| due.purpose == Purpose::Poll);
            // What becomes of the chunks that went out is still to be added up.
            let polled = polled.or_else(|| standing::is_going_out(&row).then_some(begins));
            row.revision = Some(self.attempt.revision);
            row = self.ended(row, State::TooLate);
            if polled.is_some() {
                row.due = polled;
                row.expires_at = None;
            }
            self.told(row, CallbackStatus::TooLate, None)
        };
        self.attempt.finish(&self.row, "too_late", next).await
    }

    /// Nothing is left of this event, nor of older ones that did not come to an end: the row knows better.
    pub(super) fn ended(&self, mut row: Row, state: State) -> Row {
        row.attempts.clear();
        settled(row, self.attempt.event_id, state, self.attempt.now())
    }

    /// The shop is to be told this of the revision that is at work.
    pub(super) fn told(&self, row: Row, status: CallbackStatus, reason: Option<&str>) -> Row {
        owe(row, status, self.attempt.revision, reason, self.attempt.now())
    }

    /// Gives the message up.
    pub(super) async fn park(&self, code: &str, detail: &str) -> Settlement {
        self.attempt.park(Some(self.row.clone()), &failure(code, detail), Attention::Parked).await
    }

    /// Whether the time in which the promotion may go out has passed, or will have when it may.
    pub(super) fn is_too_late(&self) -> bool {
        self.departure() == Departure::TooLate
    }

    /// When the promotion goes out, as far as it and the shop's quiet hours are concerned.
    pub(super) fn departure(&self) -> Departure {
        let now = self.attempt.now();
        self.row.promotion.as_ref().map_or(Departure::Now, |promotion| promotion.departure(now))
    }
}
