//! OAuth metadata: where a client gets a token for this server (RFC 9728), and, for clients that
//! ask the MCP server itself, the authorization server's own document (RFC 8414).

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::json;
use url::Url;

use super::{
    Shared,
    error::{Error, not_found, refuse},
};
use crate::auth::clerk::Mirror;

/// The same document at both: one for the server, one for its endpoint.
pub const RESOURCE: [&str; 2] =
    ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"];
const MCP: &str = "/mcp";
pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// What is served, made once. The default serves nothing: no authorization server is behind it.
#[derive(Clone, Default)]
pub struct Metadata {
    resource: Option<Bytes>,
    /// Where clients look for it, if that is none of [`RESOURCE`].
    pub path: Option<String>,
    mirror: Option<Mirror>,
}

impl Metadata {
    /// For a server under `base` whose tokens are `issuer`'s, with the scopes that it has a use for.
    pub fn new(base: &Url, issuer: &str, scopes: &[&str], mirror: Option<Mirror>) -> Self {
        let document = json!({
            "resource": endpoint_under(base),
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "scopes_supported": scopes,
            "resource_name": "Portkey Admin MCP",
        });
        let path = document_path(base);
        let path = (!RESOURCE.contains(&&*path)).then_some(path);
        Self { resource: Some(document.to_string().into()), path, mirror }
    }
}

/// The MCP endpoint under the server's public URL.
pub fn endpoint_under(base: &Url) -> String {
    format!("{}{MCP}", base.as_str().trim_end_matches('/'))
}

/// What challenges name: where the endpoint's document is.
pub fn resource_url(base: &Url) -> String {
    let mut url = base.clone();
    url.set_path(&document_path(base));
    url.into()
}

/// The well-known part stands before the whole path of the endpoint (RFC 9728 section 3.1).
fn document_path(base: &Url) -> String {
    let [well_known, _] = RESOURCE;
    format!("{well_known}{}{MCP}", base.path().trim_end_matches('/'))
}

pub async fn resource(State(shared): State<Shared>, request: Request) -> Response {
    match &shared.metadata.resource {
        Some(document) => as_json(document.clone()),
        None => not_found(request).await,
    }
}

pub async fn authorization_server(State(shared): State<Shared>, request: Request) -> Response {
    let Some(mirror) = &shared.metadata.mirror else { return not_found(request).await };
    if let Some(document) = mirror.document() {
        return as_json(document);
    }
    let message = "Clerk's metadata was not fetched yet: try again";
    let mut error = Error::new(StatusCode::SERVICE_UNAVAILABLE, "metadata_unavailable", message);
    error.header = Some((RETRY_AFTER, HeaderValue::from_static("2")));
    refuse(request, error)
}

fn as_json(document: Bytes) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response()
}
