//! The listener, from its first connection to its last.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Settings,
    accept::Acceptor,
    client_ip::Peer,
    connections::Connections,
    lifecycle::{Lifecycle, Phase},
    listener::{Bound, Closable},
    tls::{Tls, TlsAcceptor},
};

/// How long connections may take to close once nothing holds them any more.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long connections may go on after the listener has closed, although nothing is under way.
const SETTLE: Duration = Duration::from_millis(500);
/// hyper's bound on headers lies this far above our own, which answers in JSON.
const HEADER_SLACK: usize = 8 * 1024;
const HTTP2_PING: Duration = Duration::from_secs(20);

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After one signal, with every call answered.
    Drained,
    /// After one signal; calls that outlasted their time were cut off.
    Overdue,
    /// By a second signal.
    Interrupted,
}

/// What the server needs besides its routes.
pub struct Run<I, E> {
    pub lifecycle: Lifecycle,
    /// Absent: HTTP without TLS.
    pub tls: Option<Tls>,
    /// The first message stops the server gently, the second at once.
    pub signals: mpsc::Receiver<()>,
    /// Waits until no tool call is in flight.
    pub idle: I,
    /// Ends what still runs: calls, sessions, streams.
    pub end: E,
}

/// Makes room for as many connections as the settings allow, or allows no more than have room: a
/// process that can open no more files can neither accept a probe nor reach Portkey.
pub fn fit(settings: &mut Settings) {
    #[cfg(unix)]
    {
        let (room, most) = (super::open_files::room(), &mut settings.connections.in_all);
        if *most > room {
            tracing::warn!(
                "the process may not open enough files for {most} connections \
                 (MCP_MAX_CONNECTIONS), and takes {room}: raise its hard limit (`ulimit -Hn`, \
                 systemd: LimitNOFILE)"
            );
            *most = room;
        }
    }
    #[cfg(not(unix))]
    let _ = settings;
}

/// Binds the address of the settings, port 0 to a free port.
pub fn bind(settings: &Settings) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((&*settings.host, settings.port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until told to stop, then drains (design: `/ready` off, delay, listener closed, calls
/// finished, sessions ended).
pub async fn serve<I, E>(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    run: Run<I, E>,
) -> io::Result<Ended>
where
    I: Future<Output = ()>,
    E: Future<Output = ()>,
{
    let Run { lifecycle, tls, mut signals, idle, end } = run;
    let (handle, closing) = (Handle::new(), CancellationToken::new());
    let listener = Closable::new(listener, closing.clone())?;
    let mut serving = start(listener, router, settings, tls.as_ref(), handle.clone());
    lifecycle.enter(Phase::Serving);
    tokio::select! {
        _ = signals.recv() => {}
        ended = &mut serving => {
            ended.map_err(io::Error::other)??;
            return Err(io::Error::other("the listener ended by itself"));
        }
    }
    lifecycle.enter(Phase::Draining);
    tracing::info!("draining");
    let drained = async {
        tokio::time::sleep(settings.shutdown_delay).await;
        closing.cancel();
        let answered = async {
            settle(&handle).await;
            handle.graceful_shutdown(None);
            lifecycle.answered().await;
            idle.await;
        };
        let in_time = timeout(settings.shutdown_timeout, answered).await.is_ok();
        end.await;
        // Connections close by themselves now.
        let _ = timeout(FAREWELL, &mut serving).await;
        if in_time { Ended::Drained } else { Ended::Overdue }
    };
    let ended = tokio::select! {
        ended = drained => ended,
        Some(()) = signals.recv() => Ended::Interrupted,
    };
    handle.shutdown();
    tracing::info!("stopped");
    Ok(ended)
}

/// Waits until nobody is connected any more, or has had the time to send what was under way.
/// Every answer closes its connection now; an idle one closed from here could be in use already.
async fn settle(handle: &Handle<Bound>) {
    let nobody = async {
        while handle.connection_count() > 0 {
            tokio::time::sleep(SETTLE / 20).await;
        }
    };
    let _ = timeout(SETTLE, nobody).await;
}

fn start(
    listener: Closable,
    router: Router,
    settings: &Settings,
    tls: Option<&Tls>,
    handle: Handle<Bound>,
) -> JoinHandle<io::Result<()>> {
    let limits = &settings.limits;
    let mut server = Server::<Bound>::from_listener(listener).handle(handle);
    let builder = server.http_builder();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.keep_alive_timeout)
        .max_buf_size(limits.header_bytes + HEADER_SLACK);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    let service = router.into_make_service_with_connect_info::<Peer>();
    let timeout = limits.header_timeout;
    let connections = Connections::new(settings.connections, settings.trust_proxy.clone());
    let acceptor = Acceptor {
        connections: Arc::new(connections),
        timeout,
        idle_timeout: settings.keep_alive_timeout,
    };
    match tls {
        None => tokio::spawn(server.acceptor(acceptor).serve(service)),
        Some(tls) => {
            let acceptor = TlsAcceptor::new(tls, acceptor, timeout);
            tokio::spawn(server.acceptor(acceptor).serve(service))
        }
    }
}
