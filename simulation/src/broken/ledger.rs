//! A ledger that shows or keeps something else than it was given.

use jiff::Timestamp;
use relay::{
    Async,
    event::Channel,
    ledger::{Expected, Ledger, LedgerError, Meddler, Put, Row, State, Steps},
    message::{Kind, RowKey},
};

/// What it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Unconditional,
    Unwritable,
    NoRevision,
    NotCancelled,
    NoConsent,
    PresumedTold,
    NoTombstone,
    NoIntent,
    NoAnnouncement,
    NoSteps,
    NoEnd,
    NoGivingBack,
    NoCall,
    NoPause,
    NoWayBack,
}

pub(super) struct Altered(pub(super) Fault);

fn is_push(row: &Row) -> bool {
    row.promotion.as_ref().is_some_and(|promotion| promotion.channel == Channel::Push)
}

/// Whether nothing has become of the row but that nobody holds it any more.
fn is_given_back(row: &Row) -> bool {
    row.lease.is_none() && row.not_before.is_none() && !row.state.is_final() && !row.attempts.is_empty()
}

impl Altered {
    /// What a reader gets to see of a row.
    fn seen(&self, mut row: Row) -> Row {
        match self.0 {
            Fault::NoRevision if row.key.kind == Kind::Order => row.revision = None,
            Fault::NotCancelled if row.state == State::Cancelled && row.promotion.is_some() => {
                row.state = State::Scheduled;
                row.revision = None;
            }
            Fault::NoConsent if row.key.kind == Kind::Consent => row.revision = None,
            Fault::NoPause => row.connection.iter_mut().for_each(|known| known.paused_at = None),
            Fault::NoWayBack if row.state == State::Parked => (row.letter, row.last_at) = (None, Timestamp::MAX),
            Fault::NoTombstone => row.erased_at = None,
            Fault::NoIntent if row.state == State::Intended => row.state = State::Scheduled,
            Fault::NoSteps if row.state == State::Delivered && is_push(&row) => {
                (row.remote_id, row.content_hash, row.steps) = (None, None, Steps::default());
            }
            Fault::PresumedTold if row.consent.is_some() && row.state == State::Open => row.state = State::Delivered,
            _ => {}
        }
        row
    }

    /// What becomes of a row that is written; nothing if it is not, and said to be.
    fn written(&self, row: &Row) -> Option<Row> {
        match self.0 {
            Fault::NoAnnouncement if row.state == State::Intended => None,
            Fault::NoEnd if row.key.kind == Kind::Customer && row.lease.is_none() => None,
            Fault::NoGivingBack if is_given_back(row) => None,
            Fault::NoCall => Some(Row { attention: None, ..row.clone() }),
            _ => Some(row.clone()),
        }
    }
}

impl Meddler for Altered {
    fn get<'a>(&'a self, ledger: &'a dyn Ledger, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move { Ok(ledger.get(key).await?.map(|row| self.seen(row))) })
    }

    fn put<'a>(
        &'a self,
        ledger: &'a dyn Ledger,
        row: &'a Row,
        expected: Expected,
    ) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move {
            if self.0 == Fault::Unwritable && row.key.kind == Kind::Customer {
                return Err(LedgerError("broken".into()));
            }
            let Some(row) = self.written(row) else { return Ok(Put::Stored) };
            let put = ledger.put(&row, expected).await?;
            match (put, self.0) {
                (Put::Conflict(Some(other)), Fault::Unconditional) => {
                    ledger.put(&row, Expected::Version(other.version)).await
                }
                (Put::Conflict(Some(other)), _) => Ok(Put::Conflict(Some(Box::new(self.seen(*other))))),
                (put, _) => Ok(put),
            }
        })
    }
}
