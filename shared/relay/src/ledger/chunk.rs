//! The chunks of a push whose audience is too large for one call: each has a row of its own beside the promotion's. Pure.

use std::ops::Range;

use super::{
    Attention, CallbackStatus, Change, PendingPromotion, Plan, Poll, Row, State,
    callback::owe_of_plan,
    transition::{self, Claim, Claimant, RETENTION, Relevance},
};
use crate::{
    message::{Kind, RowKey},
    poll::record::POLL_DEADLINE,
};

use jiff::Timestamp;

#[cfg(test)]
mod tests;

/// The reason of an unknown outcome that is not the whole promotion's.
const IN_A_CHUNK: &str = "chunk";

impl Plan {
    /// How an audience of so many addresses is split, `size` to a call; nothing if one call is enough.
    pub fn of(addresses: usize, size: Option<u32>) -> Option<Self> {
        let size = size.filter(|size| *size > 0)?;
        let chunks = u32::try_from(addresses).unwrap_or(u32::MAX).div_ceil(size);
        (chunks > 1).then_some(Self { chunks, size, begun: 0, cancelled: false, unknown: 0 })
    }

    /// The places in the audience that a chunk is for. Chunks are numbered from 1.
    pub fn places(&self, number: u32) -> Range<usize> {
        let place = |number: u32| usize::try_from(u64::from(number) * u64::from(self.size)).unwrap_or(usize::MAX);
        place(number.saturating_sub(1))..place(number)
    }
}

/// The row of a promotion's chunk.
pub fn key(promotion: &RowKey, number: u32) -> RowKey {
    RowKey { kind: Kind::Chunk, subject: format!("{}/{number}", promotion.subject), ..promotion.clone() }
}

/// The promotion that a chunk belongs to, and the chunk's number.
pub fn promotion_of(chunk: &RowKey) -> Option<(RowKey, u32)> {
    let (subject, number) = chunk.subject.rsplit_once('/').filter(|_| chunk.kind == Kind::Chunk)?;
    let promotion = RowKey { kind: Kind::Promotion, subject: subject.to_owned(), ..chunk.clone() };
    Some((promotion, number.parse().ok()?))
}

/// Claims a chunk's row and announces its call, in one write. A chunk that went out, or may have, is left alone; so is
/// one that a person or another worker has in hand.
pub fn intend(stored: Option<&Row>, by: &Claimant<'_>, promotion: &PendingPromotion) -> Change<Claim> {
    let stored = stored.filter(|row| is_of(row, promotion));
    let unsent = |row: &Row| if is_unsent(row) { Relevance::Open } else { Relevance::Superseded };
    match transition::claim(stored, by, unsent) {
        Change::Write(mut row, Claim::Granted) => {
            row.state = State::Intended;
            row.promotion = Some(of_chunk(promotion));
            row.attempts.clear();
            Change::Write(row, Claim::Granted)
        }
        other => other,
    }
}

/// The announced call was not made, or provably not processed. Somebody comes back for the chunk; if the promotion is
/// called off first, nobody does, so the row has an end.
pub fn not_sent(mut row: Row, now: Timestamp) -> Row {
    row.state = State::Scheduled;
    row.lease = None;
    row.attempts.clear();
    row.last_at = now;
    // One that a person has called back is due, and stays so.
    row.expires_at = if row.due.is_some() { None } else { now.checked_add(RETENTION).ok() };
    row
}

/// Everybody in the chunk was forgotten: there is nobody to send it to.
pub fn emptied(stored: Option<&Row>, promotion: &Row, number: u32, now: Timestamp) -> Change<()> {
    let Some(pending) = &promotion.promotion else { return Change::Keep(()) };
    let row = match stored.filter(|row| is_of(row, pending)) {
        Some(row) if !is_unsent(row) => return Change::Keep(()),
        Some(row) => row.clone(),
        None => Row::new(key(&promotion.key, number), now),
    };
    let row = Row { promotion: Some(of_chunk(pending)), ..row };
    Change::Write(Box::new(transition::settled(row, "", State::Cancelled, now)), ())
}

/// Whether the row is a chunk of this very promotion, not of an earlier one with the same id.
fn is_of(chunk: &Row, promotion: &PendingPromotion) -> bool {
    chunk.promotion.as_ref().is_some_and(|known| known.revision == promotion.revision)
}

/// Whether a chunk may still go out, as far as its promotion is concerned: that is there, and not called off.
pub fn is_wanted(chunk: &Row, promotion: Option<&Row>) -> bool {
    let promotion = promotion.and_then(|row| row.promotion.as_ref());
    promotion.is_some_and(|known| is_of(chunk, known) && known.plan.is_some_and(|plan| !plan.cancelled))
}

const fn is_unsent(row: &Row) -> bool {
    matches!(row.state, State::Open | State::Scheduled)
}

/// What a chunk's row says of its promotion: enough to be sent, or left, by itself.
fn of_chunk(promotion: &PendingPromotion) -> PendingPromotion {
    PendingPromotion { content: None, parts: 0, former: None, plan: None, callback_url: None, ..promotion.clone() }
}

/// How the chunks of a promotion stand, all together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many went out.
    pub sent: u32,
    /// How many of those WEBSALE is still sending, or whose call is being made.
    pub running: u32,
    /// How many wait for a person.
    pub undecided: u32,
    /// Of how many of those nobody knows whether they went out.
    pub unknown: u32,
    /// Of how many the end was not seen in time.
    pub unseen: u32,
    /// How many had nobody left to send to, or were called off.
    pub dropped: u32,
    /// What WEBSALE says of them, added up; the first error text there is.
    pub counts: Poll,
}

impl Totals {
    /// Adds up what the rows of the promotion's chunks say.
    pub fn of<'a>(promotion: &PendingPromotion, chunks: impl IntoIterator<Item = &'a Row>) -> Self {
        let of_promotion = chunks.into_iter().filter(|row| is_of(row, promotion));
        of_promotion.fold(Self::default(), Self::with)
    }

    fn with(mut self, chunk: &Row) -> Self {
        match chunk.state {
            State::Sent => {
                self.sent += 1;
                self.running += 1;
            }
            State::Delivered | State::TooLate => self.sent += 1,
            State::Intended => self.running += 1,
            State::OutcomeUnknown | State::Parked => self.undecided += 1,
            State::Cancelled | State::Suppressed => self.dropped += 1,
            // Called back by a person, and on its way; or not sent yet.
            State::Scheduled | State::Open => self.running += u32::from(chunk.due.is_some()),
        }
        self.unknown += u32::from(chunk.state == State::OutcomeUnknown);
        self.unseen += u32::from(chunk.attention == Some(Attention::PollDeadline));
        if let Some(poll) = &chunk.poll {
            let add = |sum: Option<u64>, more: Option<u64>| match (sum, more) {
                (None, None) => None,
                (sum, more) => Some(sum.unwrap_or(0).saturating_add(more.unwrap_or(0))),
            };
            self.counts.receivers = add(self.counts.receivers, poll.receivers);
            self.counts.sent = add(self.counts.sent, poll.sent);
            self.counts.errors = add(self.counts.errors, poll.errors);
            self.counts.error = self.counts.error.take().or_else(|| poll.error.clone());
        }
        self
    }

    /// Whether nothing more will become of any chunk, given that no further one is begun.
    pub const fn is_over(&self) -> bool {
        self.running == 0 && self.undecided == 0
    }
}

/// A promotion whose chunks are all begun, or called off, with their totals: it ends with the last of them. `at` is when
/// they are added up again if it does not.
pub fn totalled(mut row: Row, totals: &Totals, at: Timestamp, now: Timestamp) -> Row {
    let before = row.poll.take().unwrap_or_default();
    row.poll = Some(Poll {
        asked: before.asked.saturating_add(1),
        since: before.since.or(Some(now)),
        ..totals.counts.clone()
    });
    row.last_at = now;
    let Some(promotion) = &mut row.promotion else { return row };
    let known_before = promotion.plan.as_mut().map(|plan| std::mem::replace(&mut plan.unknown, totals.unknown));
    if !totals.is_over() {
        row.due = Some(super::Due { purpose: super::Purpose::Poll, at });
        // The shop is told once of each chunk of which nobody knows whether it was sent.
        let is_news = known_before.is_some_and(|before| totals.unknown > before);
        return if is_news { owe_of_plan(row, CallbackStatus::OutcomeUnknown, Some(IN_A_CHUNK), now) } else { row };
    }
    let is_late =
        row.state == State::TooLate || row.revision.is_some_and(|known| known.is_newer_than(&promotion.revision));
    if totals.sent == 0 {
        // Nothing went out, so the shop may begin anew.
        promotion.plan = None;
        let row = transition::settled(row, "", State::Cancelled, now);
        return owe_of_plan(row, CallbackStatus::Cancelled, None, now);
    }
    row.steps.sent = true;
    let row = transition::settled(row, "", if is_late { State::TooLate } else { State::Delivered }, now);
    match totals.unseen {
        0 => owe_of_plan(row, CallbackStatus::Finished, None, now),
        _ => owe_of_plan(row, CallbackStatus::OutcomeUnknown, Some(POLL_DEADLINE), now),
    }
}
