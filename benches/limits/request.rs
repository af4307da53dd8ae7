//! `POST /v1/search` over one connection against an axum handler that does nothing, with bodies of the same sizes.

use crate::start::Served;
use crate::{Outcome, clock};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The most that the empty handler answers.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// CPU time of the server for one request.
pub(crate) struct Asked {
    pub(crate) huashu_us: f64,
    pub(crate) empty_us: f64,
}

/// Asks every question once unmeasured, then both servers in turn.
pub(crate) fn measure(dir: &Path, questions: &[String], accept: &str) -> Outcome<Asked> {
    let place = TempDir::new()?;
    let huashu = Served::start(dir, place.path())?;
    let mut connection = Connection::to(&huashu.address)?;
    let mut sizes = Vec::new();
    for question in questions {
        sizes.push(connection.ask("/v1/search", &body(question), accept, 0)?);
    }
    let begin = clock::process_ms(&huashu.process())?;
    for question in questions {
        connection.ask("/v1/search", &body(question), accept, 0)?;
    }
    let spent = clock::process_ms(&huashu.process())? - begin;
    drop(huashu);
    let empty = Empty::start()?;
    let mut connection = Connection::to(&empty.address)?;
    let begin = clock::process_ms(&empty.child.id().to_string())?;
    for (question, size) in questions.iter().zip(&sizes) {
        connection.ask("/", &body(question), "", *size)?;
    }
    let nothing = clock::process_ms(&empty.child.id().to_string())? - begin;
    let each = 1e3 / questions.len() as f64;
    Ok(Asked { huashu_us: spent * each, empty_us: nothing * each })
}

fn body(question: &str) -> String {
    serde_json::json!({ "q": question }).to_string()
}

/// One connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    pub(crate) fn to(address: &str) -> Outcome<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream: BufReader::new(stream), host: address.to_owned() })
    }

    /// Posts a body and reads the answer; bytes of its body. `size` asks the empty handler for as many.
    pub(crate) fn ask(&mut self, path: &str, body: &str, accept: &str, size: usize) -> Outcome<usize> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept-Encoding: {accept}\r\nX-Size: {size}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all((head + body).as_bytes())?;
        let status = self.line()?;
        if !status.starts_with("HTTP/1.1 200") {
            return Err(format!("{path}: {status}").into());
        }
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = value.parse()?,
                Some(("transfer-encoding", _)) => chunked = true,
                Some(_) => {}
            }
        }
        if !chunked {
            return self.skip(length);
        }
        let mut read = 0;
        loop {
            let length = usize::from_str_radix(&self.line()?, 16)?;
            read += self.skip(length)?;
            self.line()?;
            if length == 0 {
                return Ok(read);
            }
        }
    }

    fn line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn skip(&mut self, length: usize) -> Outcome<usize> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(length)
    }
}

/// This program as the empty server.
struct Empty {
    child: Child,
    address: String,
}

impl Empty {
    fn start() -> Outcome<Empty> {
        let mut child = Command::new(std::env::current_exe()?).arg("empty").stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut address)?;
        Ok(Empty { child, address: address.trim().to_owned() })
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers every post with as many bytes as it asks for, on the runtime that Huashu has.
pub(crate) fn serve_nothing() -> Outcome<()> {
    static NOTHING: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![b' '; MAX_ANSWER_BYTES]));
    async fn nothing(headers: HeaderMap, _body: Bytes) -> Bytes {
        let size = headers.get("x-size").and_then(|size| size.to_str().ok()?.parse::<usize>().ok());
        NOTHING.slice(..size.unwrap_or_default().min(MAX_ANSWER_BYTES))
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        Ok(axum::serve(listener, Router::new().route("/", post(nothing))).await?)
    })
}
