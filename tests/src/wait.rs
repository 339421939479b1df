//! Waiting for something to become true, instead of sleeping for a time that is too long or too short.

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before its test fails.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Calls `probe` until it gives a value, and panics with `what` when none has come after [`PATIENCE`].
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, probe: impl FnMut() -> F) -> T {
    within(PATIENCE, what, probe).await
}

/// Calls `probe` until it gives a value, and panics with `what` when none has come after `patience`.
pub async fn within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut probe: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(start.elapsed() < patience, "waited {patience:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
