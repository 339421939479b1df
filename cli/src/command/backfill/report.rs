//! What a backfill came to: numbers, and what is wrong with the entries that cannot be used. Never a value of theirs.

use std::{collections::BTreeMap, fmt::Write};

use relay::{event::Fault, shop::ShopName, source::Unusable};
use serde::Serialize;

use super::file::Place;
use crate::table::visible;

/// So many faulty entries are named; all are counted.
const NAMED: usize = 100;

/// The numbers.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) shop: ShopName,
    /// Nothing was done; what would be queued is counted as queued.
    pub(super) dry_run: bool,
    /// An earlier start had settled the entries up to this one.
    pub(super) resumed_after: Option<u64>,
    pub(super) entries: u64,
    pub(super) queued: u64,
    /// Of those queued: how many had been delivered before.
    pub(super) again: u64,
    pub(super) already_delivered: u64,
    pub(super) already_under_way: u64,
    /// The file has a newer version, or the same once more.
    pub(super) older_in_file: u64,
    pub(super) ignored: BTreeMap<&'static str, u64>,
    pub(super) faulty: u64,
    /// The first of them.
    pub(super) faults: Vec<Faulty>,
}

/// An entry that cannot be used.
#[derive(Debug, Serialize)]
pub(super) struct Faulty {
    #[serde(flatten)]
    place: Place,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
}

impl Report {
    pub(super) fn new(shop: ShopName, dry_run: bool) -> Self {
        Self {
            shop,
            dry_run,
            resumed_after: None,
            entries: 0,
            queued: 0,
            again: 0,
            already_delivered: 0,
            already_under_way: 0,
            older_in_file: 0,
            ignored: BTreeMap::new(),
            faulty: 0,
            faults: Vec::new(),
        }
    }

    pub(super) fn queued(&mut self, again: bool) {
        self.queued += 1;
        self.again += u64::from(again);
    }

    pub(super) fn ignored(&mut self, reason: &'static str) {
        *self.ignored.entry(reason).or_default() += 1;
    }

    pub(super) fn faulty(&mut self, place: Place, detail: String) {
        self.note(Faulty { place, detail, faults: Vec::new() });
    }

    pub(super) fn unusable(&mut self, place: Place, unusable: Unusable) {
        let (detail, faults) = match unusable {
            Unusable::Faults(faults) => (faults.0.iter().map(words).collect::<Vec<_>>().join("; "), faults.0),
            other => (other.to_string(), Vec::new()),
        };
        self.note(Faulty { place, detail, faults });
    }

    fn note(&mut self, faulty: Faulty) {
        self.faulty += 1;
        if self.faults.len() < NAMED {
            self.faults.push(faulty);
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for Faulty { place, detail, .. } in &self.faults {
            let _ = writeln!(text, "{place}: {}", visible(detail));
        }
        let named = self.faults.len() as u64;
        if self.faulty > named {
            let _ = writeln!(text, "… and {} faulty entries more", self.faulty - named);
        }
        let _ = write!(text, "{}: {} entries", self.shop, self.entries);
        if let Some(number) = self.resumed_after {
            let _ = write!(text, ", of which an earlier start had settled the first {number}");
        }
        text.push('\n');
        let first = self.queued - self.again;
        let (queued, again) = if self.dry_run {
            ("would be queued", "would be queued to be delivered again")
        } else {
            ("queued", "queued to be delivered again")
        };
        let ignored = self.ignored.iter().map(|(reason, count)| (*count, format!("ignored: {reason}")));
        let lines = [
            (first, queued.to_owned()),
            (self.again, again.to_owned()),
            (self.already_delivered, "already delivered".to_owned()),
            (self.already_under_way, "already under way".to_owned()),
            (self.older_in_file, "older or repeated in the file".to_owned()),
        ];
        let lines = lines.into_iter().chain(ignored).chain([(self.faulty, "faulty".to_owned())]);
        for (number, (count, what)) in lines.enumerate() {
            if count > 0 || number == 0 {
                let _ = writeln!(text, "{count:>8}  {what}");
            }
        }
        text
    }
}

/// A fault of the whole entry has no place in it.
fn words(Fault { pointer, detail, .. }: &Fault) -> String {
    if pointer.is_empty() { detail.clone() } else { format!("{pointer} {detail}") }
}
