//! Killed at random times amid its work, between destinations that fail, the host loses nothing it accepted and repeats
//! nothing that cannot be undone.
//!
//! Load, faults and kills follow from a seed, which a failure names; `CHAOS_SEED` sets it. What processes and network make
//! of them differs from run to run.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use relay::{
    clock::{Clock, SystemClock},
    random::{Random, SystemRandom},
    shop::Destination,
};
use relay_simulation::chance::Chance;
use relay_tests::{aws::http_client, host::Host, sandbox::Sandbox, wait::within};
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
};

mod evidence;
mod load;
mod reconcile;

use evidence::{Evidence, Kill};
use load::{Load, Told};
use reconcile::reconcile;

/// The shops open so many connections at the same time.
const AT_ONCE: usize = 16;

/// How long the host may take to settle everything once it is no longer killed: a breaker may stay open for five minutes.
const REST: Duration = Duration::from_mins(10);

#[tokio::test(flavor = "multi_thread")]
async fn killed_six_times_amid_1000_webhooks_it_loses_none_and_sends_no_push_twice() {
    run(1000, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: cargo test -p relay-tests --test it -- --ignored --nocapture chaos"]
async fn killed_twenty_times_amid_5000_webhooks_it_loses_none_and_sends_no_push_twice() {
    run(5000, 20).await;
}

async fn run(webhooks: usize, kills: usize) {
    let seed = seed();
    println!("CHAOS_SEED={seed}");
    let started = Instant::now();
    let chance = &mut Chance::new(seed);
    let load = Load::new(chance, webhooks);
    let faults = faults(chance);
    let sandbox = Sandbox::start(&faults.iter().flat_map(|fault| ["--fault", fault]).collect::<Vec<_>>()).await;
    let mut host =
        Host::new(&Load::secrets()).with("SHOPRELAY_HTTP_TIMEOUT_MS", "3000").with("SHOPRELAY_SEND_TIMEOUT_MS", "3000");
    host.start(&sandbox).await;

    let (address, listening) = watch::channel(host.url().to_owned());
    let waiting = Arc::new(Mutex::new(load.webhooks.clone()));
    let mut shops = JoinSet::new();
    for _ in 0..AT_ONCE {
        shops.spawn(send(waiting.clone(), listening.clone()));
    }
    let killed = kill(&mut host, &sandbox, &address, moments(chance, webhooks, kills)).await;
    shops.join_all().await;
    let accepted = started.elapsed();
    sandbox.calm().await;
    let calm = Instant::now();
    while let Some(left) = unsettled(&host).await {
        assert!(calm.elapsed() < REST, "not settled after {REST:?}, CHAOS_SEED={seed}: {left}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let evidence = Evidence::gather(&host, &sandbox, killed).await;
    let findings = reconcile(&load, &evidence);
    let (in_hand, calls) = (evidence.kills.iter().map(|kill| kill.in_hand.len()).sum::<usize>(), evidence.calls.len());
    println!("{webhooks} webhooks, {kills} kills with {in_hand} in hand, {calls} calls");
    println!("accepted after {accepted:?}, settled after {:?}: {findings:#?}", started.elapsed());
    assert!(findings.violations.is_empty(), "CHAOS_SEED={seed}: {findings:#?}");
    assert!(in_hand > kills, "it was killed amid its work, CHAOS_SEED={seed}");
}

#[expect(clippy::disallowed_methods, reason = "no setting of the product, but of this test")]
fn seed() -> u64 {
    std::env::var("CHAOS_SEED")
        .map_or_else(|_| SystemRandom.next(), |text| text.parse().expect("CHAOS_SEED is a number"))
}

/// Destinations are slow, so that there are always calls in flight, and each kind of fault strikes some. A 429 closes the
/// shop's connection for half a minute: few are enough.
fn faults(chance: &mut Chance) -> Vec<String> {
    let faults = [
        ("websale.status", "delay-ms=20", 1.0),
        ("websand.transaction", "status=422,body=this is not an order", 0.003),
        ("*", "status=503", 0.02),
        ("*", "status=429,retry-after=1", 0.001),
        ("*", "status=429,retry-after=2", 0.001),
        ("*", "reset", 0.01),
        ("*", "reset,when=after", 0.02),
        ("*", "hang,when=after", 0.003),
        ("*", "delay-ms=1000", 0.02),
        ("*", "delay-ms=60", 1.0),
    ];
    let seeded = |(call, what, probability): (&str, &str, f64)| {
        let seed = chance.below(1_000_000);
        format!("{call}:probability={probability},seed={seed},{what}")
    };
    faults.map(seeded).to_vec()
}

/// After how many calls to the sandbox the host is killed each time.
fn moments(chance: &mut Chance, webhooks: usize, kills: usize) -> Vec<u64> {
    let last = webhooks as u64 * 9 / 10;
    let mut moments: Vec<_> = (0..kills).map(|_| chance.between(1, last)).collect();
    moments.sort_unstable();
    moments
}

/// Kills the host at these moments and starts it again.
async fn kill(host: &mut Host, sandbox: &Sandbox, address: &watch::Sender<String>, moments: Vec<u64>) -> Vec<Kill> {
    let (mut kills, mut calls) = (Vec::new(), 0);
    for moment in moments {
        within(REST, &format!("{moment} calls were made"), async || {
            let calls = sandbox.received_since(calls).await;
            (calls >= moment).then_some(calls)
        })
        .await;
        calls = sandbox.received_since(calls).await;
        host.kill();
        kills.push(Kill::of(host, SystemClock.now()).await);
        host.start(sandbox).await;
        address.send_replace(host.url().to_owned());
    }
    kills
}

/// Sends one webhook after the other, each again and again until it is accepted, as shops do.
async fn send(waiting: Arc<Mutex<Vec<Told>>>, mut address: watch::Receiver<String>) {
    let http = http_client();
    while let Some(told) = { waiting.lock().await.pop() } {
        loop {
            let host = address.borrow_and_update().clone();
            let url = format!("{host}/webhooks/{}/{}", told.shop, told.endpoint);
            match told.webhook().try_post(&http, &url, None).await {
                Ok(answer) if answer.status == 202 => break,
                Ok(answer) => panic!("{answer:?}"),
                // It was killed; its next run has another port.
                Err(_) => address.changed().await.unwrap(),
            }
        }
    }
}

/// What is left to do, if anything is.
async fn unsettled(host: &Host) -> Option<String> {
    let mut waiting = 0;
    for destination in Destination::ALL {
        waiting += host.queued(destination).await.0;
    }
    let mut rows = host.rows().await;
    rows.retain(|row| !row.state.is_final() || !row.attempts.is_empty());
    let open: Vec<_> = rows.iter().map(|row| format!("{} {:?} {:?}", row.key, row.state, row.last_error)).collect();
    (waiting > 0 || !open.is_empty()).then(|| format!("{waiting} messages wait; {open:#?}"))
}
