//! `/` and `/auth/info`: what a person or a client should know before it connects. No secrets.

use std::net::SocketAddr;

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT, CONTENT_SECURITY_POLICY, VARY},
    },
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;

use super::{Settings, Shared, metadata::endpoint_under};

const PAGE: &str = include_str!("page.html");

/// Facts about this server that anyone may know.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    pub name: &'static str,
    pub version: &'static str,
    /// URL of the MCP endpoint.
    pub endpoint: String,
    pub auth_mode: &'static str,
    /// Variables of the Clerk settings that are in force; never their values.
    pub clerk_settings: Vec<&'static str>,
    pub session_mode: &'static str,
    pub event_store: &'static str,
    pub read_only: bool,
    /// Whether the organisation is the built-in sandbox.
    pub sandbox: bool,
}

/// The MCP endpoint's URL: under the public base URL, else on the address that is listened on.
/// Never taken from a request.
pub fn endpoint_url(settings: &Settings, bound: SocketAddr) -> String {
    match &settings.public_base_url {
        Some(base) => endpoint_under(base),
        None if bound.ip().is_unspecified() => {
            format!("{}://localhost:{}/mcp", settings.scheme(), bound.port())
        }
        None => format!("{}://{bound}/mcp", settings.scheme()),
    }
}

pub async fn auth_info(State(shared): State<Shared>) -> Response {
    Json(&shared.info).into_response()
}

/// The status page; JSON for who prefers it.
pub async fn status(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if accepts.contains("application/json") && !accepts.contains("text/html") {
        Json(&shared.info).into_response()
    } else {
        html(&shared.info)
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
    response
}

fn html(info: &Info) -> Response {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let yes_or_no = |yes| if yes { "yes" } else { "no" };
    let page = [
        ("{{nonce}}", &*nonce),
        ("{{version}}", info.version),
        ("{{endpoint}}", &escaped(&info.endpoint)),
        ("{{auth}}", info.auth_mode),
        ("{{sessions}}", info.session_mode),
        ("{{read_only}}", yes_or_no(info.read_only)),
        (
            "{{organisation}}",
            if info.sandbox { "SANDBOX: nothing here is real" } else { "Portkey" },
        ),
    ]
    .into_iter()
    .fold(PAGE.to_owned(), |page, (name, value)| page.replace(name, value));
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = Html(page).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
