//! Dead letters: what is given up is kept until a person has looked.

use super::attempt::failure;
use crate::{
    ports::Ports,
    queue::{DeadLetter, Received, Settlement},
    retry::{Failure, PUT_BACK},
    shop::{Destination, ShopName},
};

/// Parks a message, with or without a row. `Err` holds what becomes of it if that fails: it comes back.
pub(crate) async fn park(
    ports: &Ports,
    received: &Received,
    destination: Destination,
    shop: Option<&ShopName>,
    failure: &Failure,
) -> Result<(), Settlement> {
    let letter = DeadLetter {
        shop: shop.cloned(),
        destination,
        body: received.body.clone(),
        reason: failure.code.clone(),
        status: failure.status,
        detail: Some(failure.detail.clone()).filter(|detail| !detail.is_empty()),
    };
    ports.queue.park(&letter).await.map_err(|error| {
        tracing::error!(%destination, %error, "cannot be parked, comes back");
        Settlement::Back { after: PUT_BACK }
    })
}

/// A message that cannot be read is parked as it is: nothing of it is known for certain, not even the shop.
pub(crate) async fn unreadable(
    ports: &Ports,
    received: &Received,
    destination: Destination,
    problem: &(dyn std::fmt::Display + Sync),
) -> Settlement {
    let failure = failure("unreadable", &problem.to_string());
    tracing::error!(%destination, outcome = "parked", detail = failure.detail, "a message cannot be read");
    match park(ports, received, destination, None, &failure).await {
        Ok(()) => Settlement::Done,
        Err(back) => back,
    }
}
