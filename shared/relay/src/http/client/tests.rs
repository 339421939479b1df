use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::*;
use crate::http::MAX_ANSWER;

/// What a server does with a connection on which a request has arrived.
#[derive(Clone, Copy)]
enum Behaviour {
    /// Sends these bytes, then takes the next request.
    Answer(&'static str),
    /// The same, then closes.
    AnswerAndClose(&'static str),
    /// Sends a body of this many bytes.
    Body(usize),
    /// Closes before reading anything.
    CloseUnread,
    /// Reads the request and closes.
    Close,
    /// Never answers.
    Silence,
}

/// A server on the loopback interface that notes what it is sent.
struct Server {
    url: Url,
    connections: Arc<AtomicUsize>,
    requests: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Server {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/path?email=bob%40example.com", listener.local_addr().unwrap());
        let server = Self { url: url.parse().unwrap(), connections: Arc::default(), requests: Arc::default() };
        let (connections, requests) = (Arc::clone(&server.connections), Arc::clone(&server.requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, SeqCst);
                tokio::spawn(serve(stream, behaviour, Arc::clone(&requests)));
            }
        });
        server
    }

    fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, requests: Arc<std::sync::Mutex<Vec<String>>>) {
    if matches!(behaviour, Behaviour::CloseUnread) {
        return;
    }
    while let Some(request) = request(&mut stream).await {
        requests.lock().unwrap().push(request);
        match behaviour {
            Behaviour::Answer(bytes) => stream.write_all(bytes.as_bytes()).await.unwrap(),
            Behaviour::AnswerAndClose(bytes) => return stream.write_all(bytes.as_bytes()).await.unwrap(),
            Behaviour::Body(length) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                // The client may have enough and close.
                let _ = stream.write_all(&vec![b'x'; length]).await;
            }
            Behaviour::Silence => std::future::pending().await,
            Behaviour::Close | Behaviour::CloseUnread => return,
        }
    }
}

/// One request: head, and body by its length.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

fn client() -> ReqwestHttp {
    let tls = crate::tls::client_config("SHOPRELAY_CA_FILE", None).unwrap();
    ReqwestHttp::with_connect_timeout(&tls, Duration::from_millis(200)).unwrap()
}

fn post(url: &Url) -> Request {
    Request {
        method: Method::Post,
        url: url.clone(),
        credential: Some(("Authorization", "Token s3cret".into())),
        headers: Vec::new(),
        json: Some(Bytes::from_static(b"{}")),
        timeout: Duration::from_secs(10),
        fresh_connection: false,
        max_answer: MAX_ANSWER,
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn a_call_carries_json_the_credential_and_our_name() {
    let server = Server::start(Behaviour::Answer(OK)).await;
    let answer = client().call(post(&server.url)).await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after"), &answer.body[..]), (200, None, &b"{}"[..]));
    let request = server.requests.lock().unwrap().pop().unwrap();
    assert!(request.starts_with("POST /path?email=bob%40example.com HTTP/1.1\r\n"), "{request}");
    for line in [
        "accept: application/json",
        "authorization: Token s3cret",
        "content-type: application/json",
        concat!("user-agent: shoprelay/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line} is missing in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{}"));
}

#[tokio::test]
async fn a_call_without_a_body_says_so() {
    let server = Server::start(Behaviour::Answer(OK)).await;
    client().call(Request { json: None, ..post(&server.url) }).await.unwrap();
    client().call(Request { json: None, method: Method::Get, credential: None, ..post(&server.url) }).await.unwrap();
    let requests = server.requests.lock().unwrap().clone();
    assert!(requests[0].contains("content-length: 0\r\n") && !requests[0].contains("content-type"), "{requests:?}");
    assert!(requests[1].starts_with("GET ") && !requests[1].contains("uthorization"), "{requests:?}");
}

#[tokio::test]
async fn connections_are_kept_unless_a_call_wants_its_own() {
    let server = Server::start(Behaviour::Answer(OK)).await;
    let client = client();
    for _ in 0..3 {
        client.call(post(&server.url)).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    for _ in 0..3 {
        client.call(Request { fresh_connection: true, ..post(&server.url) }).await.unwrap();
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn redirects_are_answers() {
    let answer = "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(Behaviour::Answer(answer)).await;
    let answer = client().call(post(&server.url)).await.unwrap();
    assert_eq!((answer.status, answer.header("retry-after")), (302, Some("7")));
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let error = client().call(post(&url)).await.unwrap_err();
    assert!(matches!(&error, CallError::NotSent(words) if words.contains("refused")), "{error:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    let error = client().call(post(&"http://nowhere.invalid/".parse().unwrap())).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn a_failing_or_endless_tls_handshake_is_not_sent() {
    for behaviour in [Behaviour::AnswerAndClose("no TLS here"), Behaviour::Silence, Behaviour::CloseUnread] {
        let server = Server::start(behaviour).await;
        let mut url = server.url.clone();
        url.set_scheme("https").unwrap();
        let error = client().call(Request { fresh_connection: true, ..post(&url) }).await.unwrap_err();
        assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_credential_that_is_no_header_value_is_not_sent() {
    let server = Server::start(Behaviour::Answer(OK)).await;
    let request = Request { credential: Some(("Authorization", "s3cret\n".into())), ..post(&server.url) };
    let error = client().call(request).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)) && !error.to_string().contains("s3cret"), "{error:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn without_a_readable_answer_the_call_may_have_been_processed() {
    for behaviour in [
        Behaviour::CloseUnread,
        Behaviour::Close,
        Behaviour::Answer("\u{1}\u{2} what is this\r\n\r\n"),
        Behaviour::AnswerAndClose("HTTP/1.1 2"),
    ] {
        for fresh_connection in [false, true] {
            let server = Server::start(behaviour).await;
            let error = client().call(Request { fresh_connection, ..post(&server.url) }).await.unwrap_err();
            assert!(matches!(error, CallError::NoAnswer(_)), "{error:?}");
            assert!(!error.to_string().contains("example.com"), "{error}");
            assert_eq!(server.connections(), 1, "the call was repeated");
        }
    }
}

#[tokio::test]
async fn a_time_out_after_connecting_leaves_the_outcome_open() {
    let server = Server::start(Behaviour::Silence).await;
    let request = Request { timeout: Duration::from_millis(400), ..post(&server.url) };
    let error = client().call(request).await.unwrap_err();
    assert!(matches!(error, CallError::NoAnswer(_)), "{error:?}");
    assert_eq!(server.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_not_used_again() {
    let closing = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(Behaviour::AnswerAndClose(closing)).await;
    let client = client();
    for sent in 1..=3 {
        // The client may notice the closing only while it sends: then it does not know, and says so.
        let answer = client.call(post(&server.url)).await;
        assert!(matches!(answer, Ok(_) | Err(CallError::NoAnswer(_))), "{answer:?}");
        assert!(server.requests.lock().unwrap().len() <= sent);
    }
}

#[tokio::test]
async fn a_long_answer_is_cut_and_a_broken_one_kept_as_far_as_it_came() {
    let server = Server::start(Behaviour::Body(70 * 1024)).await;
    assert_eq!(client().call(post(&server.url)).await.unwrap().body.len(), MAX_ANSWER);

    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":";
    let server = Server::start(Behaviour::AnswerAndClose(broken)).await;
    let answer = client().call(post(&server.url)).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{\"id\":"[..]));
}

#[test]
fn debug_of_a_call_shows_no_credential() {
    let shown = format!("{:?}", post(&"https://acme.example.com/api".parse().unwrap()));
    assert_eq!(shown, "Post https://acme.example.com/api");
}
