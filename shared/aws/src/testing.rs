//! A loopback server that speaks AWS's JSON protocols by rote: canned answers in order, everything asked kept.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use relay::config::Variables;
use serde_json::Value;

use crate::AwsConfig;

pub(crate) enum Canned {
    /// An answer with this status and body.
    Json(u16, Value),
    /// The connection is closed without an answer.
    Close,
    /// No answer ever comes.
    Silence,
}

/// A refusal as AWS words it.
pub(crate) fn refusal(code: &str, message: &str) -> Canned {
    Canned::Json(400, serde_json::json!({"__type": format!("com.amazonaws#{code}"), "message": message}))
}

#[derive(Default)]
struct Kept {
    answers: VecDeque<Canned>,
    asked: Vec<(String, Value)>,
    connections: usize,
}

pub(crate) struct Server {
    address: String,
    kept: Arc<Mutex<Kept>>,
}

impl Server {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Canned>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Kept { answers: answers.into_iter().collect(), ..Kept::default() }));
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, kept }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The clients' configuration, with this server as all of AWS.
    pub(crate) fn config(&self) -> AwsConfig {
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_ENDPOINT_URL" => Some(self.address.clone()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("example".to_owned()),
            _ => None,
        };
        AwsConfig::from_variables(Variables(&lookup)).unwrap()
    }

    /// Every operation asked for, with its input.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        self.kept.lock().unwrap().asked.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.kept.lock().unwrap().connections
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Kept>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        let answer = {
            let mut kept = kept.lock().unwrap();
            kept.asked.push(asked);
            kept.answers.pop_front()
        };
        match answer {
            Some(Canned::Json(status, body)) => {
                let body = body.to_string();
                let head = format!("HTTP/1.1 {status} Canned\r\ncontent-length: {}\r\n\r\n", body.len());
                writer.write_all((head + &body).as_bytes()).unwrap();
            }
            Some(Canned::Silence) => {}
            Some(Canned::Close) | None => return,
        }
    }
}

/// One request: the operation of its `X-Amz-Target`, and its JSON body.
fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.rsplit('.').next().unwrap_or_default().to_owned(),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((operation, serde_json::from_slice(&body).ok()?))
}
