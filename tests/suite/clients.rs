//! Clients that are slow, silent, boundless or too many, on real sockets, plainly and by TLS: each is cut or sent away, and nobody else waits for
//! them.

use super::line::Asker;
use super::load::{Pace, load};
use super::service::PATIENCE;
use huashu::http::{AppState, Patience, Tls, serve, serve_tls};
use huashu::live::Live;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

static LIVE: LazyLock<Arc<Live>> = LazyLock::new(|| {
    let kb = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kb");
    Arc::new(Live::in_memory(&kb).unwrap())
});

/// What a test shortens: long enough for a byte to arrive on a busy machine.
const SHORT: Duration = Duration::from_millis(400);

/// How it is spoken to.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Plain,
    Tls,
}

/// A connection of either kind.
trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Line for S {}

/// A service that runs until it is dropped.
struct Serving {
    wire: Wire,
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

async fn serving(state: AppState) -> Serving {
    serving_by(Wire::Plain, state).await
}

async fn serving_by(wire: Wire, state: AppState) -> Serving {
    serving_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), wire, state)
}

fn certificate() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls/cert.pem")
}

fn serving_on(listener: TcpListener, wire: Wire, state: AppState) -> Serving {
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async move { stopped.await.unwrap_or(()) };
    match wire {
        Wire::Plain => drop(tokio::spawn(serve(listener, state, stopped))),
        Wire::Tls => {
            let tls = Tls::read(&certificate(), &certificate().with_file_name("key.pem")).unwrap();
            drop(tokio::spawn(serve_tls(listener, tls, state, stopped)));
        }
    }
    Serving { wire, address, _stop: stop }
}

fn state() -> AppState {
    AppState::new(Arc::clone(&LIVE))
}

impl Serving {
    async fn connect(&self) -> Box<dyn Line> {
        self.speak_on(TcpStream::connect(self.address).await.unwrap()).await
    }

    async fn speak_on(&self, stream: TcpStream) -> Box<dyn Line> {
        let Wire::Tls = self.wire else { return Box::new(stream) };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider())).with_safe_default_protocol_versions();
        let config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
        Box::new(TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await.unwrap())
    }

    /// A whole request, by path.
    fn head(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)
    }

    /// The whole answer to what is sent on a connection of its own.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        // Who is refused while still speaking may find nobody to listen.
        let _ = send(&mut stream, request.as_bytes()).await;
        answer(&mut stream).await
    }
}

/// Writes, and sends what is written: TLS may keep it otherwise.
async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Head and body of the next answer on a connection; what there is of it where the connection ends before.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text.into_owned();
            }
        }
        match timeout(PATIENCE, stream.read(&mut piece)).await.expect("neither an answer nor an end") {
            Ok(0) | Err(_) => return text.into_owned(),
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
}

/// Waits until the other side has ended a connection that says nothing more.
async fn until_cut(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the connection is still open");
    assert!(rest.is_empty() || end.is_err(), "{}", String::from_utf8_lossy(&rest));
}

/// Sends bytes one at a time, for as long as somebody takes them.
async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: impl Iterator<Item = u8>) {
    let sending = async {
        for byte in bytes {
            if send(stream, &[byte]).await.is_err() {
                return;
            }
            sleep(SHORT / 20).await;
        }
        panic!("all bytes were waited for");
    };
    timeout(PATIENCE, sending).await.expect("what does not end is still waited for");
}

/// More bytes than anybody waits for.
const ENDLESS: usize = 50_000;

#[tokio::test]
async fn who_sends_a_head_byte_by_byte_is_cut_and_who_is_silent_meanwhile_is_not() {
    for wire in [Wire::Plain, Wire::Tls] {
        let service = serving_by(wire, state().with_patience(Patience { head: SHORT, ..Patience::DEFAULT })).await;
        let (mut silent, mut used, mut slow) = (service.connect().await, service.connect().await, service.connect().await);
        send(&mut used, service.head("/healthz").as_bytes()).await.unwrap();
        assert!(answer(&mut used).await.starts_with("HTTP/1.1 200"), "{wire:?}");
        // Each byte resets nothing.
        drip(&mut slow, b"GET /healthz HTTP/1.1\r\nX: ".iter().copied().chain([b'x'; ENDLESS])).await;
        for stream in [&mut silent, &mut used] {
            send(stream, service.head("/healthz").as_bytes()).await.unwrap();
            assert!(answer(stream).await.starts_with("HTTP/1.1 200"), "{wire:?}");
        }
    }
}

#[tokio::test]
async fn who_sends_a_body_byte_by_byte_or_never_ends_it_is_told_so_and_cut() {
    for wire in [Wire::Plain, Wire::Tls] {
        let service = serving_by(wire, state().with_patience(Patience { request: SHORT, ..Patience::DEFAULT })).await;
        let post = format!("POST /v1/search HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", service.address);
        let (declared, chunked) = (format!("{post}Content-Length: {ENDLESS}\r\n\r\n"), format!("{post}Transfer-Encoding: chunked\r\n\r\n"));
        for (head, body) in [(&declared, ""), (&declared, " "), (&chunked, ""), (&chunked, "1\r\n \r\n"), (&chunked, "fffffff;x")] {
            let (mut reader, mut writer) = tokio::io::split(service.connect().await);
            send(&mut writer, head.as_bytes()).await.unwrap();
            let sending = tokio::spawn(async move {
                if !body.is_empty() {
                    drip(&mut writer, body.bytes().cycle().take(ENDLESS)).await;
                }
                writer
            });
            let told = answer(&mut reader).await;
            let document = told.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            assert!(told.starts_with("HTTP/1.1 503") && document.contains("\"timeout\""), "{wire:?} {body:?}: {told}");
            until_cut(&mut reader).await;
            // Held until here: the service ends it, not the client.
            drop(sending.await.unwrap());
            assert!(service.ask(&service.head("/v1/search?q=%E9%80%80")).await.starts_with("HTTP/1.1 200"));
        }
    }
}

#[tokio::test]
async fn a_connection_without_requests_ends_and_one_with_half_a_head_does_not() {
    for wire in [Wire::Plain, Wire::Tls] {
        let service = serving_by(wire, state().with_patience(Patience { idle: SHORT, ..Patience::DEFAULT })).await;
        let (mut silent, mut used, mut slow) = (service.connect().await, service.connect().await, service.connect().await);
        let request = service.head("/healthz");
        let (first, rest) = request.split_at(20);
        send(&mut slow, first.as_bytes()).await.unwrap();
        send(&mut used, request.as_bytes()).await.unwrap();
        assert!(answer(&mut used).await.starts_with("HTTP/1.1 200"), "{wire:?}");
        until_cut(&mut silent).await;
        until_cut(&mut used).await;
        sleep(SHORT).await;
        send(&mut slow, rest.as_bytes()).await.unwrap();
        assert!(answer(&mut slow).await.starts_with("HTTP/1.1 200"), "{wire:?}");
    }
}

/// How many connections were cut because nobody took their answers.
async fn cut_writers(service: &Serving) -> u64 {
    let metrics = service.ask(&service.head("/metrics")).await;
    let line = metrics.lines().find_map(|line| line.strip_prefix("huashu_connections_cut_total{waited_for=\"write\"} "));
    line.map_or(0, |count| count.parse().unwrap())
}

/// A service and a client between which the system keeps little: what is not read is soon not written.
async fn narrow(wire: Wire, state: AppState) -> (Serving, Box<dyn Line>) {
    const BYTES: u32 = 8 * 1024;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(BYTES).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let service = serving_on(socket.listen(16).unwrap(), wire, state);
    let client = TcpSocket::new_v4().unwrap();
    client.set_recv_buffer_size(BYTES).unwrap();
    let stream = service.speak_on(client.connect(service.address).await.unwrap()).await;
    (service, stream)
}

#[tokio::test]
async fn who_does_not_read_the_answer_is_cut_and_who_reads_slowly_gets_all_of_it() {
    for wire in [Wire::Plain, Wire::Tls] {
        let patience = Patience { write: 4 * SHORT, ..Patience::DEFAULT };
        let (service, mut idle_reader) = narrow(wire, state().with_patience(patience)).await;
        let whole = service.ask(&service.head("/openapi.json")).await.len();
        let before = cut_writers(&service).await;
        send(&mut idle_reader, service.head("/openapi.json").as_bytes()).await.unwrap();

        // Longer than the patience in all, and never without a step within it.
        let (slow_service, mut slow_reader) = narrow(wire, state().with_patience(patience)).await;
        send(&mut slow_reader, slow_service.head("/openapi.json").as_bytes()).await.unwrap();
        let (mut read, mut piece) = (0, vec![0; whole / 24]);
        while read < whole {
            match slow_reader.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(more) => read += more,
            }
            sleep(SHORT / 8).await;
        }
        // The id and the date of an answer may differ, their lengths do not.
        assert_eq!(read, whole, "{wire:?}");

        let waiting = async {
            while cut_writers(&service).await == before {
                sleep(SHORT / 4).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("who reads nothing is still waited for");
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, idle_reader.read_to_end(&mut rest)).await.expect("the connection is still open");
        assert!(rest.len() < whole, "{wire:?}: the answer came whole");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_to_come_back_and_places_come_free() {
    let service = serving(state().with_connections(2)).await;
    let mut kept = [service.connect().await, service.connect().await];
    for stream in &mut kept {
        send(stream, service.head("/healthz").as_bytes()).await.unwrap();
        assert!(answer(stream).await.starts_with("HTTP/1.1 200"));
    }
    let refused = service.ask("").await;
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 1"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["code"], "crowded");
    drop(kept);
    let again = async { while !service.ask(&service.head("/healthz")).await.starts_with("HTTP/1.1 200") {} };
    timeout(PATIENCE, again).await.expect("no place came free");
}

// A thread for each place and more: a search computes on the one that read it. The question is so long that a search outlasts a thread's turn
// on a core: else on few cores no three of them are ever under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_searches_at_once_some_are_answered_and_the_rest_sent_away() {
    let service = serving(state().with_searches(2)).await;
    let nobody = Asker { address: service.address.to_string(), token: String::new() };
    let question = json!({ "q": "退货地址填哪里".repeat(250) }).to_string();
    let requests = Arc::new(vec![nobody.request("POST", "/v1/search", None, &question)]);
    let figures = load(&nobody.address, &requests, 40, Pace::Closed, SHORT).await;
    assert!(figures.good > 0 && figures.refused > 0 && figures.bad.is_empty(), "{figures:?}");
    // Each place comes free again.
    let figures = load(&nobody.address, &requests, 2, Pace::Closed, SHORT).await;
    assert!(figures.good > 0 && figures.refused == 0 && figures.bad.is_empty(), "{figures:?}");
}

#[tokio::test]
async fn heads_and_bodies_beyond_their_limits_are_refused() {
    let service = serving(state()).await;
    let host = format!("Host: {}\r\n", service.address);
    let get = |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n");
    let post = |body: &str| {
        let length = body.len();
        format!("POST /v1/search HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let header = |name: &str, bytes: usize| format!("{name}: {}\r\n", "x".repeat(bytes));
    let headers = |count: usize| (0..count).map(|number| header(&format!("X-{number}"), 1)).collect::<String>();
    let rows = [
        (get("/v1/search?q=a", &headers(50)), 200, ""),
        (get("/v1/search?q=a", &headers(70)), 431, "headers_too_large"),
        // Beyond what is parsed at all there is only the status.
        (get("/v1/search?q=a", &headers(200)), 431, ""),
        (get("/v1/search?q=a", &header("X", 30_000)), 200, ""),
        (get("/v1/search?q=a", &header("X", 40_000)), 431, "headers_too_large"),
        (get("/v1/search?q=a", &header("X", 300_000)), 431, ""),
        (get(&format!("/v1/search?q={}", "%E9%80%80".repeat(2_000)), ""), 200, ""),
        (get(&format!("/v1/search?q={}", "a".repeat(40_000)), ""), 414, "uri_too_long"),
        (get(&format!("/v1/search?q={}", "a".repeat(70_000)), ""), 414, ""),
        // What nobody asked for is passed over without a stack, however deep; elsewhere no list is in a list.
        (post(&format!("{{\"q\": \"a\", \"x\": {}1{}}}", "[".repeat(200_000), "]".repeat(200_000))), 200, ""),
        (post(&format!("{{\"messages\": {}1{}}}", "[".repeat(200_000), "]".repeat(200_000))), 400, "bad_value"),
        (post(&format!("{{\"q\": \"{}\"}}", "a".repeat(huashu::http::MAX_BODY_BYTES))), 413, "too_large"),
        // Two lengths, or a length and chunks, are how requests are smuggled past a proxy.
        (format!("POST /v1/search HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456"), 400, ""),
    ];
    for (request, status, code) in rows {
        let shown: String = request.chars().take(80).collect();
        let answer = service.ask(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown}: {answer}");
        if !code.is_empty() {
            let body = answer.split_once("\r\n\r\n").unwrap().1;
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["code"], code, "{shown}: {answer}");
        }
    }
}
