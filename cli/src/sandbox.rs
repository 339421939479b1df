//! Websand, WEBSALE and the shops' own APIs to develop and test against: strict about every documented rule, with faults
//! to order.
//!
//! All live on one port. Websand is at `http://HOST/websand/{account}` (or `http://HOST`, without an account); WEBSALE
//! and its log-in, BigCommerce, Shopware and Shopify's Admin API are at `http://HOST`, a shop's own endpoint for status
//! callbacks at `http://HOST/callbacks/{shop}`. What was received is at
//! `http://HOST/_sandbox/received`.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use relay::clock::{Clock, SystemClock};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

mod answer;
mod call;
mod callbacks;
mod control;
pub(crate) mod fault;
mod fields;
mod received;
mod route;
mod server;
mod shop_api;
mod story;
mod websale;
mod websand;

pub(crate) use call::Party;
pub(crate) use received::Received;
pub(crate) use story::Story;
pub(crate) use websale::{Account, Progress};

use answer::Answer;
use route::Target;

/// What can be set about a sandbox.
pub(crate) struct Settings {
    /// Faults from the start.
    pub(crate) faults: Vec<fault::Fault>,
    /// Accepted Websand API keys; none: any.
    pub(crate) websand_keys: Vec<String>,
    /// WEBSALE accounts; none: any, with any password but `wrong`.
    pub(crate) websale_accounts: Vec<Account>,
    /// Accepted credentials of shops' APIs: tokens, and Shopware's integrations as `ID:SECRET`; none: any but `wrong`.
    pub(crate) shop_keys: Vec<String>,
    /// What status callbacks to `/callbacks/{shop}` are signed with; none: [`callbacks::TRIAL_SECRET`].
    pub(crate) callback_secrets: Vec<String>,
    /// How long a token is good. WEBSALE's are good for 30 minutes.
    pub(crate) token_lifetime: SignedDuration,
    /// How long an account is blocked after five failed log-ins in a row. WEBSALE's time is not documented.
    pub(crate) login_block: SignedDuration,
    /// What makes dispatches progress.
    pub(crate) progress: Progress,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            faults: Vec::new(),
            websand_keys: Vec::new(),
            websale_accounts: Vec::new(),
            shop_keys: Vec::new(),
            callback_secrets: Vec::new(),
            token_lifetime: SignedDuration::from_mins(30),
            login_block: SignedDuration::from_mins(15),
            progress: Progress::ByRequest,
            clock: Arc::new(SystemClock),
        }
    }
}

/// A running sandbox.
pub(crate) struct Sandbox {
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Listens and serves.
    pub(crate) async fn start(listen: SocketAddr, settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let local_addr = listener.local_addr()?;
        let shared = Arc::new(Shared::new(settings));
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(server::run(listener, Arc::clone(&shared), stopped));
        Ok(Self { local_addr, shared, stop, server })
    }

    /// Where it listens.
    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What it received with a number above `after`, in order.
    pub(crate) fn received(&self, after: u64) -> Vec<Received> {
        self.shared.lock().log.after(after)
    }

    /// What was received left this behind: `{"websand": {transactions, subscribers}, "websale": {entries, dispatches},
    /// "shops": {callbacks}}`.
    pub(crate) fn state(&self) -> Value {
        control::state(&self.shared.lock())
    }

    /// Changes whenever something is received, takes effect or is answered.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Stops listening and drops every connection.
    pub(crate) async fn shutdown(self) {
        self.stop.send_replace(true);
        let _ = self.server.await;
    }
}

/// What all connections share.
struct Shared {
    inner: Mutex<Inner>,
    clock: Arc<dyn Clock>,
    changes: watch::Sender<u64>,
}

/// Everything the sandbox knows.
struct Inner {
    log: received::Log,
    faults: fault::Faults,
    websand: websand::Websand,
    websale: websale::Websale,
    shops: shop_api::ShopApis,
    callbacks: callbacks::Callbacks,
}

impl Shared {
    fn new(settings: Settings) -> Self {
        let mut faults = fault::Faults::default();
        let websale = websale::Websale::new(&settings);
        faults.add(settings.faults);
        let websand = websand::Websand::new(settings.websand_keys);
        let shops = shop_api::ShopApis::new(settings.shop_keys);
        let callbacks = callbacks::Callbacks::new(&settings.callback_secrets);
        let inner = Inner { log: received::Log::default(), faults, websand, websale, shops, callbacks };
        Self { inner: Mutex::new(inner), clock: settings.clock, changes: watch::Sender::new(0) }
    }

    /// Nothing panics while holding the lock in a way that would leave half a change.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Inner {
    fn call(
        &mut self,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        match target.call.party() {
            Party::Websand => self.websand.call(target, headers, body, now),
            Party::Bigcommerce | Party::Shopware | Party::Shopify => self.shops.call(target, headers, body, now),
            Party::Shop => self.callbacks.call(target, headers, body, now),
            Party::Websale => self.websale.call(&websale::Request { target, headers, body, now }),
        }
    }
}

#[cfg(test)]
mod tests;
