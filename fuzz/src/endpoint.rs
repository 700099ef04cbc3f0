//! Whole requests to the endpoint: each has an answer that is JSON and names its request, none fails
//! inside, and no tool that writes is called for a token that may only read.
//!
//! Input: a header a line up to an empty line, then the body.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use http::{HeaderName, HeaderValue};
use portkey_admin_mcp::{
    auth::{Principal, READ},
    tool::Effect,
};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    line, same_id,
    server::{CATALOGUE, Stub, post, principal},
};

static STUB: LazyLock<Stub> = LazyLock::new(Stub::new);
static READER: LazyLock<Arc<Principal>> = LazyLock::new(|| principal(Some(&[READ])));

pub fn check(input: &[u8]) {
    let mut request = post(&READER);
    let mut rest = input;
    loop {
        let (header, after) = line(rest);
        rest = after;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':').unwrap_or(header.len());
        let name = HeaderName::from_bytes(&header[..colon]);
        let value = HeaderValue::from_bytes(header.get(colon + 1..).unwrap_or_default());
        let (Ok(name), Ok(value)) = (name, value) else { continue };
        request = request.header(name, value);
    }
    let body = Body::from(rest.to_vec());
    let (answer, called) = STUB.ask(request.body(body).expect("a request"));
    assert!(!answer.status.is_server_error(), "{}", answer.status);
    if let Some(tool) = called.as_deref().and_then(|name| CATALOGUE.get(name)) {
        assert!(tool.tool.effect == Effect::Reads, "{} was called", tool.tool.name);
    }
    let Some(message) = answer.message else { return };
    assert_eq!(message["jsonrpc"], "2.0", "{message}");
    assert!(message["result"].is_object() != message["error"].is_object(), "{message}");
    let id = &message["id"];
    match serde_json::from_slice::<Value>(rest) {
        _ if id.is_null() => assert!(message["error"].is_object(), "{message}"),
        Ok(asked) => assert!(same_id(id, &asked["id"]), "{message}"),
        // What is JSON and yet cannot be read as a whole, as a number that is too large, may be
        // passed over; what is none may not.
        Err(_) => assert!(
            message["error"].is_object()
                || std::str::from_utf8(rest)
                    .is_ok_and(|it| serde_json::from_str::<IgnoredAny>(it).is_ok())
        ),
    }
}
