//! Placeholder.
/// The ledger in memory, for tests and simulations.
#[derive(Debug, Default)]
pub struct MemoryLedger {}
