//! Timeouts of a client connection: request head, stalled response.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Complete request head, measured from its first byte or from the start of the connection.
    pub head: Duration,
    /// Idle keep-alive connection. Longer than the usual 60 s of proxies, so that they close first.
    pub idle: Duration,
    /// Stalled write: the client reads nothing of the response.
    pub unread: Duration,
    /// Time for each `body::PROGRESS` bytes of a request body.
    pub body: Duration,
    /// Time for running requests to finish at shutdown.
    pub drain: Duration,
}

impl Default for Timeouts {
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

/// State of a connection, shared with its requests. The head timeout applies only to a request head.
#[derive(Clone, Debug)]
pub(super) struct Phase(Arc<AtomicU8>);

impl Phase {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(HEAD)))
    }

    /// The request head is complete.
    pub(super) fn busy(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// The response is complete.
    pub(super) fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    /// Bytes were received; returns whether they start a new request.
    fn begin(&self) -> bool {
        let order = Ordering::Relaxed;
        self.0.compare_exchange(IDLE, HEAD, order, order).is_ok()
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream with these timeouts. `held` is dropped with it.
pub(super) struct Connection<S, T> {
    stream: S,
    phase: Phase,
    timeouts: Timeouts,
    /// Deadline of the request head.
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
    _held: T,
}

impl<S, T> Connection<S, T> {
    pub(super) fn new(stream: S, phase: Phase, timeouts: Timeouts, held: T) -> Self {
        Self { stream, phase, timeouts, reading: None, writing: None, _held: held }
    }

    /// Called when no bytes are available. Fails after the head timeout; hyper has the idle timeout.
    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.phase.get() != HEAD {
            self.reading = None;
            return Poll::Pending;
        }
        let limit = self.timeouts.head;
        let deadline = self.reading.get_or_insert_with(|| Box::pin(sleep(limit)));
        if deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    /// Passes the result of a write on. Fails when writes have been pending for the write timeout.
    fn wait_to_write<R>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.writing = None;
            return done;
        }
        let limit = self.timeouts.unread;
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
    use tokio::time::Instant;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    fn limits(head: Duration, unread: Duration) -> Timeouts {
        Timeouts { head, unread, ..Timeouts::default() }
    }

    #[tokio::test]
    async fn a_trickling_head_does_not_extend_the_head_timeout() {
        let (mut client, server) = duplex(64);
        let phase = Phase::new();
        let limits = limits(SHORT, LONG);
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
    async fn only_a_request_head_has_a_read_timeout() {
        let (mut client, server) = duplex(64);
        let phase = Phase::new();
        let mut server = Connection::new(server, phase.clone(), limits(SHORT, LONG), ());
        client.write_all(b"GET").await.expect("writes");
        let mut bytes = [0; 3];
        server.read_exact(&mut bytes).await.expect("arrives");
        for state in [Phase::busy, Phase::idle] {
            state(&phase);
            let waits = tokio::time::timeout(3 * SHORT, server.read(&mut bytes)).await;
            assert!(waits.is_err(), "no timeout");
        }
        client.write_all(b"G").await.expect("writes");
        server.read_exact(&mut bytes[..1]).await.expect("the next head begins");
        let error = server.read(&mut bytes).await.expect_err("head timeout");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_stalled_write_times_out() {
        let (_client, server) = duplex(64);
        let mut server = Connection::new(server, Phase::new(), limits(LONG, SHORT), ());
        let error = server.write_all(&[0; 1_000]).await.expect_err("write timeout");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
