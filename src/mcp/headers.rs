//! What the endpoint reads from headers, and puts right in them before rmcp does.

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE},
};
use rmcp::transport::streamable_http_server::SessionId;

use super::{
    envelope::Envelope,
    era::{self, VERSION_HEADER},
};

const SESSION_HEADER: &str = "mcp-session-id";

/// Headers that decide how a request is read: given twice, two readers could read differently.
/// `Authorization` is looked at where it is read.
const ONCE: [&str; 4] = [VERSION_HEADER, "mcp-method", "mcp-name", SESSION_HEADER];

pub(super) fn repeated(headers: &HeaderMap) -> Option<&'static str> {
    ONCE.into_iter().find(|name| headers.get_all(*name).iter().nth(1).is_some())
}

/// Clients that accept anything accept both kinds of answer.
pub(super) fn accept_any(headers: &mut HeaderMap) {
    let any = match headers.get(ACCEPT) {
        None => true,
        Some(value) => value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|kind| kind.trim().starts_with("*/*"))),
    };
    if any {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    }
}

pub(super) fn accepts_both(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut json, mut stream) = (false, false);
    kinds.by_ref().for_each(|value| {
        json |= value.contains("application/json");
        stream |= value.contains("text/event-stream");
    });
    json && stream
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// `initialize` begins a session whatever its header says: the body's revision counts.
pub(super) fn follow_body(headers: &mut HeaderMap, envelope: &Envelope<'_>) {
    headers.remove(VERSION_HEADER);
    if let Some(version) = envelope.params.protocol_version.as_deref()
        && era::is_legacy(version)
        && let Ok(version) = HeaderValue::from_str(version)
    {
        headers.insert(VERSION_HEADER, version);
    }
}

pub(super) fn session(headers: &HeaderMap) -> Option<SessionId> {
    Some(headers.get(SESSION_HEADER)?.to_str().ok()?.into())
}
