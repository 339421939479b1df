//! Sends webhooks over a number of connections, each one after the other, as fast as they are answered.

use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

use crate::Failure;

/// When a connection stops sending.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// At this instant.
    Instant(Instant),
    /// When all requests were sent once.
    AllSent,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// How long each webhook took, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// From the first byte to the last.
    pub(crate) took: Duration,
}

impl Sent {
    pub(crate) fn rate(&self) -> f64 {
        count(self.latencies.len()) / self.took.as_secs_f64()
    }

    /// The latency that so many of a thousand stay below.
    pub(crate) fn permille(&self, share: usize) -> Duration {
        let place = self.latencies.len() * share / 1000;
        self.latencies.get(place).or(self.latencies.last()).copied().unwrap_or_default()
    }
}

/// Numbers of webhooks are far below where a float loses one.
#[expect(clippy::cast_precision_loss, reason = "no run sends 2^52 webhooks")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// Sends them; any answer but 202 is a failure.
pub(crate) async fn run(
    address: SocketAddr,
    requests: Rc<Vec<Vec<u8>>>,
    connections: usize,
    until: Until,
) -> Result<Sent, Failure> {
    let began = Instant::now();
    let local = LocalSet::new();
    let lanes: Vec<_> = (0..connections)
        .map(|lane| local.spawn_local(send(address, requests.clone(), (lane, connections), until)))
        .collect();
    local.await;
    let mut sent = Sent { took: began.elapsed(), ..Sent::default() };
    for lane in lanes {
        sent.latencies.extend(lane.await??);
    }
    sent.latencies.sort_unstable();
    Ok(sent)
}

async fn send(
    address: SocketAddr,
    requests: Rc<Vec<Vec<u8>>>,
    (lane, lanes): (usize, usize),
    until: Until,
) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut latencies, mut answer, mut next) = (Vec::new(), vec![0; 4096], lane);
    loop {
        let request = match until {
            Until::AllSent => requests.get(next),
            Until::Instant(end) => requests.get(next % requests.len()).filter(|_| Instant::now() < end),
        };
        let Some(request) = request else { return Ok(latencies) };
        next += lanes;
        let began = Instant::now();
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut answer).await?;
        latencies.push(began.elapsed());
    }
}

/// Reads one answer. Those of this server are small and come whole, with a length.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), Failure> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the server closed the connection, or its answer is too long".into());
        }
        filled += read;
        let text = std::str::from_utf8(&buffer[..filled])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() < length.ok_or("an answer without a length")?.parse()? {
            continue;
        }
        return if head.starts_with("HTTP/1.1 202 ") { Ok(()) } else { Err(format!("not accepted: {text}").into()) };
    }
}
