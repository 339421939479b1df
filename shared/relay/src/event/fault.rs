//! What is wrong with a body: every fault at once, where it is, and never the value itself.

use std::fmt;

use serde::Serialize;

/// One fault of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the faulty place; empty for the whole document.
    pub pointer: String,
    /// What kind of fault it is, for programs.
    pub code: FaultCode,
    /// What is wrong and what would be right, for people. Holds no value from the document.
    pub detail: String,
}

/// Kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum FaultCode {
    Missing,
    WrongType,
    Invalid,
    Empty,
    TooLong,
    TooMany,
    OutOfRange,
    UnknownValue,
    UnknownField,
    NotForChannel,
    EmptyFilter,
    InFuture,
    UnknownTag,
    TagNeedsConnected,
    TagNeedsVoucher,
    WrongOrder,
    QuietHours,
    CallbackHost,
}

/// All faults of a document; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{:?}: {}", fault.pointer, fault.detail)?;
        }
        Ok(())
    }
}
