//! The embedded host's server with everything but a store: what the store costs is the difference to this.

use std::{io::Write, path::PathBuf, sync::Arc, time::Duration};

use relay::{
    Async,
    clock::SystemClock,
    ingest::{Ingest, Receipt},
    message::Message,
    queue::{DeadLetter, Queue, QueueError},
    secret::{Secrets, SecretsConfig},
};
use relay_embedded::{Front, Journal, serve as answer};
use relay_sqlite::TomlSecrets;
use tokio::{net::TcpListener, sync::watch};

use crate::Failure;

struct Nowhere;

impl Queue for Nowhere {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        // Writing it down is no part of storing it.
        std::hint::black_box(message.to_json());
        Box::pin(std::future::ready(Ok(())))
    }

    fn park<'a>(&'a self, _letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(std::future::ready(Err(QueueError::Unavailable("there is no store".into()))))
    }
}

impl Journal for Nowhere {
    fn note(&self, _receipt: &Receipt) {}

    fn is_ready(&self) -> bool {
        true
    }
}

/// Serves until it is killed, with the secrets of this data directory.
pub(crate) async fn serve(data_dir: PathBuf) -> Result<(), Failure> {
    let file = TomlSecrets::open(data_dir.join("secrets.toml"))?;
    let clock = Arc::new(SystemClock);
    let secrets = Arc::new(Secrets::new(Arc::new(file), clock.clone(), SecretsConfig::default()));
    let front = Front { ingest: Ingest { secrets, queue: Arc::new(Nowhere), clock }, journal: Nowhere };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let (_stop, stopped) = watch::channel(false);
    answer(listener, Arc::new(front), stopped, Duration::ZERO).await;
    Ok(())
}
