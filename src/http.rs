//! The HTTP side: every route, and the order in which a request passes the checks.

mod accept;
mod admit;
mod client_ip;
mod connections;
mod error;
mod host;
mod lifecycle;
mod limits;
mod listener;
mod metadata;
#[cfg(unix)]
mod open_files;
mod origin;
mod pages;
mod panics;
mod probes;
pub mod rate;
mod request_id;
mod secure;
mod serve;
mod settings;
#[cfg(test)]
pub(crate) mod tests;
pub mod tls;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, Version, header::CONNECTION},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tower::ServiceExt;
use tracing::Instrument;

pub use self::{
    admit::Gate,
    client_ip::{ClientIp, TrustProxy},
    connections::Most,
    error::Error,
    host::{Host, Hosts},
    lifecycle::{Lifecycle, Phase},
    metadata::{Metadata, resource_url},
    origin::{Origins, normal as normal_origin},
    pages::{Info, endpoint_url},
    probes::{Look, PATIENCE as PROBE_TIMEOUT, Readiness, Upstream},
    rate::Limiter,
    request_id::RequestId,
    serve::{Ended, Run, bind, fit, serve},
    settings::{Limits, ReadyCheck, Settings},
    tls::{ClientCertificate, Tls},
};
use self::{client_ip::Peer, rate::Quota};

/// What layers and pages go by.
pub struct Site {
    pub limits: Limits,
    pub hosts: Hosts,
    pub origins: Origins,
    pub trust_proxy: TrustProxy,
    /// Whether the server speaks TLS itself.
    pub tls: bool,
    pub limiter: Arc<Limiter>,
    pub gate: Gate,
    pub info: Info,
    pub metadata: Metadata,
    pub readiness: Readiness,
    pub lifecycle: Lifecycle,
}

type Shared = Arc<Site>;

/// Who asks without a connection: only a test can.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Asked by platforms, which name odd hosts: nothing is checked.
const PROBES: [&str; 2] = ["/health", "/ready"];

/// The whole surface. `mcp` answers every method of the MCP endpoint: it finds the caller's
/// `Arc<auth::Principal>` and the [`RequestId`] in the extensions, and the body there as a whole.
///
/// Every request passes [`observe()`], then [`guard()`], then its route; those for the MCP endpoint
/// pass [`admit()`] there. They are plain functions around each other: as layers of a router each
/// would box the request's way once more, which cost as much as all the rest of an answer from
/// memory.
///
/// Paths match exactly: `/mcp/`, `/MCP`, `//mcp` and `/%6dcp` are not found, so that no spelling
/// goes round a check.
pub fn router<M, F>(site: Site, mcp: M) -> Router
where
    M: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let site = Arc::new(site);
    let endpoint = {
        let site = site.clone();
        move |request: Request| {
            let (site, mcp) = (site.clone(), mcp.clone());
            async move {
                match admit(&site, request).await {
                    Ok((request, quota)) => {
                        let mut response = mcp(request).await;
                        quota.tell(response.headers_mut());
                        response
                    }
                    Err(refused) => refused,
                }
            }
        }
    };
    let mut routes = Router::new()
        // A public path may hold what was special once.
        .without_v07_checks()
        .route("/", get(pages::status))
        .route("/auth/info", get(pages::auth_info))
        .route("/mcp", any(endpoint))
        .route(metadata::RESOURCE[0], get(metadata::resource))
        .route(metadata::RESOURCE[1], get(metadata::resource))
        .route(metadata::AUTHORIZATION_SERVER, get(metadata::authorization_server))
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed);
    if let Some(path) = &site.metadata.path {
        routes = routes.route(path, get(metadata::resource));
    }
    let routes = routes.with_state(site.clone());
    Router::new().fallback(move |request: Request| {
        let (site, routes) = (site.clone(), routes.clone());
        async move { observe(&site, request, routes).await }
    })
}

/// Every request: its id and span, no panic beyond here, JSON errors, headers for browsers.
async fn observe(site: &Site, mut request: Request, routes: Router) -> Response {
    let _counted = site.lifecycle.request();
    let id = RequestId::of(request.headers());
    let version = request.version();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = request.method().as_str(),
        path = request.uri().path()
    );
    let peer = request.extensions().get().map_or(NOBODY, |it: &ConnectInfo<Peer>| it.0.0);
    let client = site.trust_proxy.client(peer, request.headers());
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(id.clone());

    let mut response = panics::caught(guard(site, request, routes)).instrument(span).await;

    error::render(&mut response, &id);
    let headers = response.headers_mut();
    secure::headers(headers, site.tls);
    headers.insert(request_id::HEADER, id.header());
    if version < Version::HTTP_2 && site.lifecycle.phase() == Phase::Draining {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Every request but the probes: the size of its headers, its host, its origin, how many come.
async fn guard(site: &Site, request: Request, routes: Router) -> Response {
    if PROBES.contains(&request.uri().path()) {
        return route(routes, request).await;
    }
    let checked = limits::head(&site.limits, &request)
        .and_then(|()| site.hosts.check(&request))
        .and_then(|()| site.origins.check(request.headers()));
    let origin = match checked {
        Ok(origin) => origin,
        Err(error) => return error::refuse(request, error),
    };
    let mut response = match origin.as_ref().and_then(|_| origin::preflight(&request)) {
        Some(preflight) => preflight,
        None => limited(site, request, routes).await,
    };
    origin::allow(origin, response.headers_mut());
    response
}

/// The same but for preflights: how many come from one address.
async fn limited(site: &Site, request: Request, routes: Router) -> Response {
    let client = request.extensions().get().map_or(NOBODY, |ClientIp(address)| *address);
    match site.limiter.address(client).await {
        Ok(quota) => {
            let mut response = route(routes, request).await;
            quota.tell(response.headers_mut());
            response
        }
        Err(limited) => {
            client_ip::hint(&site.trust_proxy, request.headers());
            limited.response(request)
        }
    }
}

async fn route(routes: Router, request: Request) -> Response {
    routes.oneshot(request).await.unwrap_or_else(|never| match never {})
}

/// Requests for the MCP endpoint: who calls, how often, then the body.
async fn admit(site: &Site, mut request: Request) -> Result<(Request, Quota), Response> {
    let principal = match site.gate.admit(&mut request).await {
        Ok(principal) => principal,
        Err(error) => return Err(error::refuse(request, error)),
    };
    let quota = match site.limiter.principal(&principal.id(), principal.grant.rate).await {
        Ok(quota) => quota,
        Err(limited) => return Err(limited.response(request)),
    };
    let whole = limits::whole_body(&site.limits, request).await;
    whole.map(|request| (request, quota)).map_err(IntoResponse::into_response)
}
