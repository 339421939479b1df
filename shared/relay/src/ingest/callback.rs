//! Where a promotion wants its shop to be told how it went: only where the shop itself is told.

use url::Url;

use super::{Reply, settle::Settling};
use crate::{
    alarm::Alarm,
    callback::target::is_of_one_origin,
    event::{Event, Fault, FaultCode, Faults},
    secret::{SecretError, WebsaleSecret},
};

impl Settling<'_> {
    /// The fault of a promotion whose `callback_url` leads elsewhere than the shop's own callback. Only such a promotion
    /// needs the shop's websale secret here. If that cannot be read because it is wrong, the promotion waits for it
    /// later anyway, and before it is used the address is looked at again.
    pub(super) async fn check_callback(&self, event: &Event) -> Result<Result<(), Faults>, Reply> {
        let Event::PromotionScheduled(promotion) = event else { return Ok(Ok(())) };
        let Some(wanted) = &promotion.callback_url else { return Ok(Ok(())) };
        Ok(match self.ingest.secrets.websale(&self.shop).await {
            Ok(secret) => check(wanted, Some(&secret)),
            Err(SecretError::NotFound { .. }) => check(wanted, None),
            Err(SecretError::Malformed { .. } | SecretError::Denied { .. }) => Ok(()),
            Err(error @ SecretError::Unreachable { .. }) => {
                tracing::error!(alarm = %Alarm::SecretUnreadable, %error, "a secret cannot be used");
                return Err(Reply::Unavailable("secret_unreadable"));
            }
        })
    }
}

/// The fault of a `callback_url` that leads elsewhere than the shop's own callback.
pub(super) fn check(wanted: &str, account: Option<&WebsaleSecret>) -> Result<(), Faults> {
    let detail = match account.and_then(|account| account.status_callback.as_ref()) {
        Some(own) if Url::parse(wanted).is_ok_and(|wanted| is_of_one_origin(&wanted, &own.url)) => return Ok(()),
        Some(_) => "must have the scheme, host and port of the shop's status_callback",
        None => "must be left out: the shop has no status_callback",
    };
    let fault =
        Fault { pointer: "/data/callback_url".into(), code: FaultCode::CallbackHost, detail: detail.to_owned() };
    Err(Faults(vec![fault]))
}
