//! A body that is sent whole, without being copied, or only up to some byte.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

pub(super) enum AnswerBody {
    Whole(Full<Bytes>),
    Cut {
        left: Option<Bytes>,
        sent: bool,
        promised: u64,
    },
}

/// The answer ends here, though its headers promised more.
#[derive(Debug, thiserror::Error)]
#[error("the answer is cut on purpose")]
pub(super) struct Cut;

impl AnswerBody {
    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }

    /// Only the first `bytes`; at least the last byte is held back.
    pub(super) fn cut(body: &Bytes, bytes: usize) -> Self {
        let promised = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let kept = bytes.min(body.len().saturating_sub(1));
        Self::Cut {
            left: Some(body.slice(..kept)),
            sent: false,
            promised,
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Self::Cut { left, sent, .. } => match left.take() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                // An error makes hyper drop the connection with all it has not written yet. It flushes while a body
                // has nothing to give, so give nothing once.
                None if !*sent => {
                    *sent = true;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                None => Poll::Ready(Some(Err(Cut))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Cut { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Cut { promised, .. } => SizeHint::with_exact(*promised),
        }
    }
}
