//! The body of a request has to come: so much of it in so long, whatever its length.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Bytes that have to come in each span of waiting: a kilobyte a second is slower than any network
/// that browsers still work on.
pub const PROGRESS: usize = 10 * 1024;

/// A body that fails with [`io::ErrorKind::TimedOut`] when too little of it comes.
pub(super) struct Paced {
    body: Body,
    within: Duration,
    came: usize,
    end: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(body: Body, within: Duration) -> Self {
        Self { body, within, came: 0, end: None }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                this.came += frame.data_ref().map_or(0, Bytes::len);
                if this.came >= PROGRESS {
                    this.came = 0;
                    this.end = None;
                }
            }
            return Poll::Ready(frame);
        }
        let within = this.within;
        let end = this.end.get_or_insert_with(|| Box::pin(sleep(within)));
        if end.as_mut().poll(cx).is_ready() {
            let late = io::Error::new(io::ErrorKind::TimedOut, "the body does not come");
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
        Body::new(Paced::new(body, Duration::from_millis(20)))
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_fails_and_one_that_comes_does_not() {
        let whole = to_bytes(paced(vec![vec![1; 100_000], vec![2; 3]], false), usize::MAX).await;
        assert_eq!(whole.expect("comes").len(), 100_003);
        for begun in [vec![], vec![vec![1; 10]], vec![vec![1; 100_000]]] {
            let error = to_bytes(paced(begun, true), usize::MAX).await.expect_err("stops");
            assert!(error.to_string().contains("does not come"), "{error}");
        }
    }
}
