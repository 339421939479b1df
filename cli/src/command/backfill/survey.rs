//! The first reading of the file: every entry is read and mapped, nothing is queued. So faults are all known at once, and
//! of several versions of an order only the newest goes out, wherever it stands.

use std::{fs::File, io, ops::ControlFlow};

use relay::{
    backfill::{Entries, Entry, Newest},
    clock::{Clock, SystemClock},
};

use super::{
    file::{self, Place},
    report::Report,
};
use crate::progress::Progress;

/// What the file holds.
pub(super) struct Survey {
    /// The numbers of the entries that are to be settled, in order.
    pub(super) chosen: Vec<u64>,
    /// SHA-256 of the file.
    pub(super) digest: String,
    /// The first entry of which nobody knows which platform's it is; then nothing else was looked at.
    pub(super) unclear: Option<Place>,
}

/// Reads the file, and counts and names what leads to nothing.
pub(super) fn take(file: &File, entries: &Entries, report: &mut Report) -> io::Result<Survey> {
    let mut progress = Progress::new("Reading", file.metadata()?.len());
    let (mut newest, mut deliverable, mut unclear) = (Newest::default(), 0_u64, None);
    let digest = file::read(file, |item| {
        report.entries = item.number;
        progress.at(item.read, || format!("{} entries", item.number));
        let entry = match item.object {
            Ok(object) => entries.read(&object, SystemClock.now()),
            Err(detail) => {
                report.faulty(item.place, detail);
                return ControlFlow::Continue(());
            }
        };
        match entry {
            Entry::Deliverable(entry) => {
                deliverable += 1;
                newest.note(&entry, item.number);
            }
            Entry::Ignored(reason) => report.ignored(reason),
            Entry::Faulty(unusable) => report.unusable(item.place, unusable),
            Entry::Unclear => {
                unclear = Some(item.place);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    let chosen = newest.numbers();
    report.older_in_file = deliverable - chosen.len() as u64;
    Ok(Survey { chosen, digest, unclear })
}
