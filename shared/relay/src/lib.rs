//! The product: how a shop's webhook becomes a request at Websand or WEBSALE.
//!
//! An event travels one straight line:
//!
//! ```text
//! source (verify, parse, map) → canonical event → queue message → forwarder (claim, call, finish) → destination
//! ```
//!
//! [`ingest`] is the receiving half: it turns one HTTP request into one [`message::Message`] on a queue and an
//! answer. [`forward`] is the delivering half: it settles one message against the [`ledger`] and a destination.
//! [`dead`] is what an operator does with what was given up.
//! [`dispatch`] wakes promotions when they are due and [`poll`] follows personalised pushes to their end.
//!
//! Nothing here knows AWS or SQLite. Handlers are given ports ([`queue::Queue`], [`secret::SecretStore`],
//! [`ledger::Ledger`], [`http::Http`], [`clock::Clock`], [`random::Random`]) and return values; they spawn nothing.
//! The two hosts, Lambda and the embedded process, implement the ports and feed the handlers.

pub mod alarm;
pub mod backfill;
pub mod batch;
pub mod callback;
pub mod clock;
pub mod config;
pub mod dead;
pub mod destination;
pub mod dispatch;
pub mod erase;
pub mod event;
pub mod forward;
pub mod http;
pub mod ingest;
pub mod ledger;
pub mod message;
pub mod metric;
pub mod poll;
pub mod ports;
pub mod queue;
pub mod quiet;
pub mod random;
pub mod retry;
pub mod revision;
pub mod secret;
pub mod shop;
mod shop_api;
pub mod source;
pub mod standard_webhooks;
pub mod telemetry;
pub mod text;
pub mod tls;

/// What a port's method returns: a boxed future, so that ports stay object-safe.
pub type Async<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
