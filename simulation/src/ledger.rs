//! The ledger: conditional writes that fail, answers that get lost, an index that lags behind.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use relay::{
    Async,
    ledger::{
        Consent, Expected, Ledger, LedgerError, PartId, Purpose, Put, Row, ScanPage, State as Standing, transition,
    },
    message::{Kind, RowKey},
    revision::Revision,
};

use crate::{
    invariant::Invariant,
    world::{Process, State},
};

/// What the ledger holds.
#[derive(Default)]
pub(crate) struct LedgerState {
    pub(crate) rows: BTreeMap<String, Row>,
    /// Which promotions were ever called off, and by which revision.
    pub(crate) cancelled: BTreeMap<String, Revision>,
    /// Which connections are paused, and since when the ledger says so.
    pub(crate) paused: BTreeMap<String, Timestamp>,
    /// Since when the tombstones of people stand, by the keys of their rows.
    pub(crate) erased: BTreeMap<String, Timestamp>,
    parts: BTreeMap<String, Vec<u8>>,
    index: BTreeMap<String, Row>,
    /// What the index does not know yet, and when it will.
    lagging: VecDeque<(Timestamp, Row)>,
}

impl State {
    fn put(&mut self, row: &Row, expected: Expected) -> Put {
        let key = row.key.to_string();
        let stored = self.ledger.rows.get(&key);
        let is_met = match expected {
            Expected::Absent => stored.is_none(),
            Expected::Version(version) => stored.is_some_and(|stored| stored.version == version),
        };
        if !is_met {
            return match stored {
                Some(stored) if stored.write == row.write => Put::Stored,
                stored => Put::Conflict(stored.cloned().map(Box::new)),
            };
        }
        if let Some((of, what)) = stored.and_then(|stored| forbidden(stored, row, self.now)) {
            self.violated(of, format!("{key}: {what}"));
        }
        self.write(row.clone());
        Put::Stored
    }

    fn write(&mut self, row: Row) {
        let lag = SignedDuration::from_millis(i64::try_from(self.chance.below(3000)).unwrap_or_default());
        let visible = self.now.saturating_add(lag).unwrap_or(Timestamp::MAX);
        if let (Standing::Cancelled, Some(revision)) = (row.state, row.revision) {
            self.ledger.cancelled.insert(row.key.to_string(), revision);
        }
        if row.erased_at.is_some() {
            self.ledger.erased.entry(row.key.to_string()).or_insert(self.now);
        }
        match row.connection.as_ref().map(|known| known.paused_at.is_some()) {
            Some(true) => drop(self.ledger.paused.entry(row.key.to_string()).or_insert(self.now)),
            Some(false) => drop(self.ledger.paused.remove(&row.key.to_string())),
            None => {}
        }
        self.ledger.lagging.push_back((visible, row.clone()));
        self.note(|| {
            let Row { key, version, state, lease, due, attempts, not_before, .. } = &row;
            let (state, lease) = (state.name(), lease.as_ref().map(|lease| &lease.token));
            format!("{key} v{version} {state} lease {lease:?} due {due:?} not before {not_before:?} {attempts:?}")
        });
        self.foresee(&row);
        self.ledger.rows.insert(row.key.to_string(), row);
    }

    fn delete(&mut self, key: &str, version: u64) -> Option<Row> {
        match self.ledger.rows.get(key) {
            Some(row) if row.version != version => Some(row.clone()),
            _ => {
                self.ledger.rows.remove(key);
                self.ledger.index.remove(key);
                self.ledger.lagging.retain(|(_, row)| row.key.to_string() != key);
                None
            }
        }
    }

    fn due(&mut self, purpose: Purpose, until: Timestamp, limit: usize) -> Vec<Row> {
        while self.ledger.lagging.front().is_some_and(|(visible, _)| *visible <= self.now) {
            if let Some((_, row)) = self.ledger.lagging.pop_front() {
                self.ledger.index.insert(row.key.to_string(), row);
            }
        }
        let is_due = |row: &&Row| row.index().is_some_and(|due| due.purpose == purpose && due.at <= until);
        let mut due: Vec<Row> = self.ledger.index.values().filter(is_due).cloned().collect();
        due.sort_by_key(|row| row.index().map(|due| due.at));
        due.truncate(limit);
        due
    }

    /// When the next row is due for this.
    pub(crate) fn next_due(&self, purpose: Purpose) -> Option<Timestamp> {
        let due = self.ledger.rows.values().filter_map(Row::index).filter(|due| due.purpose == purpose);
        due.map(|due| due.at).min()
    }

    /// What the embedded host does at its start: nobody else is at work, so every lease is void.
    pub(crate) fn void_leases(&mut self) {
        let in_hand: Vec<Row> = self.ledger.rows.values().filter(|row| row.lease.is_some()).cloned().collect();
        let (now, in_company) = (self.now, in_hand.len() > 1);
        for row in in_hand {
            let version = row.version + 1;
            let write = format!("restart-{version}");
            self.write(Row { version, write, ..transition::restart(row, in_company, now) });
        }
    }
}

/// What must not become of a row.
fn forbidden(before: &Row, after: &Row, now: Timestamp) -> Option<(Invariant, &'static str)> {
    if let (Some(holder), Some(taker)) = (&before.lease, &after.lease)
        && holder.token != taker.token
        && holder.until > now
    {
        return Some((Invariant::Leases, "a lease was taken while another held"));
    }
    let decided = |row: &Row| row.revision.and_then(|revision| revision.time);
    if before.key.kind == Kind::Consent
        && before.consent == Some(Consent::Withdrawn)
        && after.consent == Some(Consent::Granted)
        && decided(after) <= decided(before)
    {
        return Some((Invariant::Withdrawal, "an older grant undid a withdrawal"));
    }
    None
}

/// A process's hand on the ledger.
pub(crate) struct SimLedger(pub Process);

impl SimLedger {
    async fn request<T>(&self, act: impl FnOnce(&mut State) -> T + Send) -> Result<T, LedgerError> {
        let lost = || LedgerError("simulated".into());
        self.0.pause(1, 10).await;
        if self.0.with(State::fails) {
            return Err(lost());
        }
        let done = self.0.with(act);
        self.0.pause(1, 10).await;
        if self.0.with(State::fails) { Err(lost()) } else { Ok(done) }
    }
}

impl Ledger for SimLedger {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move { self.request(|state| state.ledger.rows.get(&key.to_string()).cloned()).await })
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(async move {
            let put = self.request(|state| state.put(row, expected)).await;
            if put.is_err() {
                self.0.with(|state| *state.lost_notes.entry(row.key.to_string()).or_default() += 1);
            }
            put
        })
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        Box::pin(async move { self.request(|state| state.due(purpose, until, limit)).await })
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move { self.request(|state| state.delete(&key.to_string(), version)).await })
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        _after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        let find = move |state: &mut State| {
            let found = state.ledger.rows.iter().filter(|(key, _)| key.starts_with(key_prefix));
            ScanPage { rows: found.map(|(_, row)| row.clone()).collect(), next: None }
        };
        Box::pin(async move { self.request(find).await })
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        _expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        let put = move |state: &mut State| {
            state.ledger.parts.insert(part.to_string(), content.to_vec());
        };
        Box::pin(async move { self.request(put).await })
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        Box::pin(async move { self.request(|state| state.ledger.parts.get(&part.to_string()).cloned()).await })
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        let delete = move |state: &mut State| {
            state.ledger.parts.remove(&part.to_string());
        };
        Box::pin(async move { self.request(delete).await })
    }
}
