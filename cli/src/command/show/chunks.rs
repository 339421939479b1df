//! How far a promotion that goes out in chunks has come, read from the chunks themselves.

use std::future::ready;

use futures_util::{StreamExt, TryStreamExt, stream};
use relay::{
    ledger::{
        Ledger, LedgerError, Plan, Row,
        chunk::{self, Totals},
    },
    message::Kind,
};
use serde_json::{Value, json};

use super::words;

/// How many rows are read at the same time.
const AT_ONCE: usize = 16;

/// A promotion's chunks.
pub(crate) struct Chunks {
    plan: Plan,
    totals: Totals,
    /// Those that wait for a person, as `resolve` calls them.
    waiting: Vec<String>,
}

impl Chunks {
    /// Reads them, if the row is a promotion that has any.
    pub(crate) async fn of(ledger: &dyn Ledger, row: &Row) -> Result<Option<Self>, LedgerError> {
        let Some(promotion) = row.promotion.as_ref().filter(|_| row.key.kind == Kind::Promotion) else {
            return Ok(None);
        };
        let Some(plan) = promotion.plan else { return Ok(None) };
        let keys: Vec<_> = (1..=plan.begun).map(|number| chunk::key(&row.key, number)).collect();
        let reading = stream::iter(keys.iter().map(|key| ledger.get(key))).buffered(AT_ONCE);
        let rows: Vec<Row> = reading.try_filter_map(|row| ready(Ok(row))).try_collect().await?;
        let waiting = rows.iter().filter(|row| row.attention.is_some()).map(words::name).collect();
        Ok(Some(Self { plan, totals: Totals::of(promotion, &rows), waiting }))
    }

    /// In plain words.
    pub(crate) fn text(&self) -> String {
        let Self { plan, totals, waiting } = self;
        let counted = |number: u32, what: &str| if number > 0 { format!(", {number} {what}") } else { String::new() };
        let dispatch = |name: &str, number: Option<u64>| number.map(|n| format!(", {n} {name}")).unwrap_or_default();
        let counts =
            [("receivers", totals.counts.receivers), ("sent", totals.counts.sent), ("failed", totals.counts.errors)];
        let counts: String = counts.into_iter().map(|(name, number)| dispatch(name, number)).collect();
        let ends = [
            counted(totals.undecided, "need a person"),
            counted(totals.dropped, "dropped"),
            if plan.cancelled { ", the rest called off".to_owned() } else { String::new() },
        ];
        let names = waiting.iter().fold(String::new(), |text, name| text + "  needs a person: " + name + "\n");
        format!(
            "\n{} of {} chunks sent, {} addresses each at most{}\nOf these, as told by WEBSALE: {}\n{names}",
            totals.sent,
            plan.chunks,
            plan.size,
            ends.concat(),
            counts.strip_prefix(", ").unwrap_or("nothing yet"),
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let Self { plan, totals, waiting } = self;
        json!({
            "chunks": plan.chunks,
            "addresses_each": plan.size,
            "begun": plan.begun,
            "cancelled": plan.cancelled,
            "sent": totals.sent,
            "undecided": totals.undecided,
            "dropped": totals.dropped,
            "dispatch": totals.counts,
            "need_a_person": waiting,
        })
    }
}
