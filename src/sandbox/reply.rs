//! The body of an answer, which may break off in the middle.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body of one piece.
#[derive(Debug)]
pub(super) struct Reply {
    rest: Option<Bytes>,
    cut: Cut,
}

/// How far an answer that breaks off has come; `announced` is its full length.
#[derive(Debug)]
enum Cut {
    No,
    Whole { announced: u64 },
    HalfSent,
    Flushed,
}

impl Reply {
    pub fn whole(body: Bytes) -> Self {
        Self { rest: Some(body), cut: Cut::No }
    }

    /// What it sends, as long as nothing has been sent.
    pub fn bytes(&self) -> Bytes {
        self.rest.clone().unwrap_or_default()
    }

    /// The same answer, which announces its length and sends half.
    pub fn cut(mut self) -> Self {
        let body = self.rest.take().unwrap_or_default();
        self.cut = Cut::Whole { announced: (body.len() as u64).max(1) };
        self.rest = Some(body.slice(..body.len() / 2));
        self
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.cut {
            Cut::No => Poll::Ready(self.rest.take().map(|body| Ok(Frame::data(body)))),
            Cut::Whole { .. } => {
                self.cut = Cut::HalfSent;
                Poll::Ready(self.rest.take().map(|body| Ok(Frame::data(body))))
            }
            Cut::HalfSent => {
                // Lets the first half leave before the connection breaks.
                self.cut = Cut::Flushed;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Flushed => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.cut, &self.rest) {
            (Cut::Whole { announced }, _) => SizeHint::with_exact(*announced),
            (_, rest) => SizeHint::with_exact(rest.as_ref().map_or(0, |body| body.len() as u64)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self.cut {
            Cut::No => self.rest.as_ref().is_none_or(Bytes::is_empty),
            _ => false,
        }
    }
}
