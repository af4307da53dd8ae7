//! The real program as a server: started in a folder of its own, asked over HTTP, ended when dropped.

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// No answer and no change may take longer on the slowest machine that runs the tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The program, from anywhere.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_huashu");

/// Settings of the tester's own that must not reach the program.
pub(crate) const VARIABLES: [&str; 10] = [
    "HUASHU_KB",
    "HUASHU_INDEX",
    "HUASHU_DATA",
    "HUASHU_COLOR",
    "HUASHU_LISTEN",
    "HUASHU_POLL",
    "HUASHU_RATE",
    "HUASHU_LOG",
    "RUST_LOG",
    "NO_COLOR",
];

/// Writes a file, folders above it included.
pub(crate) fn put(desk: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = desk.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A running server.
pub(crate) struct Service {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// What it said when it began.
    pub(crate) said: Value,
    /// Its standard error so far.
    log: Arc<Mutex<String>>,
}

impl Service {
    /// Serves `kb` of a folder.
    pub(crate) fn start(desk: &Path) -> Service {
        Service::start_by(Command::new(PROGRAM), desk, &[])
    }

    /// The same with further arguments, and by a command that may run the program as somebody else.
    pub(crate) fn start_by(mut command: Command, desk: &Path, arguments: &[&str]) -> Service {
        for name in VARIABLES {
            command.env_remove(name);
        }
        Service::started(command, desk, arguments)
    }

    /// With the environment that the command was given.
    pub(crate) fn started(mut command: Command, desk: &Path, arguments: &[&str]) -> Service {
        command.args(["serve", "--json"]).args(arguments).current_dir(desk);
        if !arguments.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::<Mutex<String>>::default();
        let (errors, written) = (child.stderr.take().unwrap(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                *written.lock().unwrap() += &(line + "\n");
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("it did not start: {}", log.lock().unwrap()));
        let address = said["url"].as_str().unwrap().split_once("://").unwrap().1.to_owned();
        Service { child, address, said, log }
    }

    /// Waits until its standard error says something: a log comes a moment after the fact.
    pub(crate) fn until_logged(&self, text: &str) {
        let begin = Instant::now();
        while !self.log().contains(text) {
            assert!(begin.elapsed() < PATIENCE, "{text:?} is not in {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.send("GET", path, "")
    }

    /// Status and body.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let answer = self.exchange(method, path, "", body).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// A request by the local token, on a connection of its own, and all of the answer.
    fn exchange(&self, method: &str, path: &str, headers: &str, body: &str) -> std::io::Result<String> {
        let token = self.said["token"].as_str().unwrap();
        self.exchange_as(&format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}"), method, path, body)
    }

    /// The same by whoever the headers say; each ends its line.
    pub(crate) fn exchange_as(&self, headers: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
        let path: String =
            path.bytes().map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Status and JSON of a request that may meet a dead server: `None` where it gave no whole answer.
    pub(crate) fn try_send(&self, method: &str, path: &str, etag: Option<&str>, body: &str) -> Option<(u16, Value)> {
        let condition = etag.map(|etag| format!("If-Match: {etag}\r\n")).unwrap_or_default();
        let answer = self.exchange(method, path, &condition, body).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).ok()?))
    }

    /// The JSON of an address that answers.
    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// The first hit of a question, if any.
    pub(crate) fn first(&self, question: &str) -> Option<String> {
        self.json(&format!("/v1/search?q={question}"))["hits"][0]["id"].as_str().map(str::to_owned)
    }

    /// Waits until an answer is as it should be.
    pub(crate) fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let answer = self.json(path);
            if is_so(&answer) {
                return answer;
            }
            assert!(begin.elapsed() < PATIENCE, "{path}: {answer}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
