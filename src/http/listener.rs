//! A listener that can be closed while the connections it made live on.
//!
//! axum-server closes both together; a client that is just sending its request would lose it.

use std::{io, net::SocketAddr};

use arc_swap::ArcSwapOption;
use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// An address whose listener is a [`Closable`].
#[derive(Clone, Debug)]
pub struct Bound(pub SocketAddr);

impl Address for Bound {
    type Stream = TcpStream;
    type Listener = Closable;
}

/// Listens until `closing` is cancelled.
#[derive(Debug)]
pub struct Closable {
    listener: ArcSwapOption<TcpListener>,
    closing: CancellationToken,
}

impl Closable {
    pub fn new(listener: std::net::TcpListener, closing: CancellationToken) -> io::Result<Self> {
        let listener = ArcSwapOption::from_pointee(TcpListener::from_std(listener)?);
        Ok(Self { listener, closing })
    }
}

impl AddrListener<TcpStream, Bound> for Closable {
    async fn bind_to(Bound(address): Bound) -> io::Result<Self> {
        Self::new(std::net::TcpListener::bind(address)?, CancellationToken::new())
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, Bound)> {
        if let Some(listener) = self.listener.load_full() {
            tokio::select! {
                // Who has connected already is let in before the door closes.
                biased;
                accepted = listener.accept() => {
                    return accepted.map(|(stream, address)| (stream, Bound(address)));
                }
                () = self.closing.cancelled() => {}
            }
        }
        self.listener.store(None);
        std::future::pending().await
    }

    fn get_local_addr(&self) -> io::Result<Bound> {
        let listener = self.listener.load();
        let listener = listener.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        listener.local_addr().map(Bound)
    }
}
