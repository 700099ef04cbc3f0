//! Which browser pages may call: one list for the `Origin` check and for CORS.
//!
//! A request without an `Origin` comes from no page and passes. CORS as in the Fetch standard;
//! there are no cookies, so credentials are never allowed.

use std::net::SocketAddr;

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
    response::{IntoResponse, Response},
};
use url::{Origin, Url};

use super::{Settings, error::Error};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE, OPTIONS");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, \
     mcp-protocol-version, mcp-session-id, traceparent, tracestate, x-request-id",
);
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "mcp-session-id, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id",
);
const MAX_AGE_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// The origins that may call, as browsers write them.
#[derive(Clone, Debug)]
pub struct Origins(Vec<String>);

impl Origins {
    /// The server's own, by its public name and the platform's, on loopback, by the address that is listened on and
    /// by the configured host; and the listed ones.
    pub fn new(settings: &Settings, bound: SocketAddr) -> Self {
        let (address, port) = (bound.ip().to_string(), bound.port());
        let own = ["localhost", "127.0.0.1", "::1", &address, &settings.host].map(|host| {
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            format!("{}://{host}:{port}", settings.scheme())
        });
        let public =
            settings.public_base_url.as_ref().map(|url| url.origin().ascii_serialization());
        let platform = settings.platform_host.iter().map(|host| format!("https://{host}"));
        let listed = settings.allowed_origins.iter().cloned();
        let all = own.into_iter().chain(public).chain(platform).chain(listed);
        Self(all.filter_map(|origin| normal(&origin)).collect())
    }

    /// The request's origin, if it names one; refuses an unknown one and several.
    pub fn check(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Error> {
        let mut named = headers.get_all(ORIGIN).iter();
        let Some(origin) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            let message = "the request names more than one `Origin`";
            return Err(Error::new(StatusCode::BAD_REQUEST, "duplicate_header", message));
        }
        if self.0.iter().any(|known| known.as_bytes() == origin.as_bytes()) {
            return Ok(Some(origin.clone()));
        }
        Err(Error::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "pages of this origin may not call this server; ALLOWED_ORIGINS names those that may",
        ))
    }
}

/// An origin as browsers write it: scheme and host in lower case, no default port. `null` stays.
pub fn normal(text: &str) -> Option<String> {
    if text == "null" {
        return Some(text.to_owned());
    }
    let (scheme, host) = text.split_once("://")?;
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.is_empty() || host.contains(['/', '?', '#', '@', '*', ' ', ',']) {
        return None;
    }
    match Url::parse(text).ok()?.origin() {
        origin @ Origin::Tuple(..) => Some(origin.ascii_serialization()),
        // Other schemes, such as that of a browser extension.
        Origin::Opaque(_) => Some(format!("{}://{host}", scheme.to_ascii_lowercase())),
    }
}

/// The answer to a browser that asks before it calls, if the request is that question.
pub fn preflight(request: &Request) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        let headers: [(HeaderName, HeaderValue); 3] = [
            (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    })
}

/// Lets pages of `origin` read the answer.
pub fn allow(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_origins_are_those_of_the_hosts_that_are_answered_to() {
        let own = |host: &str, bound: &str| {
            let settings = Settings { host: host.into(), ..crate::http::tests::settings() };
            Origins::new(&settings, bound.parse().unwrap()).0
        };
        for (host, bound, origin) in [
            ("mcp.lan", "10.0.0.1:3000", "http://mcp.lan:3000"),
            ("mcp.lan", "10.0.0.1:3000", "http://10.0.0.1:3000"),
            ("MCP.lan", "10.0.0.1:80", "http://mcp.lan"),
            ("fd00::1", "[fd00::1]:3000", "http://[fd00::1]:3000"),
            ("127.0.0.2", "127.0.0.2:3000", "http://127.0.0.2:3000"),
            ("127.0.0.2", "127.0.0.2:3000", "http://localhost:3000"),
        ] {
            let own = own(host, bound);
            assert!(own.iter().any(|known| known == origin), "{origin}: {own:?}");
        }
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        let cases = [
            ("https://App.Example.com", Some("https://app.example.com")),
            ("https://app.example.com/", Some("https://app.example.com")),
            ("https://app.example.com:443", Some("https://app.example.com")),
            ("http://localhost:6274", Some("http://localhost:6274")),
            ("null", Some("null")),
            ("chrome-extension://abc", Some("chrome-extension://abc")),
            ("*", None),
            ("https://*.example.com", None),
            ("app.example.com", None),
            ("https://app.example.com/path", None),
            ("https://user@app.example.com", None),
            ("https://", None),
        ];
        for (text, normal_form) in cases {
            assert_eq!(normal(text).as_deref(), normal_form, "{text}");
        }
    }
}
