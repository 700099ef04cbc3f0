//! The HTTP side: every route, and the order in which a request passes the layers.

mod accept;
mod admit;
mod error;
mod host;
mod lifecycle;
mod limits;
mod listener;
mod origin;
mod pages;
mod panics;
mod probes;
mod request_id;
mod secure;
mod serve;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    http::{HeaderValue, Version, header::CONNECTION},
    middleware::{Next, from_fn_with_state as layer},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tracing::Instrument;

pub use self::{
    admit::Gate,
    error::Error,
    host::{Host, Hosts},
    lifecycle::{Lifecycle, Phase},
    origin::{Origins, normal as normal_origin},
    pages::{Info, endpoint_url},
    probes::{Look, PATIENCE as PROBE_TIMEOUT, Readiness, Upstream},
    request_id::RequestId,
    serve::{Ended, Run, bind, serve},
    settings::{Limits, ReadyCheck, Settings},
};

/// What layers and pages go by.
pub struct Site {
    pub limits: Limits,
    pub hosts: Hosts,
    pub origins: Origins,
    pub gate: Gate,
    pub info: Info,
    pub readiness: Readiness,
    pub lifecycle: Lifecycle,
}

type Shared = Arc<Site>;

/// The whole surface. `mcp` answers every method of the MCP endpoint: it finds the caller's
/// `Arc<auth::Principal>` and the [`RequestId`] in the extensions, and the body there as a whole.
///
/// Paths match exactly: `/mcp/`, `/MCP`, `//mcp` and `/%6dcp` are not found, so that no spelling
/// goes round a layer.
pub fn router<T: 'static>(site: Site, mcp: impl Handler<T, ()>) -> Router {
    let site = Arc::new(site);
    let mcp = any(mcp).layer(layer(site.clone(), admit));
    let guarded = Router::new()
        .route("/", get(pages::status))
        .route("/auth/info", get(pages::auth_info))
        .with_state(site.clone())
        .route("/mcp", mcp)
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(layer(site.clone(), guard));
    let probes = Router::new()
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(site.clone());
    guarded.merge(probes).layer(layer(site, observe))
}

/// Every request: its id and span, no panic beyond here, JSON errors, headers for browsers.
async fn observe(State(site): State<Shared>, mut request: Request, next: Next) -> Response {
    let _counted = site.lifecycle.request();
    let id = RequestId::of(request.headers());
    let version = request.version();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = request.method().as_str(),
        path = request.uri().path()
    );
    request.extensions_mut().insert(id.clone());

    let mut response = panics::caught(next.run(request)).instrument(span).await;

    error::render(&mut response, &id);
    let headers = response.headers_mut();
    secure::headers(headers);
    headers.insert(request_id::HEADER, id.header());
    if version < Version::HTTP_2 && site.lifecycle.phase() == Phase::Draining {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Every request but the probes: the size of its headers, its host, its origin.
async fn guard(State(site): State<Shared>, request: Request, next: Next) -> Response {
    let checked = limits::head(&site.limits, &request)
        .and_then(|()| site.hosts.check(&request))
        .and_then(|()| site.origins.check(request.headers()));
    let origin = match checked {
        Ok(origin) => origin,
        Err(error) => return error::refuse(request, error),
    };
    let mut response = match origin.as_ref().and_then(|_| origin::preflight(&request)) {
        Some(preflight) => preflight,
        None => next.run(request).await,
    };
    origin::allow(origin, response.headers_mut());
    response
}

/// Requests for the MCP endpoint: who calls, then the body.
async fn admit(State(site): State<Shared>, mut request: Request, next: Next) -> Response {
    if let Err(error) = site.gate.admit(&mut request) {
        return error::refuse(request, error);
    }
    match limits::whole_body(&site.limits, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
