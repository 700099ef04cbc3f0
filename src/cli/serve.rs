//! `serve`: MCP over HTTP.

use std::sync::Arc;

use axum::{extract::Request, http::HeaderMap};
use tokio::sync::mpsc;

use super::{
    Failure,
    look::look,
    options::{Options, configure},
    signals,
    upstream::Upstream,
};
use crate::{
    auth::{self, Mode, clerk::Mirror},
    config::{Config, Inputs, Purpose},
    http::{
        self, Ended, Gate, Hosts, Info, Lifecycle, Limiter, Look, Metadata, Origins, Readiness,
        ReadyCheck, Run, Site, Tls,
    },
    mcp::{Brake, Endpoint, Handler, Server, TooMany},
};

/// Serve MCP over HTTP (the default)
///
/// Listens on http://127.0.0.1:3000/mcp unless told otherwise. SIGTERM lets calls in flight finish;
/// a second one ends at once.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    options: Options,
    /// Address to listen on [env: MCP_HOST] [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on, 0 for a free one [env: MCP_PORT] [default: 3000]
    #[arg(long)]
    port: Option<u16>,
}

impl Args {
    pub fn inputs(self) -> Inputs {
        let mut inputs = self.options.inputs(Purpose::Serve);
        let host = self.host.map(|host| ("http.host", "--host", host));
        let port = self.port.map(|port| ("http.port", "--port", port.to_string()));
        inputs.flags.extend(host.into_iter().chain(port));
        inputs
    }
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let config = configure(&args.inputs())?;
    // Before anything else: a signal during the start must not go unheard.
    let signals = signals::stop().map_err(|error| Failure::Failed(error.to_string()))?;
    let upstream = Upstream::connect(&config).await?;
    let look = (config.http.ready_check == ReadyCheck::Portkey)
        .then(|| look(&upstream.accounts, &config.auth.access));
    let server =
        Server::new(&config.mcp, Arc::clone(&upstream.catalogue), upstream.accounts.clone());
    Box::pin(serve(config, server, look, signals)).await
}

/// Serves a server over HTTP, with every layer that the configuration asks for, until a signal comes.
pub async fn serve<H: Handler>(
    config: Config,
    server: H,
    look: Option<Look>,
    signals: mpsc::Receiver<()>,
) -> Result<(), Failure> {
    let Config { http: mut settings, auth, rate_limit, mcp, .. } = config;
    http::fit(&mut settings);
    let (listener, address) = http::bind(&settings).map_err(|error| {
        Failure::Failed(format!(
            "cannot listen on {} port {} ({error}); choose others with --host and --port",
            settings.host, settings.port
        ))
    })?;

    let limiter = Limiter::new(rate_limit.as_ref())
        .map_err(|error| Failure::Failed(format!("no rates can be limited: {error}")))?;
    let limiter = Arc::new(limiter);
    let (auth_mode, clerk_settings) = (auth.mode.as_str(), auth.mode.clerk_settings().to_vec());
    let metadata = metadata(&settings, &auth, auth::scopes(mcp.read_only))?;
    let gate = Gate::new(auth, mcp.challenge.clone())
        .map_err(|error| Failure::Failed(format!("tokens cannot be verified: {error}")))?;
    gate.start().await;
    let tls = settings.tls.as_ref().map(Tls::load).transpose();
    let tls = tls.map_err(|fault| Failure::Failed(fault.to_string()))?;
    if let Some(tls) = &tls {
        let hangups = signals::hangup().map_err(|error| Failure::Failed(error.to_string()))?;
        tokio::spawn(tls.clone().follow(hangups));
    }
    let lifecycle = Lifecycle::default();
    let site = Site {
        limits: settings.limits.clone(),
        hosts: Hosts::new(&settings),
        origins: Origins::new(&settings, address),
        trust_proxy: settings.trust_proxy.clone(),
        info: Info {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            endpoint: http::endpoint_url(&settings, address),
            auth_mode,
            clerk_settings,
            session_mode: mcp.session_mode.as_str(),
            event_store: "off",
            read_only: mcp.read_only,
            sandbox: mcp.sandbox,
        },
        metadata,
        tls: tls.is_some(),
        limiter: Arc::clone(&limiter),
        gate,
        readiness: Readiness::new(lifecycle.clone(), look),
        lifecycle: lifecycle.clone(),
    };
    let endpoint = Endpoint::before(server, mcp, Some(brake(limiter)));
    let (calls, all) = (endpoint.clone(), endpoint.clone());
    let router = http::router(site, move |request: Request| {
        let endpoint = endpoint.clone();
        async move { endpoint.handle(request).await }
    });
    let run = Run {
        lifecycle,
        tls,
        signals,
        idle: async move { calls.idle().await },
        end: async move { all.stop().await },
    };
    tracing::info!("listening on {}://{address}", settings.scheme());
    match http::serve(listener, router, &settings, run).await {
        Ok(Ended::Drained | Ended::Overdue) => Ok(()),
        Ok(Ended::Interrupted) => {
            Err(Failure::Failed("stopped by a second signal before calls in flight ended".into()))
        }
        Err(error) => Err(Failure::Failed(format!("serving failed: {error}"))),
    }
}

/// Counts calls of tools that destroy.
fn brake(limiter: Arc<Limiter>) -> Brake {
    Arc::new(move |caller| {
        let limiter = Arc::clone(&limiter);
        Box::pin(async move {
            limiter.destructive(&caller).await.map(drop).map_err(|limited| {
                let mut headers = HeaderMap::new();
                limited.tell(&mut headers);
                TooMany { message: limited.message(), data: limited.data(), headers }
            })
        })
    })
}

/// What clients are told of how to get a token; nothing where no authorization server is.
fn metadata(
    http: &http::Settings,
    auth: &auth::Settings,
    scopes: &[&str],
) -> Result<Metadata, Failure> {
    let (Mode::Clerk(clerk), Some(base)) = (&auth.mode, &http.public_base_url) else {
        return Ok(Metadata::default());
    };
    let mirror = clerk.mirror.then(|| Mirror::start(&clerk.issuer)).transpose();
    let mirror = mirror.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Metadata::new(base, &clerk.issuer, scopes, mirror))
}
