//! Which entries of a file count: of several versions of the same order or customer the newest one, whatever order they
//! stand in, and beside it the newest one that tells of a decision about marketing mail.

use std::collections::HashMap;

use jiff::Timestamp;

use super::entry::Deliverable;

/// The entries that count, by what they are about. Keeps one line a subject, nothing of the entries.
#[derive(Debug, Default)]
pub struct Newest(HashMap<String, Versions>);

/// How new an entry is; of two that are as new, the later one in the file.
type Age = (Option<Timestamp>, u8, u64);

#[derive(Debug, Default)]
struct Versions {
    newest: Option<Age>,
    deciding: Option<Age>,
}

impl Newest {
    /// Notes the entry with this number.
    pub fn note(&mut self, entry: &Deliverable, number: u64) {
        let subject = entry.subject.clone().or_else(|| entry.message.row_key());
        let versions = self.0.entry(subject.map(String::from).unwrap_or_default()).or_default();
        let age = Some((entry.dated, entry.progress(), number));
        versions.newest = versions.newest.max(age);
        if entry.decision().is_some() {
            versions.deciding = versions.deciding.max(age);
        }
    }

    /// The numbers of the entries that count, in order.
    pub fn numbers(&self) -> Vec<u64> {
        let ages = self.0.values().flat_map(|versions| [versions.newest, versions.deciding]).flatten();
        let mut numbers: Vec<u64> = ages.map(|(_, _, number)| number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
