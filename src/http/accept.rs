//! New connections: takes no more than there is room for, sends small packets at once, and closes
//! those that never send a request, or none any more.
//!
//! hyper's own header timeout also runs on a kept connection between two requests, where proxies
//! want it long; the first request's headers get a shorter one here. It starts before hyper knows
//! which version of HTTP is spoken, for which it waits without end. HTTP/2 has no such timeout at
//! all in hyper: a client that answers pings stays.

use std::{
    future::{Ready, ready},
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Request, Response, Version};
use axum_server::accept::Accept;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};
use tower::Service;

use super::connections::{Connections, Place};

/// Accepts connections whose first request must be there within `timeout`.
#[derive(Clone, Debug)]
pub struct Acceptor {
    pub connections: Arc<Connections>,
    pub timeout: Duration,
    /// Between two requests of HTTP/2; it may be twice as long.
    pub idle_timeout: Duration,
}

impl<S> Accept<TcpStream, S> for Acceptor {
    type Stream = Connection;
    type Service = Noticing<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(self.take(stream).map(|connection| {
            let requests = Arc::clone(&connection.patience.requests);
            (connection, Noticing { service, requests })
        }))
    }
}

impl Acceptor {
    fn take(&self, stream: TcpStream) -> io::Result<Connection> {
        let peer = stream.peer_addr()?.ip();
        // An error drops the connection.
        let place = self.connections.place(peer).ok_or(io::ErrorKind::QuotaExceeded)?;
        // Without it every event of a stream waits about 40 ms for the last one's acknowledgement.
        stream.set_nodelay(true)?;
        let patience = Patience {
            requests: Arc::default(),
            idle_timeout: self.idle_timeout,
            ends: Some(Box::pin(sleep(self.timeout))),
            state: State::New,
        };
        Ok(Connection { stream, patience, _place: place })
    }
}

/// What a connection's requests are up to.
#[derive(Debug, Default)]
struct Requests {
    begun: AtomicUsize,
    /// Begun, and not answered to the end.
    open: AtomicUsize,
    is_http2: AtomicBool,
}

/// A request until its answer has ended.
struct Open(Arc<Requests>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When a connection has been silent for too long.
struct Patience {
    requests: Arc<Requests>,
    idle_timeout: Duration,
    /// Absent: hyper looks after it.
    ends: Option<Pin<Box<Sleep>>>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No request has come yet.
    New,
    Used,
    /// No request was open when it was looked at last, and so many had begun.
    Idle(usize),
}

impl Patience {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(ends) = &mut self.ends else { return Poll::Pending };
        let begun = self.requests.begun.load(Ordering::Relaxed);
        if self.state == State::New && begun > 0 {
            if !self.requests.is_http2.load(Ordering::Relaxed) {
                self.ends = None;
                return Poll::Pending;
            }
            self.state = State::Used;
            ends.as_mut().reset(Instant::now() + self.idle_timeout);
        }
        while ends.as_mut().poll(context).is_ready() {
            // Two looks in a row, and nothing between them.
            let idle = State::Idle(begun);
            if matches!(self.state, State::New) || self.state == idle {
                return Poll::Ready(());
            }
            let is_open = self.requests.open.load(Ordering::Relaxed) > 0;
            self.state = if is_open { State::Used } else { idle };
            ends.as_mut().reset(Instant::now() + self.idle_timeout);
        }
        Poll::Pending
    }
}

/// A connection that fails to read once its first request is overdue, or its next one.
pub struct Connection {
    stream: TcpStream,
    patience: Patience,
    _place: Place,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.patience.poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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

/// Notices requests, and when they are answered to the end.
#[derive(Clone)]
pub struct Noticing<S> {
    service: S,
    requests: Arc<Requests>,
}

impl<S, B> Service<Request<Incoming>> for Noticing<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
{
    type Response = Response<Noticed<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let requests = &self.requests;
        if request.version() == Version::HTTP_2 {
            requests.is_http2.store(true, Ordering::Relaxed);
        }
        requests.open.fetch_add(1, Ordering::Relaxed);
        requests.begun.fetch_add(1, Ordering::Relaxed);
        let open = Some(Open(Arc::clone(requests)));
        Answering { answer: self.service.call(request), open }
    }
}

pin_project! {
    /// A request on its way to its answer.
    pub struct Answering<F> {
        #[pin]
        answer: F,
        open: Option<Open>,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Noticed<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let open = this.open;
        this.answer
            .poll(context)
            .map_ok(|answer| answer.map(|body| Noticed { body, open: open.take() }))
    }
}

pin_project! {
    /// An answer's body; its request is open until it is dropped.
    pub struct Noticed<B> {
        #[pin]
        body: B,
        open: Option<Open>,
    }
}

impl<B: Body> Body for Noticed<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
