//! New connections: sends small packets at once, and closes those that never send a request.
//!
//! hyper's own header timeout also runs on a kept connection between two requests, where proxies
//! want it long; the first request's headers get a shorter one here. It starts before hyper knows
//! which version of HTTP is spoken, for which it waits without end.

use std::{
    future::{Ready, ready},
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::http::Request;
use axum_server::accept::Accept;
use hyper::body::Incoming;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tower::Service;

/// Accepts connections whose first request must be there within `timeout`.
#[derive(Clone, Debug)]
pub struct Acceptor {
    pub timeout: Duration,
}

impl<S> Accept<TcpStream, S> for Acceptor {
    type Stream = Connection;
    type Service = Noticing<S>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let requested = Arc::new(AtomicBool::new(false));
        // Without it every event of a stream waits about 40 ms for the last one's acknowledgement.
        ready(stream.set_nodelay(true).map(|()| {
            let deadline = Some((Box::pin(sleep(self.timeout)), Arc::clone(&requested)));
            (Connection { stream, deadline }, Noticing { service, requested })
        }))
    }
}

/// A connection that fails to read once its first request is overdue.
pub struct Connection {
    stream: TcpStream,
    deadline: Option<(Pin<Box<Sleep>>, Arc<AtomicBool>)>,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some((deadline, requested)) = &mut self.deadline {
            if requested.load(Ordering::Relaxed) {
                self.deadline = None;
            } else if deadline.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
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

/// Notices that a request has come.
#[derive(Clone)]
pub struct Noticing<S> {
    service: S,
    requested: Arc<AtomicBool>,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for Noticing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        self.requested.store(true, Ordering::Relaxed);
        self.service.call(request)
    }
}
