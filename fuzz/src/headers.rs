//! `Mcp-Name` (SEP-2243): a call is made if the header, read as the specification says, is the name
//! in the body, and for no other.
//!
//! Input: the header's value on the first line, then the name.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, StatusCode};
use portkey_admin_mcp::auth::Principal;
use serde_json::json;

use super::{
    line,
    server::{Stub, post, principal},
};

const MODERN: &str = "2026-07-28";
static STUB: LazyLock<Stub> = LazyLock::new(Stub::new);
static ANYBODY: LazyLock<Arc<Principal>> = LazyLock::new(|| principal(None));

pub fn check(input: &[u8]) {
    let (header, name) = line(input);
    // Parsers take the space around a value away (RFC 9110 section 5.5).
    let header = header.trim_ascii();
    let (Ok(header), Ok(name)) = (HeaderValue::from_bytes(header), std::str::from_utf8(name))
    else {
        return;
    };
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": name, "arguments": {}, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let request = post(&ANYBODY)
        .header("mcp-protocol-version", MODERN)
        .header("mcp-method", "tools/call")
        .header("mcp-name", &header);
    let (answer, called) = STUB.ask(request.body(Body::from(body.to_string())).expect("a request"));
    if meant(&header).as_deref() == Some(name) {
        assert_eq!(
            (answer.status, called.as_deref()),
            (StatusCode::OK, Some(name)),
            "{:?}",
            answer.message
        );
    } else {
        assert_eq!(called, None, "called in spite of {header:?}");
        assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, Some(-32020)));
    }
}

/// What a header stands for: visible ASCII as it is; anything else in Base64.
fn meant(header: &HeaderValue) -> Option<String> {
    let text = header.to_str().ok()?;
    let wrapped = text.strip_prefix("=?base64?").and_then(|it| it.strip_suffix("?="));
    match wrapped {
        Some(inner) => String::from_utf8(BASE64_STANDARD.decode(inner).ok()?).ok(),
        None => Some(text.to_owned()),
    }
}
