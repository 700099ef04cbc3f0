//! The listener, from its first connection to its last.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use axum::Router;
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Settings,
    accept::Acceptor,
    lifecycle::{Lifecycle, Phase},
};

/// How long connections may take to close once nothing holds them any more.
const FAREWELL: Duration = Duration::from_secs(1);
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
pub struct Run<I> {
    pub lifecycle: Lifecycle,
    /// The first message stops the server gently, the second at once.
    pub stop: mpsc::Receiver<()>,
    /// Waits until no tool call is in flight.
    pub idle: I,
    /// Ends every session and stream.
    pub sessions: CancellationToken,
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
pub async fn serve<I, F>(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    mut run: Run<I>,
) -> io::Result<Ended>
where
    I: Fn() -> F,
    F: Future<Output = ()>,
{
    let handle = Handle::new();
    let mut serving = start(listener, router, settings, handle.clone())?;
    run.lifecycle.enter(Phase::Serving);
    tokio::select! {
        _ = run.stop.recv() => {}
        ended = &mut serving => {
            ended.map_err(io::Error::other)??;
            return Err(io::Error::other("the listener ended by itself"));
        }
    }
    run.lifecycle.enter(Phase::Draining);
    tracing::info!("draining");
    let mut stop = run.stop;
    let ended = tokio::select! {
        ended = drain(&handle, settings, &run.lifecycle, &run.idle) => ended,
        Some(()) = stop.recv() => Ended::Interrupted,
    };
    run.sessions.cancel();
    if ended != Ended::Interrupted {
        let _ = timeout(FAREWELL, &mut serving).await;
    }
    handle.shutdown();
    tracing::info!("stopped");
    Ok(ended)
}

/// Serves on, then closes the listener and waits for the calls in flight.
async fn drain<I, F>(
    handle: &Handle<SocketAddr>,
    settings: &Settings,
    lifecycle: &Lifecycle,
    idle: &I,
) -> Ended
where
    I: Fn() -> F,
    F: Future<Output = ()>,
{
    tokio::time::sleep(settings.shutdown_delay).await;
    handle.graceful_shutdown(None);
    let finished = timeout(settings.shutdown_timeout, async {
        lifecycle.answered().await;
        idle().await;
    });
    if finished.await.is_ok() { Ended::Drained } else { Ended::Overdue }
}

fn start(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    handle: Handle<SocketAddr>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let limits = &settings.limits;
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .acceptor(Acceptor { timeout: limits.header_timeout });
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
    Ok(tokio::spawn(server.serve(router.into_make_service())))
}
