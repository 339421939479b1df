//! Which fields a channel needs, takes or refuses. One table: the reader checks it and the schemas are made from it.

use super::Channel;

/// What a channel makes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum Need {
    /// Must be there.
    Required,
    /// May be there.
    Optional,
    /// Must not be there.
    Refused,
}

use Need::{Optional as O, Refused as N, Required as R};

/// The fields that differ between channels, each with the channels' needs in the order of [`Channel::ALL`]:
/// push, news, teaser, personalised push.
pub(in crate::event) const MATRIX: [(&str, [Need; 4]); 13] = [
    ("name", [O, O, O, R]),
    ("title", [R, R, O, R]),
    ("text", [R, R, O, R]),
    ("link", [O, O, O, O]),
    ("image_path", [O, O, R, N]),
    ("visible_from", [O, O, O, N]),
    ("visible_until", [R, R, R, N]),
    ("visible_days", [N, N, N, O]),
    ("send_at", [O, N, N, O]),
    ("send_before", [O, N, N, O]),
    ("voucher_batch", [N, N, N, O]),
    ("audience", [O, O, O, R]),
    ("draft", [O, O, O, N]),
];

impl Channel {
    /// What this channel makes of a field.
    pub(in crate::event) fn need(self, field: &str) -> Need {
        let column = Self::ALL.iter().position(|channel| *channel == self).unwrap_or_default();
        let row = MATRIX.iter().find(|(name, _)| *name == field);
        row.and_then(|(_, needs)| needs.get(column)).copied().unwrap_or(O)
    }

    /// The longest URL of a link, in characters.
    pub(in crate::event) const fn max_link(self) -> usize {
        match self {
            Self::PersonalisedPush => 128,
            Self::Push | Self::News | Self::Teaser => 160,
        }
    }

    /// Whether something is sent at a moment (else it is shown for a while).
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Push | Self::PersonalisedPush)
    }
}
