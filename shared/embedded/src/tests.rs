use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use relay::config::Variables;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

async fn start(data_dir: &Path) -> Embedded {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: data_dir.to_owned(),
        destinations: Destinations::from_variables(Variables(&|_| None)).unwrap(),
        secrets: SecretsConfig::default(),
    };
    Embedded::start(settings).await.unwrap()
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything the server says until it closes the connection.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("no answer").unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn ask(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> String {
    let mut stream = connect(address).await;
    stream.write_all(head(method, path, body.len()).as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    answer(&mut stream).await
}

fn head(method: &str, path: &str, length: usize) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n")
}

#[tokio::test]
async fn a_started_host_is_ready_and_knows_no_other_paths() {
    let directory = tempfile::tempdir().unwrap();
    let host = start(directory.path()).await;
    let ready = ask(host.local_addr(), "GET", "/healthz", b"").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.ends_with(r#"{"status":"ready"}"#), "{ready}");
    for (method, path) in [("GET", "/"), ("POST", "/healthz"), ("GET", "/favicon.ico")] {
        let unknown = ask(host.local_addr(), method, path, b"").await;
        assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
        assert!(unknown.contains("content-type: application/problem+json"), "{unknown}");
    }
    host.shutdown().await;
}

#[tokio::test]
async fn a_webhook_of_an_unknown_shop_is_refused_and_noted() {
    let directory = tempfile::tempdir().unwrap();
    let host = start(directory.path()).await;
    let refused = ask(host.local_addr(), "POST", "/webhooks/nobody/order-placed", b"{}").await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let (receipts, store) = (Receipts::new(host.store.clone()), host.store.clone());
    host.shutdown().await;
    assert!(!store.is_writable());
    let latest = receipts.latest(10).await.unwrap();
    assert_eq!(latest.len(), 1);
    assert_eq!((latest[0].http_status, latest[0].shop.as_deref()), (401, Some("nobody")));
}

#[tokio::test]
async fn a_body_over_the_limit_is_read_to_its_end_and_refused() {
    let directory = tempfile::tempdir().unwrap();
    let host = start(directory.path()).await;
    let body = vec![b'x'; 5 * 1024 * 1024];
    let refused = ask(host.local_addr(), "POST", "/webhooks/acme/order-placed", &body).await;
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
    host.shutdown().await;
}

#[tokio::test]
async fn a_request_in_hand_is_answered_when_the_host_stops_and_idle_clients_do_not_hold_it_up() {
    let directory = tempfile::tempdir().unwrap();
    let host = start(directory.path()).await;
    let address = host.local_addr();
    let _idle = connect(address).await;
    let mut stream = connect(address).await;
    stream.write_all(head("POST", "/webhooks/nobody/order-placed", 4).as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    // An answer on a later connection shows that the earlier ones were accepted.
    ask(address, "GET", "/healthz", b"").await;
    let stopping = tokio::spawn(host.shutdown());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b" }\n").await.unwrap();
    let answered = answer(&mut stream).await;
    assert!(answered.starts_with("HTTP/1.1 401 "), "{answered}");
    timeout(PATIENCE, stopping).await.expect("the host did not stop").unwrap();
    // The data directory is free again.
    start(directory.path()).await.shutdown().await;
}

#[tokio::test]
async fn a_second_host_on_a_data_directory_and_a_taken_port_are_refused_with_one_clear_line() {
    let directory = tempfile::tempdir().unwrap();
    let host = start(directory.path()).await;
    let settings = |listen, data_dir: &Path| Settings {
        listen,
        data_dir: data_dir.to_owned(),
        destinations: Destinations::from_variables(Variables(&|_| None)).unwrap(),
        secrets: SecretsConfig::default(),
    };
    let twice = Embedded::start(settings(([127, 0, 0, 1], 0).into(), directory.path())).await;
    let text = twice.err().unwrap().to_string();
    assert!(text.contains("in use") && text.contains(directory.path().to_str().unwrap()), "{text}");
    let elsewhere = tempfile::tempdir().unwrap();
    let taken = Embedded::start(settings(host.local_addr(), elsewhere.path())).await;
    let text = taken.err().unwrap().to_string();
    assert!(text.starts_with(&format!("cannot listen on {}", host.local_addr())) && !text.contains('\n'), "{text}");
    host.shutdown().await;
}

#[tokio::test]
async fn a_schedule_runs_at_once_survives_a_panic_and_ends_when_told_to() {
    let runs = Arc::new(AtomicUsize::new(0));
    let (stop, stopped) = watch::channel(false);
    let (counted, stop) = (runs.clone(), Arc::new(stop));
    let stopping = stop.clone();
    let running = schedule::every(Duration::from_millis(1), "test", stopped, move || {
        let run = counted.fetch_add(1, SeqCst);
        let stop = stopping.clone();
        async move {
            assert!(run != 0, "the first run panics");
            stop.send(run == 2).unwrap();
        }
    });
    timeout(PATIENCE, running).await.expect("the schedule did not end");
    assert_eq!(runs.load(SeqCst), 3);
    let (_stop, stopped) = watch::channel(true);
    schedule::every(Duration::from_millis(1), "test", stopped, || async { panic!("it was told to stop") }).await;
}
