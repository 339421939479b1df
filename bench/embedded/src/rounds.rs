//! The rounds: each kind in turn, so that what disturbs the machine disturbs all of them.

use std::{
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};

use relay_sqlite::{SqliteQueue, Store};

use crate::{
    Failure,
    host::{self, Host},
    load::{self, Sent, Until},
    shop,
};

/// How many different orders are sent, over and over.
const ORDERS: usize = 512;

pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) connections: usize,
    pub(crate) waiting: u64,
    pub(crate) deliveries: usize,
}

/// One round.
#[derive(Debug)]
pub(crate) struct Round {
    /// Accepted webhooks a second.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// CPU of the server a webhook.
    pub(crate) cpu: Duration,
    /// KiB.
    pub(crate) memory: u64,
    /// From the server's start until it listens.
    pub(crate) start: Duration,
}

/// All rounds of each kind.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// The server without a store.
    pub(crate) nowhere: Vec<Round>,
    /// With an empty queue, deliveries paused.
    pub(crate) empty: Vec<Round>,
    /// With a long queue, deliveries paused.
    pub(crate) long: Vec<Round>,
    /// Accepted and delivered: webhooks a second until they are accepted, and until all are delivered.
    pub(crate) delivered: Option<(Round, f64)>,
}

pub(crate) async fn run(plan: &Plan) -> Result<Figures, Failure> {
    let folder = tempfile::tempdir()?;
    let long = folder.path().join("long");
    fill(&long, plan.waiting).await?;
    let requests = Rc::new(shop::requests(0, ORDERS)?);
    let mut figures = Figures::default();
    for number in 0..plan.rounds {
        let empty = folder.path().join(format!("empty-{number}"));
        shop::install(&empty)?;
        let server = Host::nowhere(&empty).await?;
        figures.nowhere.push(round(plan, &requests, server).await?);
        let server = paused(&empty).await?;
        figures.empty.push(round(plan, &requests, server).await?);
        let server = Host::serve(&long, None).await?;
        figures.long.push(round(plan, &requests, server).await?);
        eprintln!("round {} of {}", number + 1, plan.rounds);
    }
    figures.delivered = Some(deliver(plan, &folder.path().join("delivered")).await?);
    Ok(figures)
}

async fn round(plan: &Plan, requests: &Rc<Vec<Vec<u8>>>, server: Host) -> Result<Round, Failure> {
    // The first requests read the secret, open files and grow buffers.
    let warm = Until::Instant(Instant::now() + plan.time / 8);
    load::run(server.address, requests.clone(), plan.connections, warm).await?;
    let before = server.cpu()?;
    let until = Until::Instant(Instant::now() + plan.time);
    let sent = load::run(server.address, requests.clone(), plan.connections, until).await?;
    let round = seen(&server, &sent, server.cpu()?.saturating_sub(before))?;
    server.kill().await?;
    Ok(round)
}

fn seen(server: &Host, sent: &Sent, cpu: Duration) -> Result<Round, Failure> {
    Ok(Round {
        rate: sent.rate(),
        p50: sent.permille(500),
        p99: sent.permille(990),
        cpu: cpu.div_f64(load::count(sent.latencies.len()).max(1.0)),
        memory: server.peak_memory()?,
        start: server.start,
    })
}

/// A server whose shop is paused.
async fn paused(data_dir: &Path) -> Result<Host, Failure> {
    let server = Host::serve(data_dir, None).await?;
    host::pause(data_dir).await?;
    Ok(server)
}

/// Makes a data directory with a paused shop and this many of its messages on the queue: one that a server took in, copied.
async fn fill(data_dir: &Path, messages: u64) -> Result<(), Failure> {
    shop::install(data_dir)?;
    let server = paused(data_dir).await?;
    load::run(server.address, Rc::new(shop::requests(0, 1)?), 1, Until::AllSent).await?;
    server.kill().await?;
    let database = rusqlite::Connection::open(data_dir.join("shoprelay.db"))?;
    database.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
         INSERT INTO message (destination, shop, sent_at, visible_at, body)
         SELECT destination, shop, sent_at, sent_at + n, body FROM number, (SELECT * FROM message LIMIT 1)",
        [messages],
    )?;
    Ok(())
}

/// Sends so many different orders to a host that delivers them to a sandbox.
async fn deliver(plan: &Plan, data_dir: &Path) -> Result<(Round, f64), Failure> {
    shop::install(data_dir)?;
    let sandbox = Host::sandbox().await?;
    let server = Host::serve(data_dir, Some(&sandbox)).await?;
    let requests = Rc::new(shop::requests(0, plan.deliveries)?);
    let began = Instant::now();
    let sent = load::run(server.address, requests, plan.connections, Until::AllSent).await?;
    let queue = SqliteQueue::new(Store::read_only(data_dir)?, std::sync::Arc::new(relay::clock::SystemClock));
    while queue.counts(relay::shop::Destination::Websand).await?.waiting > 0 {
        if began.elapsed() > Duration::from_mins(5) {
            return Err("not everything was delivered within five minutes".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rate = load::count(plan.deliveries) / began.elapsed().as_secs_f64();
    Ok((seen(&server, &sent, server.cpu()?)?, rate))
}
