//! What stands in for `EventBridge`: a run every so often, never two at a time.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

/// Runs at once and then every `period`, until told to stop; a run in hand is ended first. A run that takes longer
/// than the period delays the next one, and a panic is the end of its run only.
pub(crate) async fn every<F: Future<Output = ()>>(
    period: Duration,
    name: &'static str,
    mut stopped: watch::Receiver<bool>,
    run: impl Fn() -> F,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = ticks.tick() => {}
        }
        if AssertUnwindSafe(async { run().await }).catch_unwind().await.is_err() {
            // The panic hook has written where it happened.
            tracing::error!(schedule = name, "a run panicked");
        }
    }
}
