//! A client that keeps its connection: the load of tests that ask much at once. Whole answers or nothing; half of one fails the test.

use super::service::PATIENCE;
use serde_json::Value;
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    body: Vec<u8>,
    /// Whether the connection ends with it.
    pub(crate) is_last: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The value of a header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A connection to a server.
pub(crate) struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

/// Who asks: a server's address, and its local token or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Asker {
    /// A request as bytes.
    pub(crate) fn request(&self, method: &str, path: &str, etag: Option<&str>, body: &str) -> Vec<u8> {
        let path: String =
            path.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
        let condition = etag.map(|etag| format!("If-Match: {etag}\r\n")).unwrap_or_default();
        let proof = if self.token.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", self.token) };
        let (host, length) = (&self.address, body.len());
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{proof}{condition}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

impl Line {
    /// `None` where nobody listens.
    pub(crate) async fn connect(address: &str) -> Option<Line> {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Line { stream, read: Vec::new() })
    }

    /// Asks and waits. `None` where the connection ended without a byte of an answer: the request was not taken.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Option<Answer> {
        // Who ends the connection may have answered before.
        let _ = self.stream.write_all(request).await;
        loop {
            if let Some(answer) = self.take() {
                return Some(answer);
            }
            match timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("an answer never came") {
                Ok(more) if more > 0 => {}
                Err(error) if !matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => panic!("{error}"),
                Ok(_) | Err(_) => {
                    assert!(self.read.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.read));
                    return None;
                }
            }
        }
    }

    /// The answer that was read, once it is whole.
    fn take(&mut self) -> Option<Answer> {
        let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.read[..end].to_vec()).unwrap();
        let mut answer = Answer { status: head[9..12].parse().unwrap(), is_last: false, body: Vec::new(), head };
        let length: usize = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        if self.read.len() < end + length {
            return None;
        }
        answer.is_last = answer.header("connection") == Some("close");
        answer.body = self.read[end..end + length].to_vec();
        self.read.drain(..end + length);
        Some(answer)
    }
}
