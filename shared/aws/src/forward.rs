//! The two forwarders: a batch of messages in, the ids of those that are to come back out.

use std::{process::ExitCode, sync::Arc};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{
    config::Destinations,
    forward::{WebsaleForwarder, WebsandForwarder},
    ports::Ports,
    queue::Handler,
    shop::Destination,
};

use crate::start::{self, Base};

mod batch;

use batch::{Batches, SqsInvocation};

/// Makes a forwarder of its ports.
type Make = fn(Ports, Destinations) -> Arc<dyn Handler>;

/// Serves the batches for Websand until Lambda ends the process.
pub fn websand() -> ExitCode {
    start::run(serve(Destination::Websand, |ports, config| Arc::new(WebsandForwarder::new(ports, config))))
}

/// Serves the batches for WEBSALE until Lambda ends the process.
pub fn websale() -> ExitCode {
    start::run(serve(Destination::Websale, |ports, config| Arc::new(WebsaleForwarder::new(ports, config))))
}

/// Which forwarder it is, the function says: a choice at run time would pack both into either package.
async fn serve(destination: Destination, make: Make) -> Result<(), Error> {
    let base = Base::from_process()?;
    let url = base.urls.queue(destination)?.to_owned();
    base.urls.dead_letters(destination)?;
    if destination == Destination::Websand {
        // Requests to forget somebody are settled here, for both destinations.
        base.urls.dead_letters(Destination::Websale)?;
    }
    let config = Destinations::from_variables(base.variables)?;
    let ports = base.ports(&config)?;
    start::connect(base.aws.connect_to_ledger()).await;
    let handler = make(ports, config);
    let batches = Batches { handler, client: base.aws.sqs(), url, clock: base.clock };
    let batches = &batches;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsInvocation>| async move {
        let deadline = start::deadline(&event.context)?;
        Ok::<_, Error>(batches.settle(event.payload, deadline).await?)
    }))
    .await
}
