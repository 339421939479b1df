//! Personalised pushes with an audience too large for one call: one call after the other, a row for each.
//!
//! The promotion's row is held all the while. It notes a chunk as begun before the chunk's own row announces the call, so
//! whoever calls the promotion off and whoever sends it agree on which chunks still went out; and whoever comes after a
//! crash has only the last one begun to look at.

use super::{Step, standing, work::Work};
use crate::{
    destination::websale::{audience::Addressed, login::Session},
    ledger::{
        CallbackStatus, Departure, Due, LedgerError, Plan, Purpose, Row, State,
        callback::{owe, owe_of_plan},
        chunk,
    },
    message::Kind,
    queue::Settlement,
    retry::{Call, Decision},
};

/// What became of a chunk's turn.
enum Turn {
    /// A call was made, and it is sent or waits for a person: the next one.
    Over,
    /// There was nothing to do for it: the next one, with the same leave to make a call.
    Void,
    /// The log-in was renewed: once more.
    Again,
}

impl Work<'_> {
    /// Sends the chunks that are missing, as far as time, pauses and the shop's rate go.
    pub(super) async fn send_in_chunks(
        &mut self,
        plan: Plan,
        audience: &Addressed,
        mut session: Session,
    ) -> Step<Settlement> {
        let mut number = plan.begun.max(1);
        // The message was let in once, for its first call.
        let mut is_let_in = true;
        loop {
            if self.is_called_off() || number > plan.chunks {
                return Ok(self.all_begun().await);
            }
            match self.departure() {
                Departure::Now => (),
                Departure::At(then) => return Ok(self.rest_until(then).await),
                Departure::TooLate => return Err(self.park_too_late().await),
            }
            if !is_let_in {
                self.enter_again(&session).await?;
                is_let_in = true;
            }
            self.needs_time_for(self.forwarder.config.send_timeout).await?;
            self.begin(plan, number).await?;
            if self.is_called_off() {
                continue;
            }
            match self.send_chunk(plan, number, audience, &mut session).await? {
                Turn::Over => (number, is_let_in) = (number.saturating_add(1), false),
                Turn::Void => number = number.saturating_add(1),
                Turn::Again => {}
            }
        }
    }

    fn is_called_off(&self) -> bool {
        self.plan().is_some_and(|plan| plan.cancelled)
    }

    pub(super) fn plan(&self) -> Option<Plan> {
        self.row.promotion.as_ref().and_then(|promotion| promotion.plan)
    }

    /// Notes that a chunk has its turn; with the first one the plan is fixed. A promotion that was called off meanwhile
    /// stays as it is.
    async fn begin(&mut self, plan: Plan, number: u32) -> Step<()> {
        if self.plan().is_some_and(|plan| plan.begun == number) {
            return Ok(());
        }
        self.remember(|mut row| {
            if let Some(promotion) = &mut row.promotion {
                let plan = promotion.plan.get_or_insert(plan);
                plan.begun = if plan.cancelled { plan.begun } else { number };
            }
            row
        })
        .await
    }

    async fn send_chunk(&mut self, plan: Plan, number: u32, audience: &Addressed, session: &mut Session) -> Step<Turn> {
        let attempt = self.attempt.at_row(chunk::key(&self.row.key, number));
        let Some(promotion) = &self.row.promotion else { return Ok(Turn::Void) };
        let Some(body) = audience.chunk(plan.places(number), number, plan.chunks) else {
            attempt.skip(&self.row, number).await.map_err(|error| self.attempt.ledger_failed(&error))?;
            return Ok(Turn::Void);
        };
        let intended = attempt.intend(promotion).await;
        let row = match intended {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(Turn::Void),
            Err(back) => return Err(self.given_back(back).await),
        };
        let chunk = Work::new(self.forwarder, attempt, row);
        let request = self.calls(session).personalised(body);
        let outcome = self.forwarder.ports.http.call(request).await;
        let decision = self.attempt.judge(Call::WebsalePersonalised, &outcome, &self.row, self.refreshed);
        match (decision, outcome) {
            (Decision::Delivered, Ok(response)) => {
                chunk.sent(&response, session).await?;
                Ok(Turn::Over)
            }
            (Decision::Refresh, _) => {
                self.missed(&chunk).await?;
                *session = self.another_session(session).await?;
                Ok(Turn::Again)
            }
            (decision @ (Decision::Retry { .. } | Decision::Mend { .. } | Decision::Park { .. }), _) => {
                // The chunks differ by nothing but their addresses: what stops one stops the promotion.
                self.missed(&chunk).await?;
                Err(self.attempt.fail(&self.row, &decision).await)
            }
            (decision, _) => {
                // A person decides about this chunk; the others go on.
                chunk.attempt.fail(&chunk.row, &decision).await;
                Ok(Turn::Over)
            }
        }
    }

    /// The chunk was provably not sent. If it was the first one, nothing of the promotion was: it may change once more,
    /// and be split in another way.
    async fn missed(&mut self, chunk: &Work<'_>) -> Step<()> {
        chunk.attempt.take_back().await.map_err(|error| self.attempt.ledger_failed(&error))?;
        if self.plan().is_none_or(|plan| plan.begun > 1) {
            return Ok(());
        }
        self.remember(|mut row| {
            if let Some(promotion) = &mut row.promotion {
                promotion.plan = promotion.plan.filter(|plan| plan.cancelled);
            }
            row
        })
        .await
    }

    /// The message comes back, its row free for others.
    async fn given_back(&self, back: Settlement) -> Settlement {
        let after = match back {
            Settlement::Back { after } => after,
            done @ Settlement::Done => return done,
        };
        match self.attempt.release(&self.row).await {
            Settlement::Back { after: least } => Settlement::Back { after: after.max(least) },
            done @ Settlement::Done => done,
        }
    }

    /// Lets the message in for one more call, or has it come back.
    async fn enter_again(&self, session: &Session) -> Step<()> {
        let rate = session.secret.requests_per_second.map(|rate| self.forwarder.config.share(rate));
        match self.attempt.passage.enter_again(Call::WebsalePersonalised, rate).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(after)) => Err(self.wait(after).await),
            Err(error) => Err(self.attempt.ledger_failed(&error)),
        }
    }

    /// No further chunk is begun: the poller adds up what becomes of those that were.
    async fn all_begun(&self) -> Settlement {
        let now = self.attempt.now();
        let next = |row: Row| {
            let state = if standing::is_overtaken(&row) { State::TooLate } else { State::Sent };
            let mut row = self.ended(row, state);
            row.due = Some(Due { purpose: Purpose::Poll, at: now });
            row.expires_at = None;
            let overtaking = row.revision.filter(|_| standing::is_overtaken(&row));
            let row = if row.steps.sent { row } else { owe_of_plan(row, CallbackStatus::Sent, None, now) };
            match overtaking {
                Some(newer) => owe(row, CallbackStatus::TooLate, newer, None, now),
                None => row,
            }
        };
        self.attempt.finish(&self.row, if self.is_called_off() { "too_late" } else { "sent" }, next).await
    }

    /// The body of a chunk that a person has called back, out of its promotion's content. Nothing: it is not there any
    /// more, or nobody is left in it.
    pub(super) async fn body_of_chunk(&self) -> Result<Option<bytes::Bytes>, LedgerError> {
        let ledger = &*self.forwarder.ports.ledger;
        let Some((key, number)) = chunk::promotion_of(&self.row.key) else { return Ok(None) };
        let Some(promotion) = ledger.get(&key).await? else { return Ok(None) };
        let Some(plan) = promotion.promotion.as_ref().and_then(|pending| pending.plan) else { return Ok(None) };
        let audience = super::content::load(ledger, &promotion).await?.as_deref().and_then(Addressed::read);
        Ok(audience.and_then(|audience| audience.chunk(plan.places(number), number, plan.chunks)))
    }

    /// Whether this is a chunk of a promotion that is called off, or gone.
    pub(super) async fn has_no_promotion(&self) -> Step<bool> {
        let Some((key, _)) = chunk::promotion_of(&self.row.key).filter(|_| self.row.key.kind == Kind::Chunk) else {
            return Ok(false);
        };
        let promotion = self.forwarder.ports.ledger.get(&key).await;
        let promotion = promotion.map_err(|error| self.attempt.ledger_failed(&error))?;
        Ok(!chunk::is_wanted(&self.row, promotion.as_ref()))
    }
}
