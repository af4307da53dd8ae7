//! Connections: each is taken, counted, spoken to in HTTP/1.1, plainly or by TLS, and let end with the request that it is at.
//!
//! Called by `serve` alone. What a request says is the router's business; here are the limits on how it is said.

use super::SHUTDOWN_GRACE;
use super::error::{ApiError, RETRY_AFTER_SECONDS};
use super::patience::{Patience, Patient, Turn};
use super::tls::Tls;
use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

/// Connections at once: two hundred seats with a page, an extension and a stream of notices each, several times over. An idle one costs
/// some ten kilobytes.
pub const MAX_CONNECTIONS: usize = 4_096;

/// Files kept for the index, the journal and the library: no connection may take the last ones.
const RESERVED_FILES: usize = 256;

/// Longest head that is read at all: twice what `frame` lets through, so that mostly it is `frame` that says what is too long.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// Bytes of an answer that the system keeps for one connection (it doubles them for its own needs). What a slow reader holds is bounded by it,
/// and room comes back in steps small enough to tell slow from stopped; 200 ms of delay still let through half a megabyte a second.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;

/// Connections that wait to be taken: as many as tokio lets wait.
const BACKLOG: u32 = 1_024;

/// Longest handshake: over a slow line it takes three round trips.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after no connection could be taken: mostly there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Listens for connections, with the limits of this module on each.
///
/// # Errors
/// Where the address cannot be listened to.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As tokio itself does it: on Windows the option means that another program may take the port over.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What all connections share.
#[derive(Clone)]
struct Wire {
    router: Router,
    tls: Option<Tls>,
    patience: Patience,
    /// Becomes true when no further request is taken; who has it is still at one.
    ending: watch::Receiver<bool>,
}

/// Serves connections until `stop` is done, then lets each end the request that it is at, for [`SHUTDOWN_GRACE`] at most.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    (patience, connections): (Patience, usize),
    stop: impl Future<Output = ()>,
) {
    let (end, ending) = watch::channel(false);
    let wire = Wire { router, tls, patience, ending };
    tokio::select! {
        never = accept_all(listener, &wire, connections) => match never {},
        () = stop => {}
    }
    drop(wire);
    let _ = end.send(true);
    if tokio::time::timeout(SHUTDOWN_GRACE, end.closed()).await.is_err() {
        tracing::warn!(connections = end.receiver_count(), "requests that took too long are given up");
    }
}

async fn accept_all(listener: TcpListener, wire: &Wire, connections: usize) -> std::convert::Infallible {
    let places = Arc::new(Semaphore::new(with_files_for(connections)));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_client(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            send_away(stream);
            continue;
        };
        let wire = wire.clone();
        tokio::spawn(async move {
            let _place = place;
            wire.run(stream, peer).await;
        });
    }
}

/// Whether only this one client has gone before it was taken.
fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused)
}

/// As many connections as there are files for.
fn with_files_for(connections: usize) -> usize {
    let files = open_files_limit().unwrap_or(usize::MAX);
    let most = files.saturating_sub(RESERVED_FILES).clamp(1, connections);
    if most < connections {
        tracing::warn!(files, connections = most, "few files may be open at once, and so few connections: raise the limit (ulimit -n)");
    }
    most
}

/// How many files the process may have open, where the system tells.
fn open_files_limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Tells a client for whom there is no place so, without waiting for what it wants.
fn send_away(stream: TcpStream) {
    metrics::counter!("huashu_connections_refused_total").increment(1);
    let problem = serde_json::to_string(&ApiError::Crowded.problem("")).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {}\r\ncontent-length: {}\r\nretry-after: {RETRY_AFTER_SECONDS}\r\nconnection: close\r\n\r\n{problem}",
        super::PROBLEM_TYPE,
        problem.len()
    );
    // It fits into what the system keeps for a new connection. Who speaks TLS sees a failed handshake.
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(answer.as_bytes());
    }
}

impl Wire {
    async fn run(mut self, stream: TcpStream, peer: SocketAddr) {
        // A late packet must not wait until the client has acknowledged the one before.
        let _ = stream.set_nodelay(true);
        let turn = Turn::default();
        let stream = Patient::new(stream, self.patience, turn.clone());
        let Some(Tls(acceptor)) = self.tls.take() else { return self.speak(stream, peer, turn).await };
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)) => shaken,
            _ = self.ending.wait_for(|ending| *ending) => return,
        };
        if let Ok(Ok(stream)) = shaken {
            // The handshake is no part of a head.
            turn.pass();
            turn.pass();
            self.speak(stream, peer, turn).await;
        }
    }

    async fn speak(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send, peer: SocketAddr, turn: Turn) {
        let router = self.router;
        let service = service_fn(move |mut request: Request<Incoming>| {
            turn.pass();
            request.extensions_mut().insert(ConnectInfo(Peer(peer)));
            // A router is always ready.
            let answer = router.clone().call(request);
            let turn = turn.clone();
            async move {
                let answer = answer.await;
                turn.pass();
                answer
            }
        });
        let mut builder = http1::Builder::new();
        builder.max_header_size(MAX_HEAD_BYTES).max_buf_size(MAX_HEAD_BYTES).header_read_timeout(None);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // A connection that fails is the client's doing, or was cut: nothing is left to tell.
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.ending.wait_for(|ending| *ending) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
