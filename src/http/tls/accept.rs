//! Connections with TLS, and the certificates that their clients have shown.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::Request;
use axum_server::{accept::Accept, tls_rustls::RustlsAcceptor};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tower::Service;

use super::{Tls, names};
use crate::http::accept::{Acceptor, Noticing};

/// The verified client certificate, as an extension of each of its requests: names of RFC 4514.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    pub subject: Arc<str>,
    pub issuer: Arc<str>,
}

/// Accepts connections of [`Acceptor`] that speak TLS, and speak it in time.
#[derive(Clone, Debug)]
pub struct TlsAcceptor(RustlsAcceptor<Acceptor>);

impl TlsAcceptor {
    pub fn new(tls: &Tls, inner: Acceptor, timeout: Duration) -> Self {
        Self(RustlsAcceptor::new(tls.current.clone()).handshake_timeout(timeout).acceptor(inner))
    }
}

type Inner<S> = <RustlsAcceptor<Acceptor> as Accept<TcpStream, S>>::Future;
type Stream<S> = <RustlsAcceptor<Acceptor> as Accept<TcpStream, S>>::Stream;
type Accepted<S> = io::Result<(Stream<S>, Certified<Noticing<S>>)>;

impl<S: Send + 'static> Accept<TcpStream, S> for TlsAcceptor {
    type Stream = Stream<S>;
    type Service = Certified<Noticing<S>>;
    type Future = Pin<Box<dyn Future<Output = Accepted<S>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let handshake: Inner<S> = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = handshake
                .await
                .inspect_err(|error| tracing::debug!("no TLS on a new connection: {error}"))?;
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = shown
                .map(|shown| names::of(shown))
                .map(|known| known.ok_or(io::ErrorKind::InvalidData))
                .transpose()?;
            Ok((stream, Certified { service, certificate }))
        })
    }
}

/// Adds the [`ClientCertificate`] to each request.
#[derive(Clone)]
pub struct Certified<S> {
    service: S,
    certificate: Option<ClientCertificate>,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for Certified<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        self.service.call(request)
    }
}
