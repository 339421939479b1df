use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::{
    config::Variables,
    http::{MAX_ANSWER, Method},
};

async fn server() -> (u16, Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::<std::sync::atomic::AtomicUsize>::default());
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
        }
    });
    (port, count)
}

fn guarded(allow: &str) -> GuardedHttp {
    let lookup = |_: &str| Some(allow.to_owned()).filter(|text| !text.is_empty());
    let tls = crate::tls::client_config("SHOPRELAY_CA_FILE", None).unwrap();
    GuardedHttp::new(tls, Allowed::from_variables(Variables(&lookup)).unwrap()).unwrap()
}

fn post(url: &str) -> Request {
    Request {
        method: Method::Post,
        url: url.parse().unwrap(),
        credential: None,
        headers: vec![("webhook-id", "cb_1".to_owned())],
        json: Some("{}".into()),
        timeout: Duration::from_secs(5),
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    }
}

#[tokio::test]
async fn nothing_is_connected_to_that_is_not_public_by_number_or_by_name() {
    let (port, connections) = server().await;
    let client = guarded("");
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        for scheme in ["http", "https"] {
            let error = client.call(post(&format!("{scheme}://{host}:{port}/"))).await.unwrap_err();
            assert!(matches!(error, CallError::NotSent(_)), "{scheme} {host}: {error}");
        }
    }
    let CallError::NotSent(words) = client.call(post(&format!("https://localhost:{port}/"))).await.unwrap_err() else {
        panic!("it was sent")
    };
    assert!(words.contains("no public address"), "the name was resolved, then refused: {words}");
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_an_operator_has_named_is_called() {
    let (port, connections) = server().await;
    let client = guarded(&format!("127.0.0.1:{port}"));
    assert_eq!(client.call(post(&format!("http://127.0.0.1:{port}/hook"))).await.unwrap().status, 204);
    assert!(client.call(post(&format!("http://localhost:{port}/hook"))).await.is_err());
    assert_eq!(connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn of_several_addresses_of_a_name_only_public_ones_are_left() {
    let only_six = PublicOnly { is_public: |address| address.is_ipv6() };
    let none = PublicOnly { is_public: |_| false };
    let name = || "localhost".parse::<Name>().unwrap();
    if let Ok(found) = only_six.resolve(name()).await {
        assert!(found.into_iter().all(|address| address.is_ipv6()));
    }
    assert!(none.resolve(name()).await.is_err_and(|error| error.to_string().contains("no public address")));
}
