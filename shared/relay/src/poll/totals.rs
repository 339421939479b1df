//! Promotions that went out in chunks: what WEBSALE says of the chunks is added up, each time from their rows.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, Asked, Run, record};
use crate::{
    alarm::Alarm,
    ledger::{
        self, Change, Due, Guess, LedgerError, Purpose, Row, State,
        chunk::{self, Totals},
        transition,
    },
    message::RowKey,
};

impl Run<'_> {
    /// Adds up one promotion's chunks. No call is made for it.
    pub(super) async fn add_up(&self, row: &Row) -> Asked {
        self.try_add_up(row).await.unwrap_or_else(|error| {
            tracing::error!(row = %row.key, %error, "its chunks are not added up");
            Asked::Failed
        })
    }

    async fn try_add_up(&self, row: &Row) -> Result<Asked, LedgerError> {
        let token = format!("{:016x}", self.poller.ports.random.next());
        let Some(row) = self.lease(row, &token).await? else { return Ok(Asked::Skipped) };
        let Some((promotion, plan)) = row.promotion.as_ref().and_then(|known| Some((known, known.plan?))) else {
            return Ok(Asked::Skipped);
        };
        let reading: Vec<_> = (1..=plan.begun).map(|number| self.chunk(chunk::key(&row.key, number))).collect();
        let chunks: Vec<Option<Row>> = stream::iter(reading).buffer_unordered(AT_ONCE).try_collect().await?;
        let totals = Totals::of(promotion, chunks.iter().flatten());
        let now = self.now();
        let at = record::next_total(&row, now);
        self.note(&row, &token, |row| chunk::totalled(row, &totals, at, now)).await?;
        // Nothing was asked.
        Ok(Asked::Skipped)
    }

    /// A chunk's row. One whose worker vanished during the call would be looked at by nobody else once the promotion is
    /// called off.
    async fn chunk(&self, key: RowKey) -> Result<Option<Row>, LedgerError> {
        let ports = &self.poller.ports;
        let now = self.now();
        let has_vanished =
            |row: &Row| row.state == State::Intended && row.lease.as_ref().is_none_or(|lease| lease.until <= now);
        let decide = |stored: Option<&Row>| match stored.filter(|row| has_vanished(row)) {
            Some(row) => Change::Write(Box::new(transition::restart(row.clone(), false, now)), true),
            None => Change::Keep(false),
        };
        let (row, vanished) = ledger::update(&*ports.ledger, &*ports.random, &key, Guess::Unknown, decide).await?;
        if vanished {
            let detail = "its worker vanished during the call";
            tracing::error!(alarm = %Alarm::OutcomeUnknown, row = %key, detail, "a person is needed");
        }
        Ok(row)
    }

    /// A chunk has ended: its promotion is added up in the next run. Should this be lost, it is a little later.
    pub(super) async fn hurry(&self, ended: &Row) -> Result<(), LedgerError> {
        let Some((key, _)) = chunk::promotion_of(&ended.key) else { return Ok(()) };
        let ports = &self.poller.ports;
        let now = self.now();
        let decide = |stored: Option<&Row>| match stored {
            Some(row) if row.due.is_some_and(|due| due.purpose == Purpose::Poll && due.at > now) => {
                let due = Some(Due { purpose: Purpose::Poll, at: now });
                Change::Write(Box::new(Row { due, ..row.clone() }), ())
            }
            _ => Change::Keep(()),
        };
        ledger::update(&*ports.ledger, &*ports.random, &key, Guess::Unknown, decide).await.map(drop)
    }
}
