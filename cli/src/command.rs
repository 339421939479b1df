//! One file a command.

pub(crate) mod backfill;
pub(crate) mod dead;
pub(crate) mod deliveries;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod forget;
pub(crate) mod pause;
pub(crate) mod promotion;
pub(crate) mod received;
pub(crate) mod resolve;
pub(crate) mod sandbox;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod shop;
pub(crate) mod show;

/// What a command ends with: an exit code, or one message for a person.
pub(crate) type Outcome = Result<std::process::ExitCode, CommandError>;

/// A failed command: what is wrong, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CommandError(pub(crate) String);
