//! What became of the letters.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Letter, Wanted};

/// What was found and done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many letters were looked at.
    pub examined: u64,
    /// Those that were meant.
    pub items: Vec<Item>,
    /// Events whose letters are not there, and whose rows need nobody any more.
    pub settled: BTreeSet<String>,
}

/// One letter that was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The letter.
    #[serde(flatten)]
    pub letter: Letter,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Fate {
    /// It was looked at.
    Found,
    /// It was opened.
    Opened {
        /// Its message as it is, personal data included.
        body: String,
    },
    /// There were more than the limit: it is left alone.
    BeyondLimit,
    /// Its message is on its queue again, and the letter is gone.
    PutBack,
    /// A rejected webhook that there is nothing to do for, as it turns out now. The letter is gone.
    Ignored {
        /// Why.
        why: String,
    },
    /// It was deleted.
    Dropped,
    /// A rejected webhook that is still of no use; it stays.
    StillRejected {
        /// Why, as a short code.
        why: String,
        /// What exactly.
        words: String,
    },
    /// A rejected webhook whose body was not kept: the shop has to send it again.
    NoBody,
    /// This version cannot read the message; it stays.
    Unreadable,
    /// It stays, for it could not be put back.
    Failed {
        /// Why not.
        error: String,
    },
    /// What was to be done with it is done, but the letter could not be deleted. To do it once more does no harm.
    NotDeleted,
}

impl Fate {
    /// Whether something was to be done with the letter and could not be.
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::StillRejected { .. } | Self::NoBody | Self::Unreadable | Self::Failed { .. } | Self::NotDeleted => {
                true
            }
            Self::Found
            | Self::Opened { .. }
            | Self::BeyondLimit
            | Self::PutBack
            | Self::Ignored { .. }
            | Self::Dropped => false,
        }
    }
}

impl Report {
    /// The ids that were asked for and belong to no letter.
    pub fn not_found(&self, wanted: &Wanted) -> BTreeSet<String> {
        let is_found = |id: &String| {
            self.items.iter().any(|Item { letter, .. }| letter.id == *id || letter.event_id() == Some(id))
        };
        wanted.ids.iter().filter(|id| !is_found(id) && !self.settled.contains(*id)).cloned().collect()
    }
}
