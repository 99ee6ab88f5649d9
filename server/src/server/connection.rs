//! A connection that is closed when its client lets it wait: for the rest of a request's head, for
//! another request, or for its answer to be read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long a connection waits for its client.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a whole head of a request, from its first byte or from the connection's begin.
    pub head: Duration,
    /// For another request on an open connection; longer than proxies keep theirs.
    pub idle: Duration,
    /// For the client to take any of what waits to be sent.
    pub unread: Duration,
    /// For every [`super::body::PROGRESS`] bytes of a request's body.
    pub body: Duration,
    /// For requests under way when the process stops.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            unread: Duration::from_secs(30),
            body: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;

/// What a connection is doing, shared by the connection and its requests.
#[derive(Clone, Debug)]
pub(super) struct Phase(Arc<AtomicU8>);

impl Phase {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(HEAD)))
    }

    /// A request's head is complete.
    pub(super) fn busy(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// The answer is complete.
    pub(super) fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    /// Bytes came; whether they begin a request.
    fn begin(&self) -> bool {
        let order = Ordering::Relaxed;
        self.0.compare_exchange(IDLE, HEAD, order, order).is_ok()
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream with these limits. `held` is dropped with it.
pub(super) struct Connection<S, T> {
    stream: S,
    phase: Phase,
    patience: Patience,
    /// End of the wait for bytes, and the phase it is of.
    reading: Option<(u8, Pin<Box<Sleep>>)>,
    writing: Option<Pin<Box<Sleep>>>,
    _held: T,
}

impl<S, T> Connection<S, T> {
    pub(super) fn new(stream: S, phase: Phase, patience: Patience, held: T) -> Self {
        Self { stream, phase, patience, reading: None, writing: None, _held: held }
    }

    /// Called when there is nothing to read: fails when that has been so for too long.
    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let phase = self.phase.get();
        let limit = match phase {
            IDLE => self.patience.idle,
            HEAD => self.patience.head,
            _ => {
                self.reading = None;
                return Poll::Pending;
            }
        };
        if self.reading.as_ref().is_none_or(|(of, _)| *of != phase) {
            self.reading = Some((phase, Box::pin(sleep(limit))));
        }
        let over = self.reading.as_mut().is_some_and(|(_, end)| end.as_mut().poll(cx).is_ready());
        if over { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending }
    }

    /// Passes on how writing went: fails when the client has not taken anything for too long.
    fn wait_to_write<R>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.writing = None;
            return done;
        }
        let limit = self.patience.unread;
        let end = self.writing.get_or_insert_with(|| Box::pin(sleep(limit)));
        if end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin, T: Unpin> AsyncRead for Connection<S, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(done) => {
                if this.phase.begin() {
                    this.reading = None;
                }
                Poll::Ready(done)
            }
            Poll::Pending => this.wait_to_read(cx),
        }
    }
}

impl<S: AsyncWrite + Unpin, T: Unpin> AsyncWrite for Connection<S, T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let done = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.wait_to_write(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.wait_to_write(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let done = Pin::new(&mut this.stream).poll_flush(cx);
        this.wait_to_write(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let done = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.wait_to_write(cx, done)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    fn patience(head: Duration, idle: Duration, unread: Duration) -> Patience {
        Patience { head, idle, unread, ..Patience::default() }
    }

    #[tokio::test]
    async fn half_a_head_is_waited_for_as_long_as_a_head_however_it_trickles() {
        let (mut client, server) = duplex(64);
        let phase = Phase::new();
        let limits = patience(SHORT, LONG, LONG);
        let mut server = Connection::new(server, phase.clone(), limits, ());
        let trickle = tokio::spawn(async move {
            // Ends when the server closes the connection.
            while client.write_all(b"x").await.is_ok() {
                tokio::task::yield_now().await;
            }
        });
        let begun = Instant::now();
        let mut bytes = [0; 8];
        let error = loop {
            match server.read(&mut bytes).await {
                Ok(_) => assert!(begun.elapsed() < LONG),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(server);
        trickle.await.expect("ends");
    }

    #[tokio::test]
    async fn between_requests_it_waits_longer_and_for_an_answer_without_end() {
        let (mut client, server) = duplex(64);
        let phase = Phase::new();
        let mut server = Connection::new(server, phase.clone(), patience(LONG, SHORT, LONG), ());
        client.write_all(b"GET").await.expect("writes");
        let mut bytes = [0; 3];
        server.read_exact(&mut bytes).await.expect("arrives");
        phase.busy();
        let waits = tokio::time::timeout(3 * SHORT, server.read(&mut bytes)).await;
        assert!(waits.is_err(), "an answer is being made");
        phase.idle();
        let error = server.read(&mut bytes).await.expect_err("nobody asks again");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_is_not_waited_for_without_end() {
        let (_client, server) = duplex(64);
        let mut server =
            Connection::new(server, Phase::new(), patience(LONG, LONG, SHORT), ());
        let error = server.write_all(&[0; 1_000]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
