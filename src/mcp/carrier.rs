//! Carries a finished answer past rmcp's serialiser, which would copy it twice.
//!
//! A modern call whose answer is one JSON body still goes through rmcp from its first check to its
//! last; only the bytes of its result are put in place here. What a client gets is the same.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use rmcp::{RoleServer, model::CallToolResult, service::RequestContext};
use serde_json::value::RawValue;

use super::{
    reply,
    server::{HIDDEN, server_info, withheld},
};
use crate::answer::visible;

/// Goes with a request to its handler, and with what it was loaded to its response.
#[derive(Clone, Default)]
pub(super) struct Carrier(Arc<Mutex<Option<Bytes>>>);

/// `_meta` of every result.
static META: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&server_info()).unwrap_or_default());

/// The same for a result that nothing may keep.
static WITHHELD: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&withheld(Some(server_info()))).unwrap_or_default());

impl Carrier {
    /// The carrier that came with a request.
    pub fn of(context: &RequestContext<RoleServer>) -> Option<Self> {
        context.extensions.get::<http::request::Parts>()?.extensions.get::<Self>().cloned()
    }

    /// Loads an answer, which is `secret` where nothing may keep it, and gives what rmcp is to send
    /// in its place.
    pub fn load(&self, answer: &str, secret: bool) -> CallToolResult {
        let text = visible(answer);
        let mut message = Vec::with_capacity(answer.len() * 5 / 2 + 512);
        message.extend(br#"{"jsonrpc":"2.0","result":{"resultType":"complete","content":["#);
        block(&mut message, &text);
        if matches!(text, Cow::Owned(_)) {
            message.push(b',');
            block(&mut message, HIDDEN);
        }
        message.extend(br#"],"structuredContent":"#);
        message.extend(answer.as_bytes());
        message.extend(br#","isError":false,"_meta":"#);
        let meta = if secret { &WITHHELD } else { &META };
        message.extend(meta.as_bytes());
        message.push(b'}');
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.into());
        CallToolResult::success(Vec::new())
    }

    /// Puts what was loaded in the place of the response's result.
    pub fn unload(&self, response: Response, id: Option<&RawValue>) -> Response {
        let loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let is_json = response.headers().get(CONTENT_TYPE) == Some(&reply::JSON);
        match (loaded, id) {
            (Some(message), Some(id)) if response.status() == StatusCode::OK && is_json => {
                let end = format!(",\"id\":{}}}", id.get());
                response.map(|_| reply::two_parts(message, end.into()))
            }
            _ => response,
        }
    }
}

fn block(message: &mut Vec<u8>, text: &str) {
    message.extend(br#"{"type":"text","text":"#);
    // A text and a vector cannot fail to be written.
    let _ = serde_json::to_writer(&mut *message, text);
    message.push(b'}');
}
