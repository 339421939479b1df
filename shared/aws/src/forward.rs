//! The two forwarders: a batch of messages in, the ids of those that are to come back out.

use std::{process::ExitCode, sync::Arc};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{
    config::Destinations,
    forward::{WebsaleForwarder, WebsandForwarder},
    queue::Handler,
    shop::Destination,
};

use crate::start::{self, Base};

mod batch;

use batch::{Batches, SqsInvocation};

/// Serves this destination's batches until Lambda ends the process.
pub fn run(destination: Destination) -> ExitCode {
    start::run(serve(destination))
}

async fn serve(destination: Destination) -> Result<(), Error> {
    let base = Base::from_process()?;
    let url = base.urls.queue(destination)?.to_owned();
    base.urls.dead_letters(destination)?;
    if destination == Destination::Websand {
        // Requests to forget somebody are settled here, for both destinations.
        base.urls.dead_letters(Destination::Websale)?;
    }
    let config = Destinations::from_variables(base.variables)?;
    let ports = base.ports(&config)?;
    let handler: Arc<dyn Handler> = match destination {
        Destination::Websand => Arc::new(WebsandForwarder::new(ports, config)),
        Destination::Websale => Arc::new(WebsaleForwarder::new(ports, config)),
    };
    let batches = Batches { handler, client: base.aws.sqs(), url, clock: base.clock };
    let batches = &batches;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsInvocation>| async move {
        let deadline = start::deadline(&event.context)?;
        Ok::<_, Error>(batches.settle(event.payload, deadline).await?)
    }))
    .await
}
