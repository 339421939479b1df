//! The two scheduled functions. What the schedule sends is not looked at.

use std::process::ExitCode;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{
    config::Destinations,
    dispatch::{self, Dispatched},
    poll::{Polled, Poller},
    shop::Destination,
};
use serde::de::IgnoredAny;

use crate::start::{self, Base};

/// What the schedule wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Queues the promotions that are due.
    PromotionDispatcher,
    /// Asks WEBSALE about open pushes.
    PushStatusPoller,
}

/// Serves the schedule until Lambda ends the process.
pub fn run(schedule: Schedule) -> ExitCode {
    match schedule {
        Schedule::PromotionDispatcher => start::run(serve_dispatcher()),
        Schedule::PushStatusPoller => start::run(serve_poller()),
    }
}

async fn serve_dispatcher() -> Result<(), Error> {
    let base = Base::from_process()?;
    base.urls.queue(Destination::Websale)?;
    let ports = base.ports(&Destinations::from_variables(base.variables)?)?;
    let ports = &ports;
    lambda_runtime::run(service_fn(|event: LambdaEvent<IgnoredAny>| async move {
        let done = dispatch::dispatch(ports, start::deadline(&event.context)?).await;
        let (schedule, Dispatched { queued, failed }) = ("promotion-dispatcher", done);
        tracing::info!(schedule, queued, failed, "dispatched due promotions");
        Ok::<_, Error>(())
    }))
    .await
}

async fn serve_poller() -> Result<(), Error> {
    let base = Base::from_process()?;
    let config = Destinations::from_variables(base.variables)?;
    let poller = Poller::new(base.ports(&config)?, start::callbacks(&config)?, config);
    let poller = &poller;
    lambda_runtime::run(service_fn(|event: LambdaEvent<IgnoredAny>| async move {
        let done = poller.run(start::deadline(&event.context)?).await;
        let (schedule, Polled { asked, ended, told, failed }) = ("push-status-poller", done);
        tracing::info!(schedule, asked, ended, told, failed, "asked about open pushes and told shops");
        Ok::<_, Error>(())
    }))
    .await
}
