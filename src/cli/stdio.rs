//! `stdio`: MCP over standard input and output.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    options::{Options, configure},
    signals,
    upstream::Upstream,
};
use crate::{config::Purpose, mcp};

/// Serve MCP over standard input and output
///
/// For clients that start the server themselves. Logs go to standard error.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let config = configure(&args.options.inputs(Purpose::Client))?;
    let mut stop = signals::stop().map_err(|error| Failure::Failed(error.to_string()))?;
    let upstream = Upstream::connect(&config).await?;
    let shutdown = CancellationToken::new();
    let (catalogue, portkey) = (Arc::clone(&upstream.catalogue), upstream.portkey()?.clone());
    let served = mcp::stdio(&config.mcp, catalogue, portkey, shutdown.clone());
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = &mut served => ended,
        _ = stop.recv() => {
            shutdown.cancel();
            tokio::select! {
                ended = &mut served => ended,
                _ = stop.recv() => Ok(()),
            }
        }
    };
    ended.map_err(|error| Failure::Failed(format!("the conversation broke off: {error}")))
}
