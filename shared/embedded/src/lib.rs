//! The embedded host: the same handlers that run in Lambda, in one process, over `SQLite` and a TOML file.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    config::{ConfigError, Destinations},
    dispatch::{Dispatched, dispatch},
    forward::{WebsaleForwarder, WebsandForwarder},
    http::{ClientError, GuardedHttp, ReqwestHttp},
    ingest::{Ingest, Receipt},
    poll::{Polled, Poller},
    ports::Ports,
    queue::Handler,
    random::SystemRandom,
    secret::{Secrets, SecretsConfig},
    shop::Destination,
};
use relay_sqlite::{OpenError, Receipts, SecretsFileError, SqliteLedger, SqliteQueue, Store, TomlSecrets};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

mod front;
mod schedule;
mod server;
#[cfg(test)]
mod tests;
mod worker;

pub use front::{Front, Journal};
pub use server::serve;
use worker::Worker;

/// How often due promotions are looked for: they go out at most so much late.
const DISPATCH_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked for dispatches to ask about; how often each is asked about, its shop's settings say.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// How often expired rows are forgotten, and at most how many in one transaction.
const FORGET: (Duration, usize) = (Duration::from_hours(1), 500);
/// How long one run of the dispatcher or the poller may take, as in Lambda.
const RUN: SignedDuration = SignedDuration::from_secs(60);
/// Requests in hand have this long to end when the host stops.
const LAST_REQUESTS: Duration = Duration::from_secs(15);
/// Deliveries in hand have the longest call's time-out and this much to end when the host stops.
const LAST_DELIVERIES: Duration = Duration::from_secs(5);

/// What the host is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where it keeps everything.
    pub data_dir: PathBuf,
    /// How destinations are reached.
    pub destinations: Destinations,
    /// How secrets are named and kept.
    pub secrets: SecretsConfig,
}

/// Why the host cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets' file.
    #[error(transparent)]
    Secrets(#[from] SecretsFileError),
    /// A variable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The address.
    #[error("cannot listen on {0}: {1}; name another address with --listen")]
    Listen(SocketAddr, io::Error),
}

/// A running host.
pub struct Embedded {
    address: SocketAddr,
    store: Store,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    workers: JoinSet<()>,
    last_deliveries: Duration,
}

impl Embedded {
    /// Starts the host; it is ready when this returns.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let clock = SystemClock;
        let Settings { listen, data_dir, destinations, secrets } = settings;
        let store = Store::open(&data_dir, clock.now())?;
        let file = TomlSecrets::open(data_dir.join("secrets.toml"))?;
        file.ensure_installation(&secrets.installation_name())?;
        let queue = SqliteQueue::new(store.clone(), Arc::new(clock));
        let ledger = SqliteLedger::new(store.clone());
        let tls = relay::tls::client_config("SHOPRELAY_CA_FILE", destinations.ca_file.as_deref())?;
        let ports = Ports {
            queue: Arc::new(queue.clone()),
            ledger: Arc::new(ledger.clone()),
            secrets: Arc::new(Secrets::new(Arc::new(file), Arc::new(clock), secrets)),
            http: Arc::new(ReqwestHttp::new(tls.clone())?),
            clock: Arc::new(clock),
            random: Arc::new(SystemRandom),
        };
        let callbacks = Arc::new(GuardedHttp::new(tls, destinations.callback_allow.clone())?);
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        let (stop, stopped) = watch::channel(false);
        let front = Front {
            ingest: Ingest { secrets: ports.secrets.clone(), queue: ports.queue.clone(), clock: ports.clock.clone() },
            journal: Book { receipts: Receipts::new(store.clone()), store: store.clone() },
        };
        let server = tokio::spawn(serve(listener, Arc::new(front), stopped.clone(), LAST_REQUESTS));
        let mut workers = JoinSet::new();
        let last_deliveries = destinations.send_timeout.max(destinations.http_timeout) + LAST_DELIVERIES;
        let websand = WebsandForwarder::new(ports.clone(), destinations.clone());
        let websale = WebsaleForwarder::new(ports.clone(), destinations);
        let poller = websale.poller(callbacks);
        spawn_worker(&mut workers, &queue, &ports, (Destination::Websand, Arc::new(websand)), &stopped);
        spawn_worker(&mut workers, &queue, &ports, (Destination::Websale, Arc::new(websale)), &stopped);
        spawn_schedules(&mut workers, ports, ledger, poller, &stopped);
        Ok(Self { address, store, stop, server, workers, last_deliveries })
    }

    /// Where the host listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops in order: takes no more requests and messages, ends those in hand, closes the store. What does not end in
    /// time is cut off, as a crash would: the next start puts it right.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let workers = async { while self.workers.join_next().await.is_some() {} };
        let (_, ended) = tokio::join!(&mut self.server, tokio::time::timeout(self.last_deliveries, workers));
        if ended.is_err() {
            tracing::warn!("deliveries were cut off; the next start goes on with them");
        }
        self.workers.shutdown().await;
        self.store.close().await;
    }
}

/// The store as the server sees it.
struct Book {
    receipts: Receipts,
    store: Store,
}

impl Journal for Book {
    fn note(&self, receipt: &Receipt) {
        self.receipts.note(receipt);
    }

    fn is_ready(&self) -> bool {
        self.store.is_writable()
    }
}

fn spawn_worker(
    workers: &mut JoinSet<()>,
    queue: &SqliteQueue,
    ports: &Ports,
    (destination, handler): (Destination, Arc<dyn Handler>),
    stopped: &watch::Receiver<bool>,
) {
    let worker = Worker { queue: queue.clone(), destination, handler, clock: ports.clock.clone() };
    workers.spawn(worker.run(stopped.clone()));
}

fn spawn_schedules(
    workers: &mut JoinSet<()>,
    ports: Ports,
    ledger: SqliteLedger,
    poller: Poller,
    stopped: &watch::Receiver<bool>,
) {
    let clock = ports.clock.clone();
    let deadline = move || clock.now().saturating_add(RUN).unwrap_or(Timestamp::MAX);
    let (ports, due) = (Arc::new(ports), deadline.clone());
    workers.spawn(schedule::every(DISPATCH_EVERY, "promotion-dispatcher", stopped.clone(), move || {
        let (ports, deadline) = (ports.clone(), due());
        async move {
            let done = dispatch(&ports, deadline).await;
            if done != Dispatched::default() {
                tracing::info!(queued = done.queued, failed = done.failed, "promotions due");
            }
        }
    }));
    workers.spawn(schedule::every(POLL_EVERY, "push-status-poller", stopped.clone(), move || {
        let (poller, deadline) = (poller.clone(), deadline());
        async move {
            let done = poller.run(deadline).await;
            if done != Polled::default() {
                let Polled { asked, ended, told, failed } = done;
                tracing::info!(asked, ended, told, failed, "dispatches asked about and shops told");
            }
        }
    }));
    workers.spawn(schedule::every(FORGET.0, "ledger-retention", stopped.clone(), move || {
        let ledger = ledger.clone();
        async move { forget_expired(&ledger).await }
    }));
}

/// DynamoDB does this by itself.
async fn forget_expired(ledger: &SqliteLedger) {
    loop {
        match ledger.forget_expired(SystemClock.now(), FORGET.1).await {
            Ok(rows) if rows == FORGET.1 => {}
            Ok(_) => return,
            Err(error) => return tracing::warn!(%error, "expired rows are still there"),
        }
    }
}
