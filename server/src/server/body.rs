//! Minimum transfer rate of request bodies, independent of their length.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Bytes required per timeout: 1 kB/s with the default of 10 s, slower than any usable network.
pub const PROGRESS: usize = 10 * 1024;

/// A body that fails with [`io::ErrorKind::TimedOut`] when it arrives too slowly.
pub(super) struct ProgressBody {
    body: Body,
    within: Duration,
    received: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl ProgressBody {
    pub(super) fn new(body: Body, within: Duration) -> Self {
        Self { body, within, received: 0, deadline: None }
    }
}

impl HttpBody for ProgressBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                this.received += frame.data_ref().map_or(0, Bytes::len);
                if this.received >= PROGRESS {
                    this.received = 0;
                    this.deadline = None;
                }
            }
            return Poll::Ready(frame);
        }
        let within = this.within;
        let end = this.deadline.get_or_insert_with(|| Box::pin(sleep(within)));
        if end.as_mut().poll(cx).is_ready() {
            let late =
                io::Error::new(io::ErrorKind::TimedOut, "the request body arrives too slowly");
            return Poll::Ready(Some(Err(axum::Error::new(late))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures::{StreamExt as _, stream};

    use super::*;

    fn paced(chunks: Vec<Vec<u8>>, then_stalls: bool) -> Body {
        let chunks = stream::iter(chunks).map(Ok::<_, io::Error>);
        let body = if then_stalls {
            Body::from_stream(chunks.chain(stream::pending()))
        } else {
            Body::from_stream(chunks)
        };
        Body::new(ProgressBody::new(body, Duration::from_millis(20)))
    }

    #[tokio::test]
    async fn a_stalled_body_times_out_and_a_complete_one_does_not() {
        let whole = to_bytes(paced(vec![vec![1; 100_000], vec![2; 3]], false), usize::MAX).await;
        assert_eq!(whole.expect("complete").len(), 100_003);
        for begun in [vec![], vec![vec![1; 10]], vec![vec![1; 100_000]]] {
            let error = to_bytes(paced(begun, true), usize::MAX).await.expect_err("stalled");
            assert!(error.to_string().contains("too slowly"), "{error}");
        }
    }
}
