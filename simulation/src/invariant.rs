//! What must hold, whatever happens.

use std::fmt;

use jiff::Timestamp;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// The work comes to an end.
    Rest,
    /// What was taken ends.
    FinalState,
    /// Two workers never hold one row.
    Leases,
    /// At most one personalised push.
    PersonalisedOnce,
    /// A personalised push is announced first.
    PersonalisedAnnounced,
    /// At most one push.
    PushOnce,
    /// Nothing scheduled is forgotten.
    GoesOut,
    /// What is called off stays off.
    CalledOff,
    /// Websand knows an order as it is.
    NewestOrder,
    /// Nothing new, nothing told.
    OrderOnce,
    /// Websand knows what people decided.
    NewestDecision,
    /// Who left is not signed up by what was before.
    Withdrawal,
    /// A person hears of a withdrawal that nobody else can tell.
    PersonCalled,
    /// Who was forgotten stays so.
    Forgotten,
    /// What is paused makes no calls.
    Paused,
    /// What a person puts back or decides ends.
    PutRight,
    /// Nothing is taken for poison that is not.
    Blame,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Rest,
        Self::FinalState,
        Self::Leases,
        Self::PersonalisedOnce,
        Self::PersonalisedAnnounced,
        Self::PushOnce,
        Self::GoesOut,
        Self::CalledOff,
        Self::NewestOrder,
        Self::OrderOnce,
        Self::NewestDecision,
        Self::Withdrawal,
        Self::PersonCalled,
        Self::Forgotten,
        Self::Paused,
        Self::PutRight,
        Self::Blame,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rest => "everything comes to rest",
            Self::FinalState => "every event that was taken ends in a final state",
            Self::Leases => "two workers never hold one row",
            Self::PersonalisedOnce => "a personalised push goes out at most once",
            Self::PersonalisedAnnounced => "a personalised push goes out only while its row announces it",
            Self::PushOnce => "a push goes out at most once",
            Self::GoesOut => "what is not called off, given up or left unknown goes out",
            Self::CalledOff => "nothing goes out once its cancellation is in the ledger",
            Self::NewestOrder => "the last that Websand was told of an order is the newest",
            Self::OrderOnce => "of an order nothing is told again",
            Self::NewestDecision => "the last that Websand was told of a person's consent is the newest",
            Self::Withdrawal => "an older grant never undoes a withdrawal",
            Self::PersonCalled => "a withdrawal that cannot be told calls a person",
            Self::Forgotten => "nothing dated before an erasure is told after it",
            Self::Paused => "no call is started over a paused connection",
            Self::PutRight => "what was given up and is put back ends, and so does what a person decides",
            Self::Blame => "nothing is given up as crashed that did not go down with its workers five times",
        }
    }
}

/// What must never be and was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was noticed.
    pub at: Timestamp,
    /// What does not hold.
    pub of: Invariant,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (not so: {})", self.at, self.what, self.of.words())
    }
}

/// Violations found at the end.
#[derive(Debug, Default)]
pub(crate) struct Found(pub(crate) Vec<(Invariant, String)>);

impl Found {
    pub(crate) fn note(&mut self, of: Invariant, what: String) {
        self.0.push((of, what));
    }
}
