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
    sockets: ArcSwapOption<Sockets>,
    closing: CancellationToken,
}

/// One listening socket, twice.
#[derive(Debug)]
struct Sockets {
    listener: TcpListener,
    /// Tells who has connected at this moment, not who had when the runtime last looked.
    direct: std::net::TcpListener,
}

impl Closable {
    pub fn new(listener: std::net::TcpListener, closing: CancellationToken) -> io::Result<Self> {
        let direct = listener.try_clone()?;
        let sockets = Sockets { listener: TcpListener::from_std(listener)?, direct };
        Ok(Self { sockets: ArcSwapOption::from_pointee(sockets), closing })
    }
}

impl AddrListener<TcpStream, Bound> for Closable {
    async fn bind_to(Bound(address): Bound) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Self::new(listener, CancellationToken::new())
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, Bound)> {
        if let Some(sockets) = self.sockets.load_full() {
            tokio::select! {
                biased;
                () = self.closing.cancelled() => {}
                accepted = sockets.listener.accept() => {
                    return accepted.map(|(stream, address)| (stream, Bound(address)));
                }
            }
            // Who has connected already is let in before the door closes.
            if let Ok((stream, address)) = sockets.direct.accept() {
                stream.set_nonblocking(true)?;
                return Ok((TcpStream::from_std(stream)?, Bound(address)));
            }
        }
        self.sockets.store(None);
        std::future::pending().await
    }

    fn get_local_addr(&self) -> io::Result<Bound> {
        let sockets = self.sockets.load();
        let sockets = sockets.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        sockets.listener.local_addr().map(Bound)
    }
}
