//! What a row waits for: a time, or a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a row is due for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The dispatcher's: a promotion to send, or a shop that should have been heard of.
    Send,
    /// A push to ask about, or a status callback to make: the poller's.
    Poll,
    /// A person's.
    Attention,
    /// Nothing: people who were forgotten, so that audiences can be checked against all of them at once.
    Erased,
}

impl Purpose {
    /// The name in the index.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Poll => "poll",
            Self::Attention => "attention",
            Self::Erased => "erased",
        }
    }
}

/// When a row is due, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// For what.
    pub purpose: Purpose,
    /// When.
    pub at: Timestamp,
}

/// Why a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// A call's outcome is unknown.
    OutcomeUnknown,
    /// The message is in the dead-letter queue.
    Parked,
    /// The shop's settings are wrong; deliveries wait.
    ConfigurationFault,
    /// The destination refuses our credentials; deliveries wait.
    CredentialsRefused,
    /// A withdrawal of consent that the shop's settings cannot express.
    WithdrawalNotExpressible,
    /// A push whose end could not be seen before the deadline.
    PollDeadline,
    /// A person or a shop was forgotten here; the receipt says what is to be done by hand elsewhere.
    ErasureByHand,
    /// An operator paused the connection, and may forget to resume it.
    Paused,
    /// The shop could not be told what became of a promotion.
    CallbackFailed,
    /// A person wants to know what is held about them; the receipt lists it.
    DataRequest,
}
