//! How long a client is waited for: [`Patient`] is a connection that ends where nobody begins a request, ends its head or takes an answer.
//!
//! Called by `wire`, below TLS, so that every byte counts. The time that a handler takes is none of its business, nor that of a request's body:
//! a layer of the router gives both [`Patience::request`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a client is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a request's head to its last.
    pub head: Duration,
    /// From one request to the next, with no byte in either direction.
    pub idle: Duration,
    /// For room to write on.
    pub write: Duration,
    /// From the end of a request's head to its answer: its body and the work on it.
    pub request: Duration,
}

impl Patience {
    /// A head fits into a few packets, so that 15 s allow for a very bad line. Browsers keep connections for minutes, and open a new one where
    /// theirs is gone; 75 s is what web servers give them. Who takes nothing of an answer for 30 s has gone, or means harm. A request of 15 s takes a hundred times the slowest search: it hangs,
    /// such as one whose body never comes.
    pub const DEFAULT: Patience = Patience {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
        write: Duration::from_secs(30),
        request: Duration::from_secs(15),
    };
}

impl Default for Patience {
    fn default() -> Patience {
        Patience::DEFAULT
    }
}

/// Whose turn it is: requests begun and requests answered, together. Odd while a handler has one.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn(Arc<AtomicU32>);

impl Turn {
    /// A head came whole, or its answer begins.
    pub(super) fn pass(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection whose client is waited for with [`Patience`].
pub(super) struct Patient<S> {
    stream: S,
    patience: Patience,
    turn: Turn,
    /// The turn that was seen last.
    seen: u32,
    /// Whether a byte came in this turn: part of a head.
    has_begun: bool,
    /// When what is waited for began.
    since: Instant,
    /// Wakes the reader; set forward only where it rings, so that a request costs no timer.
    reading: Option<Pin<Box<Sleep>>>,
    /// Wakes the writer.
    writing: Option<Pin<Box<Sleep>>>,
    is_stalled: bool,
}

impl<S> Patient<S> {
    /// A connection that was just taken.
    pub(super) fn new(stream: S, patience: Patience, turn: Turn) -> Patient<S> {
        let seen = turn.count();
        let since = Instant::now();
        Patient { stream, patience, turn, seen, has_begun: false, since, reading: None, writing: None, is_stalled: false }
    }

    /// Notes whose turn it is; true where it is the client's.
    fn look(&mut self) -> bool {
        let count = self.turn.count();
        if count != self.seen {
            (self.seen, self.has_begun, self.since) = (count, false, Instant::now());
        }
        count.is_multiple_of(2)
    }

    /// Bytes came.
    fn heard(&mut self) {
        if self.look() && !self.has_begun {
            (self.has_begun, self.since) = (true, Instant::now());
        }
    }

    /// No bytes came.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.look() {
            return Poll::Pending;
        }
        let (limit, what) = if self.has_begun { (self.patience.head, "head") } else { (self.patience.idle, "idle") };
        let due = self.since + limit;
        let timer = self.reading.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(Err(cut(what)));
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }

    /// What became of a write: without room for too long it fails.
    fn poll_room(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.is_stalled = false;
            self.since = Instant::now();
            return written;
        }
        let due = Instant::now() + self.patience.write;
        let timer = self.writing.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if !self.is_stalled {
            self.is_stalled = true;
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).map(|()| Err(cut("write")))
    }
}

fn cut(what: &'static str) -> io::Error {
    metrics::counter!("huashu_connections_cut_total", "waited_for" => what).increment(1);
    io::ErrorKind::TimedOut.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        match read {
            Poll::Pending => self.poll_silence(context),
            Poll::Ready(_) if into.filled().len() == before => read,
            Poll::Ready(_) => {
                self.heard();
                read
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_room(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.poll_room(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
