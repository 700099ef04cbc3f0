//! Carries a finished answer past rmcp's serialiser, which would copy it twice.
//!
//! A modern call whose answer is one JSON body still goes through rmcp from its first check to its
//! last; only the bytes of its result are put in place here. What a client gets is the same.

use std::sync::{Arc, LazyLock, OnceLock};

use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use rmcp::{RoleServer, model::CallToolResult, service::RequestContext};
use serde_json::value::RawValue;

use super::{
    reply,
    server::{HIDDEN, server_info, withheld},
};
use crate::answer::quote;

/// Goes with a request to its handler, and with what it was loaded to its response.
#[derive(Clone)]
pub(super) struct Carrier(Arc<Load>);

struct Load {
    /// The request's id, as it came.
    id: Box<str>,
    message: OnceLock<Bytes>,
}

/// `_meta` of every result.
static META: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&server_info()).unwrap_or_default());

/// The same for a result that nothing may keep.
static WITHHELD: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&withheld(Some(server_info()))).unwrap_or_default());

impl Carrier {
    pub fn new(id: &RawValue) -> Self {
        Self(Arc::new(Load { id: id.get().into(), message: OnceLock::new() }))
    }

    /// The carrier that came with a request.
    pub fn of(context: &RequestContext<RoleServer>) -> Option<Self> {
        context.extensions.get::<http::request::Parts>()?.extensions.get::<Self>().cloned()
    }

    /// Loads an answer, which is `secret` where nothing may keep it, and gives what rmcp is to send
    /// in its place.
    pub fn load(&self, answer: &str, secret: bool) -> CallToolResult {
        let mut message = String::with_capacity(answer.len() * 5 / 2 + 512);
        message.push_str("{\"jsonrpc\":\"2.0\",\"id\":");
        message.push_str(&self.0.id);
        message.push_str(r#","result":{"resultType":"complete","content":[{"type":"text","text":"#);
        if quote(answer, &mut message) {
            message.push_str(r#"},{"type":"text","text":"#);
            quote(HIDDEN, &mut message);
        }
        message.push_str(r#"}],"structuredContent":"#);
        message.push_str(answer);
        message.push_str(r#","isError":false,"_meta":"#);
        message.push_str(if secret { &WITHHELD } else { &META });
        message.push_str("}}");
        // A handler answers once.
        let _ = self.0.message.set(message.into());
        CallToolResult::success(Vec::new())
    }

    /// Puts what was loaded in the place of the response's result.
    pub fn unload(&self, response: Response) -> Response {
        let is_json = response.headers().get(CONTENT_TYPE) == Some(&reply::JSON);
        match self.0.message.get() {
            Some(message) if response.status() == StatusCode::OK && is_json => {
                response.map(|_| message.clone().into())
            }
            _ => response,
        }
    }
}
