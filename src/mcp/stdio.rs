//! MCP over standard input and output: one JSON-RPC message a line, both eras.

use std::{sync::Arc, time::Duration};

use rmcp::{ServiceExt, service::ServerInitializeError};
use tokio_util::sync::CancellationToken;

use super::{Handler, Server, Settings, caller::Caller, lines::Lines};
use crate::{
    auth::{Method, Principal},
    portkey::Portkey,
    surface::Surface,
    tools::Catalogue,
};

/// How long the answers to calls in flight may take once we were told to stop.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves until the input ends or `shutdown` is cancelled; calls in flight are then told so.
///
/// # Errors
/// If the first message is no beginning of a conversation.
pub async fn stdio(
    settings: &Settings,
    catalogue: Arc<Catalogue>,
    portkey: Portkey,
    shutdown: CancellationToken,
) -> Result<(), Box<ServerInitializeError>> {
    let principal = Arc::new(Principal::new(Method::Stdio, portkey.credential_name()));
    let surface = Surface { read_only: settings.read_only };
    let server = Server::with_owner(
        settings,
        catalogue,
        portkey.into(),
        Some(Caller { principal, surface }),
    );
    let lines = Lines::new(settings.max_json_depth, server.clone(), shutdown.clone());
    let conversation = converse(server.clone(), lines, &shutdown);
    let stopped = async {
        shutdown.cancelled().await;
        server.calls().stop();
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        ended = conversation => ended,
        () = stopped => Ok(()),
    }
}

async fn converse(
    server: Server,
    lines: Lines,
    shutdown: &CancellationToken,
) -> Result<(), Box<ServerInitializeError>> {
    let running = match Box::pin(server.serve(lines)).await {
        Ok(running) => running,
        // The input ended, or we were told to stop, before anybody spoke.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(_) if shutdown.is_cancelled() => return Ok(()),
        Err(error) => return Err(Box::new(error)),
    };
    // A task that ends abnormally has nobody left to be told.
    let _ = running.waiting().await;
    Ok(())
}
