//! Messages that are held back while a connection is paused.

use relay::shop::Destination;

use super::{Either, PATIENCE, System};
use crate::{recorder::Hidden, stack::Stack, wait::within};

/// Messages that are held back.
#[derive(Debug)]
#[must_use = "other tests wait for them"]
pub struct Held<'a>(Option<(&'a Stack, Vec<Hidden>)>);

impl Held<'_> {
    /// Has them looked at now. The embedded host does so by itself as soon as the connection is open.
    pub async fn look(self) {
        if let Some((stack, hidden)) = self.0 {
            stack.show(&hidden).await;
        }
    }
}

impl System {
    /// Waits until a message to this destination is held back, because the connection is paused, and tells how to have it
    /// looked at once more: on AWS that is after minutes.
    pub async fn held(&self, destination: Destination) -> Held<'_> {
        within(PATIENCE, "a message is held back", async || match &self.host {
            Either::Embedded(host) => {
                let log = std::fs::read_to_string(host.log()).expect("the host has a log");
                log.contains("is held back").then_some(Held(None))
            }
            Either::Deployed(stack) => {
                let hidden = stack.put_off(destination.name());
                (!hidden.is_empty()).then_some(Held(Some((stack, hidden))))
            }
        })
        .await
    }
}
