//! Deliberately broken products: each breaks one rule by wrapping a port, and the simulation has to notice. A check that
//! cannot fail proves nothing.

use std::sync::Arc;

use jiff::Timestamp;
use relay::{
    Async,
    http::{CallError, Http, Request, Response},
    ledger::{Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage, State},
    message::{Kind, Message, RowKey},
    ports::Ports,
    queue::{DeadLetter, Queue, QueueError, Sweep, Swept},
};

/// Writes whatever is stored: two workers may hold a row at the same time.
pub fn unconditional_writes(ports: Ports) -> Ports {
    altered(ports, Fault::Unconditional)
}

/// Rows forget which revision they have: whatever arrives last wins.
pub fn forgotten_revisions(ports: Ports) -> Ports {
    altered(ports, Fault::NoRevision)
}

/// Rows forget that their promotion was called off.
pub fn forgotten_cancellations(ports: Ports) -> Ports {
    altered(ports, Fault::NotCancelled)
}

/// A person's decision is looked up in vain.
pub fn forgotten_decisions(ports: Ports) -> Ports {
    altered(ports, Fault::NoConsent)
}

/// Nobody knows any more who was forgotten.
pub fn forgotten_tombstones(ports: Ports) -> Ports {
    altered(ports, Fault::NoTombstone)
}

/// An announced call counts as one that was never made.
pub fn forgotten_intents(ports: Ports) -> Ports {
    altered(ports, Fault::NoIntent)
}

/// The HTTP client repeats what was not answered.
pub fn repeating_client(ports: Ports) -> Ports {
    Ports { http: Arc::new(Repeating(Arc::clone(&ports.http))), ..ports }
}

/// The queue says that it has stored a message before it has.
pub fn forgetful_queue(ports: Ports) -> Ports {
    Ports { queue: Arc::new(Forgetful(Arc::clone(&ports.queue))), ..ports }
}

fn altered(ports: Ports, fault: Fault) -> Ports {
    let inner = Arc::clone(&ports.ledger);
    Ports { ledger: Arc::new(Altered { inner, fault }), ..ports }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Unconditional,
    NoRevision,
    NotCancelled,
    NoConsent,
    NoTombstone,
    NoIntent,
}

struct Altered {
    inner: Arc<dyn Ledger>,
    fault: Fault,
}

impl Altered {
    /// What a reader gets to see of a row.
    fn seen(&self, mut row: Row) -> Row {
        match self.fault {
            Fault::NoRevision if row.key.kind == Kind::Order => row.revision = None,
            Fault::NotCancelled if row.state == State::Cancelled && row.promotion.is_some() => {
                row.state = State::Scheduled;
                row.revision = None;
            }
            Fault::NoConsent if row.key.kind == Kind::Consent => row.revision = None,
            Fault::NoTombstone => row.erased_at = None,
            Fault::NoIntent if row.state == State::Intended => row.state = State::Scheduled,
            _ => {}
        }
        row
    }
}

impl Ledger for Altered {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move { Ok(self.inner.get(key).await?.map(|row| self.seen(row))) })
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move {
            let put = self.inner.put(row, expected).await?;
            match (put, self.fault) {
                (Put::Conflict(Some(other)), Fault::Unconditional) => {
                    self.inner.put(row, Expected::Version(other.version)).await
                }
                (Put::Conflict(Some(other)), _) => Ok(Put::Conflict(Some(Box::new(self.seen(*other))))),
                (put, _) => Ok(put),
            }
        })
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        self.inner.due(purpose, until, limit)
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        self.inner.delete(key, version)
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        self.inner.scan_page(key_prefix, after)
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        self.inner.put_part(part, content, expires_at)
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        self.inner.get_part(part)
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        self.inner.delete_part(part)
    }
}

struct Repeating(Arc<dyn Http>);

impl Http for Repeating {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let again = Request {
            method: request.method,
            url: request.url.clone(),
            credential: request.credential.clone(),
            json: request.json.clone(),
            ..request
        };
        Box::pin(async move {
            match self.0.call(request).await {
                Err(CallError::NoAnswer(_)) => self.0.call(again).await,
                outcome => outcome,
            }
        })
    }
}

struct Forgetful(Arc<dyn Queue>);

impl Queue for Forgetful {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            // Whoever looks only at the answer believes it.
            let _ = self.0.send(message).await;
            Ok(())
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        self.0.park(letter)
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        self.0.sweep(sweep)
    }
}
