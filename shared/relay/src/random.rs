//! Chance comes in as a value, so that a simulation can replay it.

/// Gives random numbers: lease tokens and back-off jitter. Not for keys.
pub trait Random: Send + Sync {
    /// A uniformly distributed number.
    fn next(&self) -> u64;
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next(&self) -> u64 {
        // A machine without random numbers cannot do TLS either; a constant would only make jitter less useful.
        getrandom::u64().unwrap_or_default()
    }
}
