//! As much HTTP/1.1 as the floor needs: one connection, one request at a time, answers with a length.

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};

/// A connection, encrypted or not.
pub(crate) struct Connection<S> {
    stream: BufReader<S>,
}

/// One answer.
pub(crate) struct Answer {
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Connection<TcpStream> {
    pub(crate) fn plain(authority: &str) -> Result<Self, Box<dyn Error>> {
        let stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }
}

impl Connection<StreamOwned<ClientConnection, TcpStream>> {
    /// Connects and ends the handshake.
    pub(crate) fn encrypted(tls: &Arc<ClientConfig>, authority: &str) -> Result<Self, Box<dyn Error>> {
        let (host, _) = authority.split_once(':').ok_or("a port is missing")?;
        let mut stream = TcpStream::connect(authority)?;
        stream.set_nodelay(true)?;
        let mut session = ClientConnection::new(Arc::clone(tls), ServerName::try_from(host.to_owned())?)?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Self { stream: BufReader::new(StreamOwned::new(session, stream)) })
    }
}

impl<S: Read + Write> Connection<S> {
    /// `head` is the request line and the headers but for the length.
    pub(crate) fn call(&mut self, head: &str, body: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let mut request = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)?;
        self.stream.get_mut().flush()?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse::<u16>().ok()).ok_or("no status")?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { headers, body: Vec::new() };
        let length = answer.header("content-length").map_or(Ok(0), str::parse)?;
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body)?;
        if status >= 300 {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&answer.body)).into());
        }
        Ok(answer)
    }
}
